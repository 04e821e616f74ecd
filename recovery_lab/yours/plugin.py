"""The plugin of pytest: the fixture `recovery_lab`. Nothing else is imported before it is asked."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from recovery_lab.yours.lab import RecoveryLab


@pytest.fixture
def recovery_lab(request: pytest.FixtureRequest, tmp_path: Path) -> "RecoveryLab":
    """Take your database away by a command, and see how your engine comes back.

    outage = recovery_lab.outage(engine, ["docker", "compose", "restart", "db"])
    """
    from recovery_lab.yours.lab import RecoveryLab  # noqa: PLC0415 # most test runs never ask

    return RecoveryLab(tmp_path / "recovery_lab", request.node)

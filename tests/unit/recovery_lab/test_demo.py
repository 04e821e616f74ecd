"""The demo's verdict: it shows the error and the cure, or says that it did not."""

import pytest

from recovery_lab.demo import Act, demo_verdict
from recovery_lab.judge.outage import judge
from tests.unit.recovery_lab.histories import Script, read

FAILS = Script(extra=read(9001, 3.5, ok=False))
CURED = Script()
PINNED = Script(recovered_s=99.0)
NO_RESTART = Script(start_event_s=None, ready_s=99.0, end_s=4.0)


@pytest.mark.parametrize(
    ("naive", "adopted", "verdict"),
    [
        (FAILS, CURED, "passed"),
        (CURED, CURED, "failed"),
        (FAILS, FAILS, "failed"),
        (FAILS, NO_RESTART, "inconclusive"),
        (PINNED, CURED, "inconclusive"),
    ],
    ids=["error and cure", "no error", "no cure", "no restart", "never back"],
)
def test_demo_passes_only_with_the_error_and_its_cure(
    naive: Script, adopted: Script, verdict: str
) -> None:
    """Each act must be an outage in order; no failure counted where nothing was read."""
    acts = [
        Act(outage=judge(script.history(), 15.0), driver_said="") for script in (naive, adopted)
    ]
    assert verdict == demo_verdict(acts)

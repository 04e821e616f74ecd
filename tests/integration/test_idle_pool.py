"""Scenario 6, the negative control: five warm idle connections meet a restarted server."""

from pathlib import Path

import pytest

from tests.integration.conftest import RESTART
from tests.running import Running, watched

REPEATS = [1, pytest.param(2, marks=pytest.mark.more)]


@pytest.mark.policy("naive")
@pytest.mark.parametrize("repeat", REPEATS)
def test_naive_pool_fails_its_first_readers(
    stack: Running, tmp_path: Path, repeat: int, proves
) -> None:
    """Control: with SQLAlchemy's defaults at least one of five reads meets a dead connection."""
    part = "control: first reads"
    seen, kept = watched(stack, tmp_path, RESTART, job="idle", part=part)
    (cell,) = seen.cells
    assert (cell.verdict, cell.doubts) == ("passed", []), seen
    assert cell.figures.first_reads.due == seen.sessions_lost == 5
    assert cell.figures.first_reads.failed >= 1
    assert set(cell.figures.bad_after_ready) == {"terminated"}
    assert "server closed the connection" in (kept / "application.log").read_text()
    proves(f"{cell.figures.first_reads.failed} of 5 reads failed after the server was ready")


@pytest.mark.parametrize("repeat", REPEATS)
def test_adopted_pool_fails_no_reader(stack: Running, tmp_path: Path, repeat: int, proves) -> None:
    """The plan's options: the same five reads all succeed, and nobody waits."""
    seen, _ = watched(stack, tmp_path, RESTART, job="idle")
    (cell,) = seen.cells
    assert (cell.verdict, cell.doubts) == ("passed", []), seen
    assert cell.figures.first_reads.due == cell.figures.first_reads.ok == seen.sessions_lost == 5
    assert cell.figures.bad_after_ready == {}
    proves(f"0 of 5 reads failed, longest wait {cell.figures.first_wait_s:.3f} s")

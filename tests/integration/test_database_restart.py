"""Scenarios 3 and 5: the database is restarted, in each way an operator does."""

import re

import pytest

from recovery_lab.folder import read_outage
from recovery_lab.judge.verdict import OutageVerdict, judge_outage
from recovery_lab.record.history import Event, Health
from recovery_lab.report.closing import closing_lines
from tests.integration.conftest import RESTART, command, health
from tests.running import ROOT, Running, Watch, watched

LOG_LINES = 5  # a second, by the dashboard's own log, through any outage


def figures(outage: OutageVerdict) -> str:
    """Return an outage in one line, as `make restart-db` says it."""
    lines = closing_lines(outage)[:3]
    return "; ".join(line.split(maxsplit=1)[1] for line in lines)


def assert_recovered(outage: OutageVerdict) -> None:
    """Assert that the outage was real, and that every promise was kept."""
    (cell,) = outage.cells
    assert (cell.verdict, cell.failures, cell.doubts) == ("passed", [], []), outage
    assert outage.sessions_lost == 5
    assert outage.server_starts[0] != outage.server_starts[1]
    assert not outage.restarted
    assert cell.figures.reads.hung == cell.figures.reads.unfinished == 0
    assert outage.beside[cell.contender].opens >= 5, outage.beside
    assert outage.beside[cell.contender].log_worst_s <= LOG_LINES, outage.beside


def test_restart_recovers_by_itself(stack: Running, outage: Watch, proves) -> None:
    """The outage is seen; System Health and live reads through the warm pool come back."""
    seen = outage(RESTART)
    assert_recovered(seen)
    last = health(stack)["postgres"]["last_outage"]
    assert last is not None
    assert last["duration_min_s"] <= last["duration_s"] <= last["duration_max_s"]
    # The control of test_by_hand.py: only a command to the dashboard's own container is a hand.
    assert (seen.restart_asked_s, seen.restart_lag_s) == (None, None)
    proves(figures(seen))


@pytest.mark.policy("pinned")
def test_pinned_connection_never_recovers(stack: Running, proves) -> None:
    """Control: one connection kept for ever fails every live read; `make restart-db` says so."""
    done = command(stack, "make", "restart-db", LAB_LIMIT_S="15")
    folder = re.search(r"^report +(\S+)/report\.md$", done.stdout, re.MULTILINE)[1]
    seen = judge_outage(*read_outage(ROOT / folder / "outages/restart-1"))
    after = seen.cells[0].figures.after_ready
    assert done.returncode != 0, done
    assert "NOT RECOVERED" in done.stdout
    assert seen.verdict == "failed", seen
    assert seen.server_starts[0] != seen.server_starts[1]
    assert after.ok == 0
    assert after.failed > 100
    proves(f"{after.failed} reads after ready, all failed; exit not 0")


def test_held_down_for_twenty_seconds_recovers(stack: Running, tmp_path, proves) -> None:
    """The server stays down for 20 s: System Health says `down` meanwhile, then all comes back.

    Four hundred reads fail, and the dashboard's log has what it may have: the rest it counts.
    """
    seen, kept = watched(stack, tmp_path, [*RESTART, "20"])
    assert_recovered(seen)
    beside = seen.beside[seen.own.contender]
    assert beside.log_worst_s > 0
    assert 0 < beside.during.log_lines_per_s < seen.own.figures.in_outage.failed / 20, beside
    assert (seen.server_share_s or 0) > 19.0
    assert "down" in {sample.status for sample in read_outage(kept)[1].of(Health)}
    proves(f"{figures(seen)}; at most {beside.log_worst_s} log lines in a second")


def test_three_restarts_in_a_row_recover(stack: Running, tmp_path, proves) -> None:
    """Three restarts without a pause are one outage with one recovery.

    A stop in the server's first milliseconds is lost: as process 1 it has no handler yet. So a
    short grace, after which it is killed, where the stack's own is 30 s.
    """
    restart = f"docker compose restart --timeout 5 {stack.database}"
    seen, kept = watched(stack, tmp_path, ["bash", "-c", f"for i in 1 2 3; do {restart}; done"])
    assert_recovered(seen)
    starts = [event for event in read_outage(kept)[1].of(Event) if event.action == "start"]
    assert len(starts) >= 3
    proves(figures(seen))


@pytest.mark.policy("dispose")
def test_dispose_recovers_too(stack: Running, outage: Watch, proves) -> None:
    """The weighed alternative comes back as well; what it costs its readers is counted."""
    seen = outage(RESTART)
    assert_recovered(seen)
    proves(figures(seen))

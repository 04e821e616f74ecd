"""Scenarios 3 and 5: the database is restarted, in each way an operator does."""

import json
from collections.abc import Callable

import msgspec
import pytest

from recovery_lab.judge.outage import LATE, Outage
from recovery_lab.report.restart import closing_lines
from recovery_lab.stack import Stack
from tests.integration.conftest import AGAIN, RESTART, ROOT, command, health


def figures(outage: Outage) -> str:
    """Return an outage in one line, as `make restart-db` says it."""
    lines = closing_lines(outage)[:3]
    return "; ".join(line.split(maxsplit=1)[1] for line in lines)


def assert_recovered(outage: Outage) -> None:
    """Assert that the outage was real, and that all came back within the window."""
    assert (outage.verdict, outage.reasons) == ("passed", []), outage
    assert outage.sessions_lost == len(outage.warm_backends) == 5
    assert outage.server_started_before != outage.server_started_after
    assert not outage.dashboard_restarted
    assert outage.reads.hung == 0


def test_restart_recovers_by_itself(stack: Stack, outage: Callable[..., Outage], proves) -> None:
    """The outage is seen; System Health and live reads through the warm pool come back."""
    seen = outage(RESTART)
    assert_recovered(seen)
    last = health(stack)["postgres"]["last_outage"]
    assert last is not None
    assert last["duration_min_s"] <= last["duration_s"] <= last["duration_max_s"]
    proves(figures(seen))


@pytest.mark.policy("pinned")
def test_pinned_connection_never_recovers(stack: Stack, proves) -> None:
    """Control: one connection kept for ever fails every live read; `make restart-db` says so."""
    for _ in range(1 + AGAIN):
        done = command("make", "restart-db", LAB_LIMIT_S="15")
        record = json.loads((ROOT / ".lab/last-restart.json").read_bytes())
        seen = msgspec.convert(record["runs"][-1], Outage)
        if LATE not in seen.reasons:
            break
    assert done.returncode != 0, done
    assert "NOT RECOVERED" in done.stdout
    assert seen.verdict == "failed", seen
    assert seen.server_started_before != seen.server_started_after
    assert seen.reads.ok_after_ready == 0
    assert seen.reads.failed_after_ready > 100
    proves(f"{seen.reads.failed_after_ready} reads after ready, all failed; exit not 0")


def test_held_down_for_twenty_seconds_recovers(
    stack: Stack, outage: Callable[..., Outage], proves
) -> None:
    """The server stays away for 20 s: System Health says `down` meanwhile, then all comes back."""
    seen = outage([*RESTART, "20"])
    assert_recovered(seen)
    assert (seen.server_share_s or 0) > 19.0
    assert seen.health_said_down
    proves(figures(seen))


def test_three_restarts_in_a_row_recover(
    stack: Stack, outage: Callable[..., Outage], proves
) -> None:
    """Three restarts without a pause are one outage with one recovery.

    A stop in the server's first milliseconds is lost: as process 1 it has no handler yet. So a
    short grace, after which it is killed, where the stack's own is 30 s.
    """
    restart = f"docker compose restart --timeout 5 {stack.target.database.service}"
    seen = outage(["bash", "-c", f"for i in 1 2 3; do {restart}; done"])
    assert_recovered(seen)
    assert seen.server_starts_seen >= 3
    proves(figures(seen))


@pytest.mark.policy("dispose")
def test_dispose_recovers_too(stack: Stack, outage: Callable[..., Outage], proves) -> None:
    """The weighed alternative comes back as well; what it costs its readers is counted."""
    seen = outage(RESTART)
    assert_recovered(seen)
    proves(figures(seen))

"""Alternative 1 of the plan: an operator restarts the dashboard after the database."""

import pytest

from tests.running import Running, Watch

BY_HAND = ["scripts/take-away.sh", "by-hand", "3"]
WAIVED = ["nothing restarts", "liveness"]


@pytest.mark.policy("pinned")
def test_hand_on_the_dashboard_brings_a_pinned_connection_back(
    stack: Running, outage: Watch, proves
) -> None:
    """Its one connection is never replaced, and a new process opens a new one."""
    seen = outage(BY_HAND, waived=WAIVED)
    assert seen.verdict == "passed", seen
    assert seen.restarted
    # Not by itself: the reads are back after the second restart was asked for, and not before.
    assert seen.restart_asked_s > seen.ready_late_s + 2.5
    assert seen.own.figures.recovered_s > seen.restart_asked_s
    assert 0 < seen.restart_lag_s < 30
    assert [one for one in seen.own.not_judged if "nothing restarts: waived" in one]
    proves(f"reads back {seen.restart_lag_s:.1f} s after the dashboard's restart was asked for")


def test_hand_that_nobody_needs_is_seen_as_the_outage_that_it_is(
    stack: Running, outage: Watch, proves
) -> None:
    """Control: the plan's options had recovered by themselves; the restart takes reads away."""
    seen = outage(BY_HAND, waived=WAIVED)
    assert seen.verdict == "failed", seen
    assert seen.own.figures.recovered_s < seen.restart_asked_s
    assert "no relapse" in {one.rule for one in seen.own.failures}
    hurt = seen.own.figures.after_ready
    proves(f"{hurt.bad} reads failed and {hurt.missed} were missed by a restart that nobody needed")

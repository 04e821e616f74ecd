"""The verdict on one outage: each rule on a history that keeps it and on one that breaks it."""

import pytest

from recovery_lab.judge.outage import judge
from tests.unit.recovery_lab.histories import AFTER, BEFORE, Script


def test_judge_passes_an_outage_that_ended_by_itself() -> None:
    """Both back within the window, the server restarted, the dashboard not: passed."""
    outage = judge(Script().history(), 120.0)
    assert (outage.verdict, outage.reasons) == ("passed", [])
    assert outage.sessions_lost == 5
    assert outage.server_started_before == BEFORE
    assert outage.server_started_after == AFTER


def test_judge_splits_the_outage_into_the_servers_share_and_ours() -> None:
    """The two shares add up to the outage; ours is counted from ready's early end."""
    outage = judge(Script().history(), 120.0)
    assert outage.server_share_s == pytest.approx(0.42)
    assert outage.our_share_s == pytest.approx(0.043)
    assert outage.outage_s == pytest.approx(0.463)


@pytest.mark.parametrize(
    ("script", "verdict", "reason"),
    [
        (Script(server_after=BEFORE), "inconclusive", "start time did not move"),
        (Script(backends=()), "inconclusive", "not warm"),
        (Script(ready_s=99.0, end_s=5.0), "inconclusive", "not seen ready"),
        (Script(recovered_s=99.0), "failed", "not both back"),
        (Script(health_up_s=99.0), "failed", "not both back"),
        (Script(dashboard_starts=("one", "two")), "failed", "process was restarted"),
    ],
)
def test_judge_names_the_broken_rule(script: Script, verdict: str, reason: str) -> None:
    """Each rule alone decides, and says so."""
    outage = judge(script.history(), 120.0)
    assert verdict == outage.verdict
    assert any(reason in said for said in outage.reasons)


def test_judge_fails_what_came_back_after_the_limit() -> None:
    """The same history passes under a limit of 1 s and fails under one of 0.4 s."""
    history = Script().history()
    assert judge(history, 1.0).verdict == "passed"
    assert judge(history, 0.4).verdict == "failed"


def test_judge_is_a_pure_function_of_the_history() -> None:
    """Twice the same history, twice the same verdict."""
    assert judge(Script().history(), 120.0) == judge(Script().history(), 120.0)


def test_judge_of_nothing_is_inconclusive() -> None:
    """An empty history is no evidence, never a pass."""
    assert judge([], 120.0).verdict == "inconclusive"

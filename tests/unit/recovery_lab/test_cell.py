"""Golden histories: for each rule of the judge one that keeps it and one that breaks it."""

import pytest

from tests.unit.recovery_lab.golden import STEPS, Golden, idle, untouched


def of(golden: Golden) -> tuple[str, str]:
    """Return the verdict on a history's cell, and all its reasons."""
    cell = golden.cell()
    return cell.verdict, "; ".join(cell.reasons)


def some_late(share: float, **changed: object) -> Golden:
    """Return a history in which a share of the 220 reads started over 20 ms late."""
    golden, late = Golden(**changed), Golden(begin_s=99.0, late_s=0.021)
    for op in range(round(share * 220)):
        golden.extra += late.read(9001 + op, 3.01 + op * 0.05, "ok", took_s=0.03)
    return golden


def without(step: str) -> tuple[str, ...]:
    """Return a fault's steps but one."""
    return tuple(name for name in STEPS if name != step)


def with_read(golden: Golden, at_s: float, outcome: str, took_s: float = 0.003) -> Golden:
    """Add one read to a history."""
    golden.extra += golden.read(9001, at_s, outcome, took_s)
    return golden


# What each history keeps, and the one that differs in one thing and breaks it.
RULES = {
    "a subject recovers": (
        Golden(),
        Golden(recovered_s=99.0, limit_s=5.0),
        ("failed", "no recovery, censored 7.0 s after ready"),
    ),
    "a subject recovers within the limit": (
        Golden(recovered_s=6.0, limit_s=5.0),
        Golden(recovered_s=6.0, limit_s=3.0),
        ("failed", "limit 3 s"),
    ),
    "the dashboard recovers with its System Health": (
        Golden(contender="dashboard"),
        Golden(contender="dashboard", health_up_s=99.0, limit_s=5.0),
        ("failed", "System Health not up again"),
    ),
    "no error after ready in the idle job": (
        idle(),
        with_read(idle(), 5.02, "error"),
        ("failed", "1 errors after ready: connection_lost 1"),
    ),
    "no read of the idle pool hangs": (
        idle(end_s=16.0),
        with_read(idle(end_s=16.0), 5.02, "unfinished"),
        ("failed", "1 reads hung after ready"),
    ),
    "every read of the idle pool ends": (
        idle(),
        with_read(idle(), 5.02, "unfinished"),
        ("inconclusive", "1 reads of the idle pool still under way at the end"),
    ),
    "nothing hung after recovery": (
        with_read(Golden(end_s=16.0), 12.0, "unfinished"),
        with_read(Golden(end_s=16.0), 5.5, "unfinished"),
        ("failed", "1 reads hung after recovery"),
    ),
    "no error at all where nobody is cut": (
        untouched(),
        with_read(untouched(), 1.02, "error"),
        ("failed", "1 reads not good"),
    ),
    "a pool gives all connections back": (
        Golden(),
        Golden(looks=((5, 0), (5, 1))),
        ("failed", "1 connections still checked out"),
    ),
    "a pool keeps its size": (
        Golden(),
        Golden(looks=((5, 0), (4, 0))),
        ("failed", "size was 5 and is 4"),
    ),
    "the server's log has no PANIC": (
        Golden(),
        Golden(extra=[Golden().log("PANIC", "XX000")]),
        ("failed", "PANIC XX000"),
    ),
    "the server's log has no unexpected FATAL": (
        Golden(extra=[Golden().log("FATAL", "57P01")]),
        Golden(extra=[Golden().log("FATAL", "53200")]),
        ("failed", "FATAL 53200"),
    ),
    "a control fails its assertion": (
        Golden(contender="pinned", recovered_s=99.0, end_s=17.5),
        Golden(contender="pinned", end_s=17.5),
        ("inconclusive", "the control did not fail its assertion: recovers"),
    ),
    "the idle pool's control meets an error": (
        with_read(idle(contender="naive"), 5.02, "error"),
        idle(contender="naive"),
        ("inconclusive", "the control did not fail its assertion: no error after ready"),
    ),
    "a control is watched for 15 s": (
        Golden(contender="pinned", recovered_s=99.0, end_s=17.1),
        Golden(contender="pinned", recovered_s=99.0, end_s=16.9),
        ("inconclusive", "before 15 s"),
    ),
    "a subject is watched to its limit": (
        Golden(),
        Golden(recovered_s=99.0),
        ("inconclusive", "before 120 s"),
    ),
    "some operation runs": (
        Golden(),
        Golden(begin_s=99.0),
        ("inconclusive", "no operation ran"),
    ),
    "steady before": (
        Golden(begin_s=-0.55),
        Golden(begin_s=-0.45),
        ("inconclusive", "no steady state before"),
    ),
    "no error before": (
        Golden(),
        with_read(Golden(), -1.02, "error"),
        ("inconclusive", "no steady state before: 1 errors"),
    ),
    "the fault has landed": (
        Golden(),
        Golden(steps=without("landed")),
        ("inconclusive", "not shown to have landed"),
    ),
    "the fault is gone": (
        Golden(),
        Golden(steps=without("back")),
        ("inconclusive", "not shown to be gone"),
    ),
    "the server is ready again": (
        Golden(),
        Golden(ready_s=99.0),
        ("inconclusive", "not seen ready again"),
    ),
    "the recorder keeps its schedule": (
        Golden(late_s=0.019),
        Golden(late_s=0.021),
        ("inconclusive", "the recorder missed its schedule"),
    ),
    "the recorder keeps it in all but 5 %": (
        some_late(0.045),
        some_late(0.06),
        ("inconclusive", "the recorder missed its schedule"),
    ),
    "a solo outage's recorder keeps it in all but 2 %": (
        some_late(0.015, solo="adopted"),
        some_late(0.03, solo="adopted"),
        ("inconclusive", "the recorder missed its schedule"),
    ),
    "operations are close around recovery": (
        Golden(every_s=0.2, end_s=40.0),
        Golden(every_s=13.0, begin_s=-150.0, end_s=200.0),
        ("inconclusive", "apart around recovery"),
    ),
    "no session reads on through a fault that cuts it": (
        Golden(),
        Golden(lost_s=0.9),
        ("inconclusive", "read on through the fault: adopted"),
    ),
    "the idle pool is asked after ready": (
        idle(),
        idle(begin_s=0.3, end_s=1.9, ready_s=99.0),
        ("inconclusive", "the idle pool was not asked after ready"),
    ),
    "the outage is recorded to its end": (
        Golden(),
        Golden(complete=False),
        ("inconclusive", "not recorded to its end"),
    ),
    "the harness had no trouble": (
        Golden(),
        Golden(trouble="restart: the container did not stop"),
        ("inconclusive", "the container did not stop"),
    ),
}


@pytest.mark.parametrize("rule", RULES)
def test_judge_passes_the_history_that_keeps_the_rule(rule: str) -> None:
    """The golden history of each rule is passed."""
    assert "passed" == of(RULES[rule][0])[0], of(RULES[rule][0])


@pytest.mark.parametrize("rule", RULES)
def test_judge_names_the_rule_that_is_broken(rule: str) -> None:
    """Its neighbour, which differs in one thing, is not, and the reason says why."""
    verdict, reason = RULES[rule][2]
    found, said = of(RULES[rule][1])
    assert verdict == found, said
    assert reason in said


def test_reference_decides_nothing() -> None:
    """A reference that never recovers is shown, and passes."""
    cell = Golden(contender="dispose", recovered_s=99.0).cell()
    assert ("passed", "reference") == (cell.verdict, cell.label)


def test_control_that_fails_is_labelled_so() -> None:
    """What a control did is not called passed where people read it."""
    cell = Golden(contender="pinned", recovered_s=99.0, end_s=17.5).cell()
    assert "control failed, as it must" == cell.label


def test_cell_without_a_control_is_uncontrolled() -> None:
    """The same subject with and without the control beside it."""
    assert "passed (uncontrolled)" == Golden().cell().label
    assert "passed" == Golden(others=("pinned",)).cell().label


def test_recovery_past_the_target_is_late() -> None:
    """Within the limit, but past 60 s: passed, and marked."""
    late = Golden(recovered_s=63.0, end_s=70.0).cell()
    assert ("passed", True) == (late.verdict, late.late)
    assert not Golden(recovered_s=61.0, end_s=70.0).cell().late


def test_doubt_comes_before_failure() -> None:
    """What did not land proves no failure."""
    doubtful = Golden(recovered_s=99.0, limit_s=5.0, steps=without("landed"))
    assert "inconclusive" == doubtful.cell().verdict

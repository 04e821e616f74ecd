"""The verdict: failed outranks inconclusive outranks passed, for cells, outages and runs."""

import itertools

import msgspec
import pytest

from recovery_lab.judge.verdict import (
    STATUS,
    judge_run,
    only_late,
    reasons,
    worst,
)
from recovery_lab.report.terminal import verdict_lines
from tests.unit.recovery_lab.histories import (
    NEVER,
    Reads,
    Script,
    application,
    idle,
    outage,
    with_read,
)


def failed() -> Script:
    """Return an outage whose subject relapsed."""
    return with_read(outage(), 7.31, "failed")


def test_worst_of_none_is_inconclusive() -> None:
    """Nothing was proven; and of all combinations the worst word is the answer."""
    assert "inconclusive" == worst([])
    order = ("passed", "inconclusive", "failed")
    for words in itertools.product(order, repeat=3):
        assert order[max(map(order.index, words))] == worst(words)
    assert {"passed": 0, "failed": 1, "inconclusive": 2} == STATUS


def test_reference_decides_nothing_and_is_held_to_no_rule() -> None:
    """It never comes back, and is shown."""
    judged = outage(contender="dispose", recovered_s=NEVER).judged()
    cell = judged.cells[0]
    assert ("reference", "passed", False, []) == (
        cell.label,
        cell.verdict,
        cell.deciding,
        cell.rules,
    )
    assert "inconclusive" == judged.verdict  # of no deciding cell


def test_cell_that_can_meet_nothing_is_shown_as_not_met() -> None:
    """By the fault's effects: a silent network ends no idle session."""
    assert "not met" == idle(fault="freeze", backends=()).cell().label


def test_control_that_broke_its_rule_is_labelled_so() -> None:
    """What it did is not called passed where people read it."""
    cell = outage(contender="pinned", recovered_s=NEVER, end_s=17.5).cell()
    assert ("passed", "control failed, as it must", "recovers") == (
        cell.verdict,
        cell.label,
        cell.breaks,
    )


def test_subject_is_controlled_by_a_control_of_the_same_job() -> None:
    """That broke its rule in this outage."""
    script = outage(end_s=18.0)
    assert "passed (uncontrolled)" == script.cell().label
    script.cells.append(Reads(contender="pinned", recovered_s=NEVER))
    assert "passed" == script.cell().label
    script.cells[1].recovered_s = 2.1
    assert "passed (uncontrolled)" == script.cell().label
    script.cells[1] = Reads(contender="naive", job="idle", first_outcome="failed")
    assert "passed (uncontrolled)" == script.cell().label
    assert "control failed, as it must" == script.cell(1).label


def test_recovery_past_the_target_is_late() -> None:
    """Within the limit, but past 60 s: passed, and marked."""
    late = outage(recovered_s=63.0, end_s=70.0, every_s=0.2).cell()
    assert ("passed", True) == (late.verdict, late.late)
    assert not outage(recovered_s=61.0, end_s=70.0, every_s=0.2).cell().late


def test_outage_is_as_its_worst_deciding_cell() -> None:
    """One subject that failed fails it, whatever the others did."""
    script = failed()
    script.cells.append(Reads(contender="dashboard"))
    assert ["failed", "passed"] == [cell.verdict for cell in script.judged().cells]
    assert "failed" == script.judged().verdict


def test_run_is_as_its_worst_cell_and_counts_them() -> None:
    """With its references beside."""
    good, bad = outage().judged(), failed().judged()
    doubtful = outage(complete=False).judged()
    shown = outage(contender="naive").judged()
    name = [good.name]
    verdict = judge_run([good, bad, doubtful, shown], name)
    assert ("failed", {"passed": 1, "failed": 1, "inconclusive": 1}, 1) == (
        verdict.verdict,
        verdict.cells,
        verdict.references,
    )
    assert "inconclusive" == judge_run([good, doubtful], name).verdict
    assert "passed" == judge_run([good, shown], name).verdict
    assert "inconclusive" == judge_run([shown], name).verdict


def test_missing_outage_keeps_a_run_from_passing_and_is_named() -> None:
    """A failure is still one."""
    good, bad = outage().judged(), failed().judged()
    run = judge_run([good], [good.name, "restart-2"])
    assert ("inconclusive", ["restart-2"]) == (run.verdict, run.missing)
    assert "missing      restart-2: planned, never begun" in list(verdict_lines(run))
    assert "failed" == judge_run([bad], [bad.name, "restart-2"]).verdict


def test_crashed_outage_is_inconclusive_with_its_trouble() -> None:
    """Broken off in the middle of the fault."""
    script = outage(complete=False, trouble="the observer ended", end_s=1.0, without=(type(None),))
    judged = script.judged()
    assert "inconclusive" == judged.verdict
    assert any("the observer ended" in reason for reason in reasons(judged.cells[0]))


@pytest.mark.parametrize(
    ("script", "again"),
    [
        (outage(), False),
        (outage(late_s=0.021), True),
        (with_read(outage(late_s=0.021), 7.31, "failed"), False),
        (outage(late_s=0.021, complete=False), False),
        (outage(contender="naive", late_s=0.021), False),
        (failed(), False),
    ],
)
def test_only_an_outage_in_doubt_for_lateness_alone_is_played_again(script, again) -> None:
    """And only where no subject failed."""
    assert again is only_late(script.judged())


def test_outage_with_one_late_cell_and_one_failed_is_not_played_again() -> None:
    """A failure beside the doubt is a verdict."""
    script = failed()
    script.cells.append(Reads(contender="dashboard", late_s=0.021))
    assert not only_late(script.judged())
    script.cells[0].added.clear()
    assert only_late(script.judged())


def test_figures_of_a_restart() -> None:
    """As the script has them, in seconds after the fault was asked for."""
    script = application()
    judged = script.judged()
    figures = judged.cells[0].figures
    assert (0.05, 1.98, 2.005) == tuple(
        map(pytest.approx, (judged.lost_s, judged.ready_early_s, judged.ready_late_s))
    )
    assert 1.93 == pytest.approx(judged.server_share_s)
    assert (2.103, 0.123) == (figures.recovered_s, figures.recovery_lag_s)
    assert (40, 138) == (figures.before.ok, figures.after_ready.ok)
    assert 5 == judged.sessions_lost
    assert ("17.6", "adopted", "plan 18-03") == (
        judged.server_version,
        judged.policy,
        judged.shown_as,
    )
    assert 0.522 == pytest.approx(judged.health_lag_s)
    assert 2.15 == pytest.approx(figures.gap_s, abs=0.06)


def test_servers_log_tells_its_end_and_start_in_seconds_of_the_outage() -> None:
    """Not what it said to single sessions, nor before the fault was asked for."""
    script = outage(extra=[outage().log("LOG", "00000", 1, at_s=-0.1)])
    assert ["+2.000 s [1] LOG: told by the server"] == script.judged().server_log


def test_reasons_tell_failures_first_and_doubts_beside() -> None:
    """Both lists, whatever decided."""
    script = with_read(outage(late_s=0.021), 7.31, "failed")
    told = reasons(script.cell())
    assert told[0].startswith("no relapse: 1 reads relapsed")
    assert told[1].startswith("in doubt: the recorder missed its schedule")


def test_lines_name_each_cell_that_is_not_passed() -> None:
    """And close with the count."""
    lines = list(verdict_lines(judge_run([failed().judged()], [])))
    assert lines[0].startswith("failed       restart-1-adopted adopted steady: no relapse: 1 reads")
    assert "FAILED: 0 passed, 1 failed, 0 inconclusive of 1 cells, 0 references" == lines[-1]


def test_judging_twice_gives_the_same_bytes() -> None:
    """Also through a file: nothing depends on order of sets or on the clock."""
    script = failed()
    script.cells += [Reads(contender="dashboard"), Reads(contender="pinned", recovered_s=NEVER)]
    first, second = (msgspec.json.encode(script.judged()) for _ in range(2))
    assert first == second

"""How an outage could be green while its users suffer: each way is a history, judged rightly."""

import pytest

from recovery_lab.faults import FAULTS
from recovery_lab.judge.attending import Attending
from recovery_lab.judge.verdict import judge_run, only_late
from recovery_lab.record.history import Health
from recovery_lab.report.terminal import verdict_lines
from tests.unit.recovery_lab.histories import (
    NEVER,
    Reads,
    Script,
    application,
    idle,
    outage,
    probe,
    steps,
    untouched,
    with_read,
)


def rules_broken(script: Script, cell: int = 0) -> set[str]:
    """Return the names of the rules that a cell broke."""
    return {failure.rule for failure in script.cell(cell).failures}


def test_reads_that_fail_again_from_2_2_s_after_recovery_fail_the_subject() -> None:
    """Hole 1: recovered for 2 s, then every read fails until the end: 95 errors after ready."""
    script = outage(gap=(4.3, 9.0))
    script.cells[0].added = [(at_s, "failed", 0.003) for at_s in steps(4.3, 9.05, 0.05)]
    script.end_s = 9.05
    cell = script.cell()
    assert cell.figures.recovered_s == pytest.approx(2.103)
    assert ("failed", {"no relapse"}) == (cell.verdict, {one.rule for one in cell.failures})
    assert cell.failures[0].said.startswith("95 reads relapsed after recovery")


def test_steady_reads_that_fail_as_the_idle_pools_are_asked_fail_the_subject() -> None:
    """Only an idle pool has first reads; beside it the first users after the release count too."""
    at_s = outage().released_at_s + 0.01
    cell = with_read(outage(), at_s, "failed").cell()
    assert ("failed", 0) == (cell.verdict, cell.figures.first_reads.due)


def test_first_five_users_of_an_idle_pool_who_wait_9_5_s_fail_it() -> None:
    """Hole 2: all five end good, 189 more were missed meanwhile: nobody was served."""
    script = idle(first_took_s=9.5, gap=(5.0, 14.5), end_s=20.0)
    missed = [(at_s, "missed", 0.0) for at_s in steps(5.06, 14.51, 0.05)]
    script.cells[0].added = missed
    cell = script.cell()
    assert 189 == cell.figures.reads.missed
    assert ("failed", 9.5) == (cell.verdict, cell.figures.first_wait_s)
    assert {"first reads", "no relapse"} == {one.rule for one in cell.failures}


def test_readers_that_stand_still_for_9_s_where_nobody_is_hurt_fail() -> None:
    """Hole 3: under `slow` no read fails, four wait 9 s and 176 are missed."""
    stalled = [(0.5 + 0.05 * one, "ok", 9.0) for one in range(4)]
    missed = [(at_s, "missed", 0.0) for at_s in steps(0.7, 9.5, 0.05)]
    script = untouched(fault="slow", gap=(0.5, 9.5), added=[*stalled, *missed], end_s=20.0)
    cell = script.cell()
    assert (176, 0) == (cell.figures.reads.missed, cell.figures.reads.failed)
    assert "failed" == cell.verdict
    assert "undisturbed" in rules_broken(script)


@pytest.mark.parametrize("fault", ["none", "slow", "freeze", "drop"])
def test_reads_that_hang_for_good_after_recovery_are_never_passed(fault: str) -> None:
    """Hole 4: awaited they are hung, and fail it; where the record breaks off it is in doubt."""
    for closed_s, verdict in ((19.0, "failed"), (9.6, "inconclusive")):
        make = untouched if fault in ("none", "slow") else outage
        script = make(fault=fault, closed_s=closed_s, lost_s=NEVER if make is untouched else 0.05)
        # Due less than 1 s before the record's end: no long wait is seen either.
        with_read(script, 8.81, "endless")
        assert verdict == script.cell().verdict, fault


def test_engine_awaits_a_subjects_hanging_read_until_it_is_hung() -> None:
    """Hole 4, while it is recorded: not one second after recovery, but to the hang bound."""
    script = with_read(outage(closed_s=12.0), 7.31, "endless")
    assert not Attending(script.info(), script.history()).reads_have_ended()
    script.extra = [probe(18.0, "ok")]
    assert Attending(script.info(), script.history()).reads_have_ended()


def test_error_beside_a_late_recorder_is_failed_and_not_played_again() -> None:
    """Hole 5: a late start cannot cause an error; alone it is a reason to play again."""
    late = outage(late_s=0.021)
    assert ("inconclusive", True) == (late.cell().verdict, only_late(late.judged()))
    with_read(late, 7.31, "failed")
    judged = late.judged()
    assert ("failed", False) == (judged.cells[0].verdict, only_late(judged))
    assert ["late"] == [doubt.kind for doubt in judged.cells[0].doubts]  # listed beside it


@pytest.mark.parametrize(("old_s", "named_s"), [(0.415, 1.316), (0.458, 0.558), (0.398, 0.797)])
def test_system_health_is_back_only_once_it_speaks_of_the_new_server(
    old_s: float, named_s: float
) -> None:
    """Hole 6: it says `up` of the server before the restart; then the first new word counts."""
    script = application(
        start_event_s=0.2,
        ready_s=0.35,
        recovered_s=0.4,
        health_red_s=0.1,
        health_up_s=old_s,
        health_names_s=named_s,
        health_age_s=0.0,
        last_outage_s=0.5,
    )
    first_named = next(at_s for at_s in steps(-2.0, 9.0, 0.1) if at_s >= named_s)
    assert script.judged().health_s == pytest.approx(first_named + 0.002)


def test_system_health_written_to_the_millisecond_is_the_same_start() -> None:
    """The server tells its start to the microsecond, the application to the millisecond."""
    script = application()
    named = {sample.server_started for sample in script.history().of(Health)}
    assert {"2026-01-01T09:00:00.000Z", "2026-01-01T09:14:31.000Z"} == named
    assert script.judged().health_s is not None


def test_system_health_whose_check_is_older_than_ready_is_not_back() -> None:
    """Hole 6, where the start does not move: a frozen server was up before it was frozen."""
    fresh = application(fault="freeze", health_red_s=NEVER, health_age_s=0.05, last_outage_s=2.4)
    assert fresh.judged().health_s == pytest.approx(2.102)
    fresh.health_age_s = 1.0
    assert fresh.judged().health_s == pytest.approx(3.002)


def test_idle_job_has_no_lag_of_its_own() -> None:
    """Hole 8: "ours" must not contain the 3 s for which the pool is left alone."""
    cell = idle().cell()
    assert (None, None) == (cell.figures.recovery_lag_s, cell.figures.recovered_s)
    assert ("passed", 0.003) == (cell.verdict, cell.figures.first_wait_s)


def test_control_that_made_no_operation_is_no_control() -> None:
    """Hole 9: it is inconclusive, and the subject beside it is uncontrolled."""
    script = outage(end_s=18.0)
    script.cells.append(Reads(contender="pinned", recovered_s=NEVER))
    assert ["passed", "control failed, as it must"] == [c.label for c in script.judged().cells]
    script.cells[1].begin_s = 18.0
    subject, control = script.judged().cells
    assert "inconclusive" == control.verdict
    assert "passed (uncontrolled)" == subject.label


@pytest.mark.parametrize(("fault", "verdict"), [("freeze", "failed"), ("drop", "failed")])
def test_ended_sessions_are_no_expected_fatal_where_a_fault_ends_none(
    fault: str, verdict: str
) -> None:
    """Hole 9: 57P01 is explained by a restart, not by a fault that may end no session."""
    assert "57P01" not in FAULTS[fault].effects.explains
    script = outage(fault=fault, extra=[outage().log("FATAL", "57P01")])
    assert verdict == script.cell().verdict
    assert {"server sound"} == rules_broken(script)


def test_missed_and_unfinished_reads_stand_in_the_figures_and_in_p99() -> None:
    """Hole 10: all five outcomes are counted, and the missed have their part of the quantiles."""
    stalled = [(7.0 + 0.05 * one, "ok", 0.9) for one in range(4)]
    missed = [(at_s, "missed", 0.0) for at_s in steps(7.2, 7.9, 0.05)]
    script = outage(gap=(7.0, 7.9), added=[*stalled, *missed])
    with_read(script, 8.93, "endless")
    figures = script.cell().figures
    assert (14, 1) == (figures.reads.missed, figures.reads.unfinished)
    assert figures.reads.due == sum(
        (figures.before.due, figures.in_outage.due, figures.after_ready.due)
    )
    without = outage(gap=(7.2, 7.9), added=[])
    assert figures.waits_after.p99_s > 0.5 > without.cell().figures.waits_after.p99_s


def test_ready_is_printed_with_the_bracket_it_is_known_to() -> None:
    """Hole 10: the bracket's width is what the probes make it, not 20 ms by promise."""
    script = outage()
    judged = script.judged()
    assert 1.98 == pytest.approx(judged.ready_early_s)
    assert 2.005 == pytest.approx(judged.ready_late_s)


def test_no_landing_is_inconclusive_though_reads_failed() -> None:
    """What failed under a fault that is not shown to have been in proves nothing."""
    landed = tuple(step for step in Script(cells=[]).steps if step != "landed")
    script = with_read(outage(steps=landed), 7.31, "failed")
    assert "inconclusive" == script.cell().verdict
    assert {"no relapse"} == rules_broken(script)  # and yet it is told


def test_read_under_way_as_the_fault_comes_in_is_no_missing_steady_state() -> None:
    """The fault cut it: the outage is evidence, and what failed in it stands."""
    script = with_read(outage(), -0.01, "failed", 0.2)
    assert "passed" == script.cell().verdict
    assert "failed" == with_read(script, 7.31, "failed").cell().verdict


def test_server_that_started_anew_under_a_fault_that_restarts_none_hides_no_failure() -> None:
    """The fault was in; that more happened is a doubt beside what failed."""
    cell = with_read(outage(fault="freeze", moves=True, named=False), 7.31, "failed").cell()
    assert "failed" == cell.verdict
    assert "its start moved" in cell.doubts[0].said


def test_subject_not_watched_to_its_limit_has_not_failed() -> None:
    """No recovery within 7 s breaks no promise of 120 s, and keeps none."""
    cell = outage(recovered_s=NEVER).cell()
    assert ("inconclusive", []) == (cell.verdict, cell.failures)


def test_crashed_outage_of_references_alone_keeps_a_run_from_passing() -> None:
    """A broken harness is never passed, also where nothing in it would have decided."""
    good = outage().judged()
    crashed = outage(contender="naive", complete=False, trouble="died").judged()
    assert "passed" == judge_run([good], [good.name]).verdict
    run = judge_run([good, crashed], [good.name])
    assert "inconclusive" == run.verdict
    assert "inconclusive restart-1-adopted: in doubt: died" in next(verdict_lines(run))
    assert "inconclusive" == judge_run([], []).verdict

"""The measures, each on a history that has it and on one that has not."""

import pytest

from recovery_lab.judge import measures
from recovery_lab.record.history import Began, Event, Health, LogLine, Missed, Probe
from tests.unit.recovery_lab.histories import AFTER, ORIGIN, Script, read


def probe(at_s: float, *, ok: bool) -> Probe:
    """Return one more probe; it took 5 ms."""
    at = ORIGIN + at_s
    return Probe(started_at=at, ended_at=at + 0.005, ok=ok, server_started=AFTER)


def test_ready_is_bracketed_by_the_last_bad_probe_and_the_first_good_one() -> None:
    """Early is the start of the last bad probe, late the end of the first good one."""
    bracket = measures.ready(Script().history())
    assert bracket is not None
    assert bracket.early_at == pytest.approx(ORIGIN + 0.46)
    assert bracket.late_at == pytest.approx(ORIGIN + 0.485)


def test_ready_is_unknown_until_two_seconds_of_good_probes() -> None:
    """A server that answered for less than 2 s is not called ready."""
    assert measures.ready(Script(end_s=2.4).history()) is None
    assert measures.ready(Script(end_s=2.6).history()) is not None


def test_ready_is_the_injections_end_where_new_sessions_always_worked() -> None:
    """A fault that cuts no new session ends for them when the injection does."""
    script = Script(lost_s=9.0, ready_s=9.0, recovered_s=9.0, health_up_s=9.0, start_event_s=0.3)
    bracket = measures.ready(script.history())
    assert bracket is not None
    assert bracket.early_at == bracket.late_at == ORIGIN + 0.3


def test_ready_stays_where_it_was_when_a_later_probe_fails() -> None:
    """A single slow login long after does not move ready."""
    script = Script()
    history = [*script.history(), probe(script.end_s + 0.02, ok=False)]
    assert measures.ready(history) == measures.ready(script.history())


def test_ready_is_unknown_while_the_command_runs() -> None:
    """Good probes before the injection ended say nothing of what comes after it."""
    history = [r for r in Script().history() if getattr(r, "name", "") != measures.RETURNED]
    assert measures.ready(history) is None


def test_injection_ends_at_the_daemons_own_event_not_at_the_commands_return() -> None:
    """The last start counts; the command returned at 1.0 s, the daemon started it at 0.3 s."""
    assert measures.injection_end(Script().history()) == pytest.approx(ORIGIN + 0.3)
    twice = Script(extra=[Event(at=ORIGIN + 0.9, action="start")])
    assert measures.injection_end(twice.history()) == pytest.approx(ORIGIN + 0.9)
    assert measures.injection_end(Script(start_event_s=None).history()) == ORIGIN + 1.0


def test_recovery_is_the_end_of_the_first_read_after_which_all_is_good() -> None:
    """The first good read's end, not its start."""
    found = measures.recovery(Script().history(), ORIGIN + 0.46)
    assert found is not None
    assert found.ended_at == pytest.approx(ORIGIN + 0.503)


@pytest.mark.parametrize(
    "spoiler",
    [read(9001, 1.02, ok=False), [Missed(scheduled_at=ORIGIN + 1.02)]],
    ids=["an error", "a missed operation"],
)
def test_recovery_starts_again_after_a_bad_read(spoiler: list) -> None:
    """One bad or missed operation within the 2 s moves recovery behind it."""
    found = measures.recovery(Script(extra=spoiler).history(), ORIGIN + 0.46)
    assert found is not None
    assert (found.ended_at or 0) > ORIGIN + 1.02


def test_recovery_counts_an_unfinished_read_as_not_good() -> None:
    """A read that hangs is right-censored, never dropped."""
    hanging = Began(op=9001, scheduled_at=ORIGIN + 1.02, started_at=ORIGIN + 1.02)
    found = measures.recovery(Script(extra=[hanging]).history(), ORIGIN + 0.46)
    assert found is not None
    assert (found.ended_at or 0) > ORIGIN + 1.02


def test_recovery_is_unknown_until_two_seconds_have_passed() -> None:
    """Good reads for less than 2 s are no recovery."""
    assert measures.recovery(Script(end_s=2.4).history(), ORIGIN + 0.46) is None


def test_recovery_never_comes_where_each_read_fails() -> None:
    """The pinned connection's history has no recovery."""
    assert measures.recovery(Script(recovered_s=99.0).history(), ORIGIN + 0.46) is None


def test_lost_is_the_first_word_of_server_or_daemon() -> None:
    """The sessions' FATAL lines come before the container's death; a kill has only the death."""
    assert measures.lost(Script().history()) == pytest.approx(ORIGIN + 0.04)
    assert measures.lost(Script(fatal_lines=False).history()) == pytest.approx(ORIGIN + 0.14)
    assert measures.lost(Script(fatal_lines=False, start_event_s=None).history()) is None


def test_counts_part_errors_by_when_they_were_scheduled() -> None:
    """An error scheduled from ready's late end on is *after ready*, however long it took."""
    late = read(9001, 0.60, ok=False)
    script = Script(recovered_s=0.44, extra=late)
    counted = measures.counts(script.history(), ORIGIN + 0.485)
    assert (counted.failed_in_outage, counted.failed_after_ready, counted.hung) == (8, 1, 0)


def test_counts_call_a_read_hung_ten_seconds_after_its_schedule() -> None:
    """10.5 s after its schedule it is hung, whatever it answered."""
    counted = measures.counts(
        Script(extra=read(9001, 0.2, ok=True, took_s=10.5)).history(), ORIGIN + 0.485
    )
    assert counted.hung == 1


def test_health_back_needs_two_seconds_of_up() -> None:
    """A flicker of `up` is not being back."""
    assert measures.health_back(Script().history(), ORIGIN + 0.46) == pytest.approx(ORIGIN + 1.002)
    down = Health(started_at=ORIGIN + 9.0, ended_at=ORIGIN + 9.0, status="down")
    flicker = Script(end_s=2.0, extra=[down])
    assert measures.health_back(flicker.history(), ORIGIN + 0.46) is None


def test_gap_is_what_one_reader_felt() -> None:
    """The longest time between the ends of consecutive good reads."""
    assert measures.gap_s(Script().history()) == pytest.approx(0.50)


def test_gap_that_never_closed_counts_to_the_records_end() -> None:
    """Where no read is good again, the gap is as long as the record."""
    assert measures.gap_s(Script(recovered_s=99.0).history()) == pytest.approx(7.947)


def test_refused_session_with_a_warm_pid_is_no_lost_session() -> None:
    """A restarted server gives pids again; a 57P03 is about a new session, not a warm one."""
    refused = LogLine(
        at=ORIGIN + 0.31,
        pid=71,
        sqlstate="57P03",
        application="[unknown]",
        severity="FATAL",
        message="the database system is starting up",
    )
    assert measures.ended_sessions(Script(fatal_lines=False, extra=[refused]).history()) == []
    assert len(measures.ended_sessions(Script(extra=[refused]).history())) == 5


def test_late_starts_are_the_recorders_own_fault() -> None:
    """An operation that started 30 ms late is counted, one on schedule is not."""
    assert measures.late_starts(Script().history()) == 0
    late = Began(op=9001, scheduled_at=ORIGIN, started_at=ORIGIN + 0.03)
    assert measures.late_starts(Script(extra=[late]).history()) == 1

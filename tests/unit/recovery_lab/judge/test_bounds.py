"""The measures at their bounds: exactly there, a hair before, a hair after.

Instants are binary fractions, so that a sum of them is exact.
"""

import pytest

from recovery_lab.faults import FAULTS
from recovery_lab.judge import loss, measures
from recovery_lab.judge.account import Read
from recovery_lab.judge.measures import ASKED, RETURNED
from recovery_lab.record.history import (
    AnyRecord,
    Event,
    FaultEvent,
    Health,
    History,
    LogLine,
    Mark,
    Probe,
    Warmed,
)

HAIR = 2.0**-10
COMMAND = FAULTS["command"].effects
ONE, OTHER = "2026-01-01T09:00:00.001Z", "2026-01-01T09:14:31.001Z"


def tried(at: float, result: str = "ok", *, took_s: float = 0.0, started: str = ONE) -> Probe:
    """Return a fresh session that was tried: ok, refused or silent."""
    return Probe(
        started_at=at,
        ended_at=at + took_s,
        ok=result == "ok",
        timed_out=result == "silent",
        server_started=started if result == "ok" else "",
    )


def asked(*records: AnyRecord, at: float = 8.0, returned_at: float | None = 9.0) -> History:
    """Return a history of a fault that was asked for at 8 s, and healed at 9 s."""
    marks = [Mark(at=at, name=ASKED)]
    if returned_at is not None:
        marks.append(Mark(at=returned_at, name=RETURNED))
    return History([*marks, *records])


@pytest.mark.parametrize(
    ("probes", "bad"),
    [
        ([tried(6.0, "refused")], True),
        ([tried(6.0 - HAIR, "refused")], False),
        ([tried(8.0 - HAIR, "refused")], True),
        ([tried(8.0, "refused")], False),
        ([tried(7.0, "silent")], False),
        ([tried(6.0, "silent"), tried(7.0, "silent")], True),
        ([tried(6.0 - HAIR, "silent"), tried(7.0, "silent")], False),
        ([tried(6.5), tried(7.0, "silent"), tried(7.5, "silent")], True),
        ([tried(6.5, "silent"), tried(7.0, "silent"), tried(7.5)], False),
        ([tried(6.5, "silent"), tried(7.0), tried(7.5, "silent")], False),
        ([], False),
    ],
)
def test_sessions_are_bad_before_by_a_refusal_or_two_last_silences(probes, bad: bool) -> None:
    """Of the 2 s before the fault; one without an answer may be a lost packet."""
    assert bad is measures.bad_before(asked(*probes))


def test_nothing_lies_before_a_fault_that_was_never_asked_for() -> None:
    """A clock may be young: a refusal in its first second is none of before."""
    assert not measures.bad_before(History([tried(0.5, "refused")]))


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([], 9.0),
        ([Event(at=8.0, action="start")], 8.0),
        ([Event(at=8.0 - HAIR, action="start")], 9.0),
        ([Event(at=8.5, action="unpause"), Event(at=8.25, action="start")], 8.5),
        ([Event(at=8.5, action="die")], 9.0),
    ],
)
def test_injection_ends_by_the_last_event_since_the_fault(events, expected: float) -> None:
    """Else by the fault's word; and it is not known without both marks."""
    assert expected == measures.injection_end(asked(*events))
    assert None is measures.injection_end(asked(*events, returned_at=None))
    assert None is measures.injection_end(History([*events, Mark(at=9.0, name=RETURNED)]))


@pytest.mark.parametrize(
    ("probes", "bracket"),
    [
        ([tried(9.5, "refused"), tried(10.0), tried(12.0)], (9.5, 10.0)),
        ([tried(9.5, "refused"), tried(10.0), tried(12.0 - HAIR)], None),
        ([tried(9.5, "refused"), tried(10.0, took_s=0.5), tried(12.5)], (9.5, 10.5)),
        ([tried(9.5, "refused"), tried(10.0, took_s=0.5), tried(12.25)], None),
        ([tried(8.0, "refused"), tried(9.5), tried(11.5)], (9.0, 9.5)),
        ([tried(8.0 - HAIR, "refused"), tried(9.5), tried(11.5)], (9.0, 9.0)),
        ([tried(9.5, "silent", took_s=0.5), tried(10.0), tried(12.0)], (9.0, 9.0)),
        (
            [tried(9.5, "refused"), tried(9.75, "refused"), tried(10.0), tried(12.0)],
            (9.75, 10.0),
        ),
    ],
)
def test_ready_holds_for_2_s_and_counts_what_the_fault_brought(probes, bracket) -> None:
    """A session tried at the very instant of the fault is the fault's."""
    found = measures.ready(asked(*probes))
    assert bracket == (found and (found.early_at, found.late_at))


WARM = Warmed(at=1.0, wanted=1, checked_in=1, backends=[71], contender="a", job="steady")
INJECTED = FaultEvent(at=8.75, fault="kill", name="injected")


def line(at: float, severity: str = "FATAL", sqlstate: str = "57P01", **more: str) -> LogLine:
    """Return a line of the server's log about session 71."""
    told = {"application": "", "message": "told", **more}
    return LogLine(at=at, pid=71, sqlstate=sqlstate, severity=severity, **told)


@pytest.mark.parametrize(
    ("records", "expected"),
    [
        ([Event(at=8.0, action="die"), INJECTED], 8.0),
        ([Event(at=8.0 - HAIR, action="die"), INJECTED], 8.75),
        ([Event(at=8.5, action="pause"), Event(at=8.25, action="die")], 8.25),
        ([Event(at=8.5, action="start"), INJECTED], 8.75),
        ([WARM, line(8.25), Event(at=8.5, action="die")], 8.25),
        ([line(8.25), Event(at=8.5, action="die")], 8.5),
        ([tried(8.5, "refused"), tried(8.625, "refused"), INJECTED], 8.5),
        ([tried(8.25), INJECTED], 8.75),
        # Silence that begins before the fault's own word is the machine's until then.
        ([tried(8.25, "silent"), tried(8.375, "silent"), INJECTED], 8.75),
        ([tried(8.25, "silent"), tried(9.0, "silent"), INJECTED], 8.75),
        ([tried(8.875, "silent"), tried(9.0, "silent"), INJECTED], 8.875),
        ([FaultEvent(at=8.5, fault="kill", name="landed")], None),
        ([], None),
    ],
)
def test_loss_is_the_first_word_since_the_fault(records, expected) -> None:
    """An end of the server's, else a refusal, else the fault's own word."""
    assert expected == loss.lost(asked(*records), FAULTS["kill"].effects)
    assert None is loss.lost(History(records), FAULTS["kill"].effects)


def test_silence_of_a_command_counts_before_its_word() -> None:
    """It says that it is in when all is over."""
    silent = asked(tried(8.25, "silent"), tried(8.375, "silent"), INJECTED)
    assert 8.25 == loss.lost(silent, FAULTS["command"].effects)


@pytest.mark.parametrize(
    ("probes", "starts"),
    [
        ([tried(7.5, took_s=0.5), tried(8.5, started=OTHER)], (ONE, OTHER)),
        ([tried(7.5, took_s=0.5 + HAIR), tried(8.5, started=OTHER)], ("", OTHER)),
        ([tried(7.0), tried(8.0, took_s=0.5, started=OTHER)], (ONE, "")),
        ([tried(7.0, "refused"), tried(8.5, "refused")], ("", "")),
        ([tried(6.0, started=OTHER), tried(7.0), tried(9.0), tried(9.5, started="new")], None),
    ],
)
def test_servers_start_is_of_the_last_session_before_and_the_last_after(probes, starts) -> None:
    """One that was under way as the fault came in tells of neither."""
    assert (starts or (ONE, "new")) == measures.server_starts(asked(*probes))
    assert ("", "") == measures.server_starts(History(probes))


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (ONE, "2026-01-01T09:00:00.002Z", True),
        (ONE, "2026-01-01T09:00:00.002001Z", False),
        ("2026-01-01T09:00:00.000Z", ONE, True),
        ("a start", "another", False),
        ("", ONE, False),
    ],
)
def test_starts_are_one_to_the_millisecond(one: str, other: str, same: bool) -> None:
    """As finely as the coarser of two is written, and not more."""
    assert same is measures.same_start(one, other)


@pytest.mark.parametrize(
    ("silences", "cuts"),
    [
        ([tried(8.5, "silent", took_s=0.25), tried(9.25, "silent", took_s=0.25)], "new"),
        ([tried(8.5, "silent", took_s=0.25), tried(9.25, "silent", took_s=0.25 - HAIR)], "none"),
        ([tried(8.5, "silent", took_s=1.0)], "new"),
        ([tried(8.5, "refused")], "new"),
        ([tried(8.0 - HAIR, "refused")], "none"),
    ],
)
def test_command_cuts_new_sessions_by_a_refusal_or_a_second_of_silence(silences, cuts) -> None:
    """A shorter silence is a busy machine's."""
    history = asked(tried(7.0), *silences, tried(11.0), tried(14.0))
    assert cuts == loss.effects_seen(history, COMMAND).cuts


def reads(step_s: float, until_s: float, *bad: float, took_s: float = 0.125) -> list[Read]:
    """Return reads due every so often from 0 s on, those at some instants bad."""
    dues = [step_s * one for one in range(int(until_s / step_s) + 1)]
    return [
        Read(due_at=due, ended_at=due + took_s, outcome="failed" if due in bad else "ok")
        for due in dues
    ]


@pytest.mark.parametrize(
    ("due", "since", "expected"),
    [
        (reads(0.125, 3.0), 0.125, 0.125),
        (reads(0.125, 3.0), 0.125 + HAIR, 0.25),
        (reads(0.125, 2.125), 0.0, 0.125),  # watched for exactly 2 s
        (reads(0.125, 2.0), 0.0, None),
        (reads(0.125, 5.0, 2.125), 0.0, 2.375),  # bad at the very end of the 2 s
        (reads(0.125, 5.0, 2.25), 0.0, 0.125),
        (reads(0.125, 5.0, 0.125), 0.0, 0.375),  # due as the first good one ended
        (reads(0.25, 2.5), 0.0, 0.125),  # exactly ten more
        (reads(0.25, 2.25), 0.0, None),
        (reads(0.25, 6.0, 2.5), 0.0, 2.875),  # the tenth is bad
        (reads(0.25, 6.0, 2.75), 0.0, 0.125),
    ],
)
def test_recovery_holds_for_2_s_and_ten_reads(due, since: float, expected) -> None:
    """The tenth read and the one due 2 s later belong to it, the next ones do not."""
    found = measures.recovery(due, since)
    assert expected == (found and found.ended_at)


def health(at: float, status: str = "up", *, age_s: float = 0.0, started: str = OTHER) -> Health:
    """Return one answer of System Health."""
    return Health(
        started_at=at, ended_at=at + 0.25, status=status, age_s=age_s, server_started=started
    )


@pytest.mark.parametrize(
    ("samples", "expected"),
    [
        ([health(10.0), health(12.0)], 10.25),
        ([health(10.0), health(12.0 - HAIR)], None),
        ([health(10.0 - HAIR), health(12.0)], None),
        ([health(10.5, age_s=0.5), health(12.5)], 10.75),
        ([health(10.5, age_s=0.5 + HAIR), health(12.5)], None),
        ([health(10.0, started=ONE), health(10.5), health(12.5)], 10.75),
        ([health(10.0), health(11.0, "down"), health(12.0), health(14.0)], 12.25),
        ([health(10.0, "down"), health(12.0, "down")], None),
    ],
)
def test_system_health_is_back_by_a_check_of_ready_or_later(samples, expected) -> None:
    """It says `up` for 2 s, each check no older than ready, of the server as it is now."""
    server = [tried(7.0), tried(9.5, started=OTHER)]
    assert expected == measures.health_back(asked(*server, *samples), 10.0)


@pytest.mark.parametrize(
    ("one", "told"),
    [
        (line(8.0, "LOG"), ["+0.000 s [71] LOG: told"]),
        (line(8.0 - HAIR, "LOG"), []),
        (line(9.5, "PANIC"), ["+1.500 s [71] PANIC: told"]),
        (line(9.5, "FATAL"), []),
        (line(9.5, "LOG", application="psql"), []),
    ],
)
def test_servers_log_is_its_own_since_the_fault(one: LogLine, told: list[str]) -> None:
    """Lines of single sessions are not the server's."""
    assert told == measures.server_log(History([one]), 8.0)


def test_effects_of_a_command_are_all_that_the_record_shows() -> None:
    """Whom it cut, whether sessions ended and the server started anew; without a fault nothing."""
    server = [tried(7.0), tried(9.5, started=OTHER)]
    for records, shown in (
        (server, ("established", True, True)),
        ([tried(8.5, "refused")], ("new", False, False)),
        ([WARM, line(8.25)], ("established", True, False)),
    ):
        seen = loss.effects_seen(asked(*records), COMMAND)
        assert shown == (seen.cuts, seen.ends_sessions, seen.restarts)
    assert "none" == loss.effects_seen(History([tried(8.5, "refused")]), COMMAND).cuts


def test_sessions_are_lost_by_name_or_all_with_a_new_start() -> None:
    """A server that starts anew need not name whom it cut."""
    other = Warmed(at=1.0, wanted=1, checked_in=1, backends=[72], contender="b", job="steady")
    server = [tried(7.0), tried(9.5, started=OTHER)]
    assert {71} == loss.lost_sessions(asked(WARM, other, line(8.25)), COMMAND)
    assert {71, 72} == loss.lost_sessions(asked(WARM, other, *server), COMMAND)
    assert set() == loss.lost_sessions(asked(WARM, other), COMMAND)


def test_reads_that_end_at_one_instant_recover_at_it() -> None:
    """Four readers may well end together: the first of the schedule is taken."""
    both = [Read(due_at=due, ended_at=0.125, outcome="ok") for due in (0.0, 0.0625)]
    found = measures.recovery([*both, *reads(0.125, 3.0)[1:]], 0.0)
    assert found is both[0]

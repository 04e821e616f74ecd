"""Measures: ready, loss, recovery, System Health, from histories of a few lines."""

import pytest

from recovery_lab.faults import FAULTS
from recovery_lab.judge import loss, measures
from recovery_lab.judge.account import Read
from recovery_lab.record.history import Event, History, Mark, Probe
from tests.unit.recovery_lab.histories import (
    AFTER,
    BEFORE,
    ORIGIN,
    application,
    outage,
    probe,
    steps,
    untouched,
)


def bracket(
    *results: tuple[float, str], returned_s: float = 1.0, start_s: float | None = None
) -> tuple[float, float] | None:
    """Return ready's bracket for probes that took 5 ms; good ones follow every 0.1 s for 3 s."""
    last_s = results[-1][0] if results else 0.0
    probes = [probe(at_s, result) for at_s, result in results]
    probes += [probe(round(last_s + 0.1 * one, 3), "ok") for one in range(1, 31)]
    marks = [Mark(at=ORIGIN, name=measures.ASKED)]
    marks += [Mark(at=ORIGIN + returned_s, name=measures.RETURNED)]
    events = [] if start_s is None else [Event(at=ORIGIN + start_s, action="start")]
    found = measures.ready(History([*marks, *events, *probes]))
    return found and (round(found.early_at - ORIGIN, 3), round(found.late_at - ORIGIN, 3))


def flapping(back_s: float, again_s: float) -> History:
    """Return the probes of a server that is away from 0, back, away again, and back at 20 s."""
    away = lambda at_s: 0.0 <= at_s < back_s or again_s <= at_s < 20.0  # noqa: E731
    probes = [probe(at, "refused" if away(at) else "ok") for at in steps(-1.0, 25.0, 0.1)]
    return History([Mark(at=ORIGIN - 0.5, name=measures.ASKED), *probes])


@pytest.mark.parametrize(
    ("back_s", "again_s", "expected"),
    [
        (0.5, 10.0, 0.5),  # a restart, and another one 9.5 s later
        (0.5, 2.0, 20.0),  # not back for 2 s, so not back
        (20.0, 20.0, 20.0),
    ],
)
def test_first_loss_is_up_to_the_first_good_two_seconds(back_s, again_s, expected) -> None:
    """Readiness is asked whether it fell for that one; the next are losses of their own."""
    found = measures.first_away_s(flapping(back_s, again_s), ORIGIN, 20.0)
    assert expected == pytest.approx(found)


def test_first_loss_is_no_longer_than_the_whole() -> None:
    """And not known where that is not."""
    history = flapping(5.0, 10.0)
    assert 3.0 == measures.first_away_s(history, ORIGIN, 3.0)
    assert None is measures.first_away_s(history, None, 3.0)
    assert None is measures.first_away_s(history, ORIGIN, None)


@pytest.mark.parametrize(
    ("results", "expected"),
    [
        # The later of the last bad probe's start and the injection's end; the first good end.
        ([(0.5, "refused"), (2.0, "refused"), (2.1, "ok")], (2.0, 2.105)),
        ([(0.5, "refused"), (0.8, "refused"), (1.2, "ok")], (1.0, 1.205)),
        # The good run began before the injection had ended.
        ([(0.5, "refused"), (0.8, "ok"), (1.2, "ok")], (1.0, 1.0)),
        # New sessions always worked.
        ([(0.5, "ok"), (1.5, "ok")], (1.0, 1.0)),
        # A lone time-out may be a lost packet; two in a row are bad.
        ([(0.5, "ok"), (1.5, "timed out"), (1.7, "ok")], (1.0, 1.0)),
        ([(0.5, "ok"), (1.5, "timed out"), (1.7, "timed out"), (1.9, "ok")], (1.7, 1.905)),
        ([(1.5, "timed out"), (1.6, "ok"), (1.7, "timed out"), (1.8, "ok")], (1.0, 1.0)),
        # Refused is bad alone; a lone time-out after it moves nothing.
        ([(0.5, "ok"), (1.5, "refused"), (1.7, "ok")], (1.5, 1.705)),
        ([(1.5, "refused"), (1.6, "timed out"), (1.8, "ok")], (1.5, 1.805)),
        # A good second that is not two does not count.
        ([(1.5, "refused"), (1.6, "ok"), (3.5, "ok"), (3.6, "refused"), (3.7, "ok")], (3.6, 3.705)),
    ],
)
def test_ready_is_bracketed(results, expected) -> None:
    """Its bracket, for each way in which probes may be bad."""
    assert expected == bracket(*results)


def test_ready_counts_from_the_last_injection() -> None:
    """The daemon's own event goes before the fault's word, and the last one counts."""
    assert (1.0, 1.0) == bracket((0.5, "ok"), start_s=None)
    assert (1.4, 1.4) == bracket((0.5, "ok"), start_s=1.4)


def test_ready_is_not_known_before_fresh_sessions_work_for_2_s() -> None:
    """Nor while the fault is in."""
    marks = [Mark(at=ORIGIN, name=measures.ASKED), Mark(at=ORIGIN + 1.0, name=measures.RETURNED)]
    good = [probe(1.1, "refused"), probe(1.2, "ok"), probe(3.19, "ok")]
    assert None is measures.ready(History([*marks, *good]))
    assert measures.ready(History([*marks, *good, probe(3.21, "ok")]))
    assert None is measures.ready(History([marks[0], *good, probe(3.21, "ok")]))


def test_probes_before_the_fault_do_not_count() -> None:
    """A refusal before it was asked for is none of its own."""
    assert (1.0, 1.0) == bracket((-0.5, "refused"), (0.5, "ok"))


def read(at_s: float, outcome: str = "ok", took_s: float = 0.01) -> Read:
    """Return one accounted read."""
    good = outcome == "ok"
    return Read(
        due_at=at_s,
        started_at=at_s,
        ended_at=at_s + took_s,
        outcome=outcome,
        wait_s=took_s if good else None,
        least_s=took_s,
    )


def every(step_s: float, until_s: float, *bad: float) -> list[Read]:
    """Return reads from 0.1 s on, those at some instants bad."""
    dues = [round(0.1 + step_s * one, 3) for one in range(int((until_s - 0.1) / step_s) + 1)]
    return [read(due, "failed" if due in bad else "ok") for due in dues]


@pytest.mark.parametrize(
    ("reads", "expected"),
    [
        (every(0.1, 5.0), 0.11),
        (every(0.1, 5.0, 0.1, 0.2, 0.3), 0.41),
        (every(0.1, 5.0, 2.0), 2.11),  # good for 1.9 s only: the next one counts
        (every(0.1, 5.0, 2.2), 0.11),  # good for 2 s: what comes later is a relapse
        (every(0.1, 2.1), None),  # not yet known: nothing is due at its end or later
        (every(0.1, 2.2), 0.11),
        (every(0.5, 4.6), None),  # nine reads after it
        (every(0.5, 5.1), 0.11),  # ten, in more than 2 s
        (every(0.5, 8.6, 3.1), 3.61),
        (every(0.5, 8.1, 3.1), None),
        ([], None),
    ],
)
def test_recovery_is_the_first_good_end_from_which_all_is_good(reads, expected) -> None:
    """For 2 s, and at least the next 10 reads."""
    found = measures.recovery(reads, 0.0)
    assert expected == (found and pytest.approx(found.ended_at))


def test_recovery_ends_after_ready_though_it_was_due_before() -> None:
    """A read that waited through the outage recovers as it ends."""
    waited = read(0.05, took_s=1.0)
    found = measures.recovery([waited, *every(0.1, 6.0)], 1.045)
    assert found is waited


@pytest.mark.parametrize("outcome", ["failed", "hung", "missed", "unfinished"])
def test_recovery_needs_every_due_read_to_be_good(outcome: str) -> None:
    """A read that was missed was not good either."""
    reads = sorted([*every(0.1, 5.0), read(1.05, outcome)], key=lambda one: one.due_at)
    found = measures.recovery(reads, 0.0)
    assert found is not None
    assert 1.1 == found.due_at


def test_loss_is_the_first_word_of_the_server_or_the_daemon() -> None:
    """A session's end, the container's; where there is none, the first refusal, the fault's."""
    script = outage(extra=[outage().log("FATAL", "57P01", at_s=0.03)])
    assert ORIGIN + 0.03 == loss.lost(script.history(), FAULTS["kill"].effects)
    assert ORIGIN + 0.05 == loss.lost(outage(named=False).history(), FAULTS["kill"].effects)
    silent = outage(fault="freeze", lost_s=0.3)
    assert ORIGIN + 0.305 == pytest.approx(
        loss.lost(silent.history(), FAULTS["kill"].effects)
    )  # as it was refused
    untold = outage(fault="freeze", without=(Probe,))
    assert ORIGIN + 0.05 == loss.lost(untold.history(), FAULTS["kill"].effects)


def test_restarted_servers_pids_are_not_taken_for_the_sessions_before() -> None:
    """The new server refuses sessions under the same pids, with 57P03."""
    script = outage(fault="freeze", extra=[outage().log("FATAL", "57P03")])
    assert [] == loss.ended_sessions(script.history())


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (AFTER, AFTER, True),
        ("2026-01-01T09:14:31.000Z", AFTER, True),
        ("2026-01-01T10:14:31.000+01:00", AFTER, True),
        (BEFORE, AFTER, False),
        ("2026-01-01T09:14:31.002Z", AFTER, False),
        ("", "", False),
        ("2026-01-01", AFTER, False),
        ("a start", "a start", True),
    ],
)
def test_start_times_are_compared_as_instants(one: str, other: str, same: bool) -> None:
    """One writes them to the microsecond, another to the millisecond or in a zone of its own."""
    assert same is measures.same_start(one, other)


def test_health_must_hold_for_2_s() -> None:
    """An `up` that falls again was none."""
    script = application()
    back = measures.health_back(script.history(), ORIGIN + 1.98)
    assert ORIGIN + 2.502 == pytest.approx(back)
    samples = script.history().of(measures.Health)
    until = History(s for s in samples if s.started_at < ORIGIN + 4.4)
    assert None is measures.health_back(until, ORIGIN + 1.98)


@pytest.mark.parametrize(
    ("fault", "ready_s", "cuts"),
    [("restart", 2.0, "both"), ("restart", 0.0, "established"), ("freeze", 2.0, "new")],
)
def test_users_command_has_the_effects_that_the_record_shows(fault, ready_s, cuts) -> None:
    """What it cut is read from starts, ended sessions and refusals."""
    history = outage(fault=fault, ready_s=ready_s).history()
    assert cuts == loss.effects_seen(history, FAULTS["command"].effects).cuts


def test_sessions_that_a_command_ended_are_cut_though_the_server_goes_on() -> None:
    """One backend terminated is an outage for whom it served; so is a start that named nobody."""
    ended = outage(fault="freeze", ready_s=0.0, extra=[outage().log("FATAL", "57P01")])
    silent = outage(ready_s=0.0, named=False)
    for history in (ended.history(), silent.history()):
        seen = loss.effects_seen(history, FAULTS["command"].effects)
        assert ("established", True) == (seen.cuts, seen.ends_sessions)


def test_gap_lies_between_good_ends_and_stays_open_at_the_end() -> None:
    """The longest time in which nobody was served."""
    assert 0.3 == pytest.approx(measures.gap_s(every(0.1, 2.0, 0.4, 0.5)))
    assert 1.09 == pytest.approx(measures.gap_s([read(0.1), read(1.2, "failed")]))
    assert 0.0 == measures.gap_s([])
    assert 0.0 == measures.gap_s([read(0.1)])  # it ended after the last read was due


def test_past_ready_counts_from_ready_or_from_the_due_instant() -> None:
    """What was over by ready counts nothing; a read of before it counts what was left of it."""
    waited = read(0.5, took_s=2.0)
    assert 1.5 == pytest.approx(measures.past_ready_s([waited], 1.0))
    assert 2.0 == pytest.approx(measures.past_ready_s([waited], 0.2))
    assert 0.0 == measures.past_ready_s([waited], 2.5)
    assert 0.0 == measures.past_ready_s([], 1.0)


def test_silence_is_the_longest_time_in_which_nothing_was_seen() -> None:
    """From the begin, and until the end."""
    assert 4.0 == measures.silence_s([1.0, 2.0, 5.0, 20.0], 0.0, 9.0)
    assert 9.0 == measures.silence_s([], 0.0, 9.0)


def test_silence_of_fresh_sessions_is_counted_on_end() -> None:
    """From the first that got no answer to the last; a refusal is an answer."""
    assert 0.0 == measures.longest_silence_s(outage().history())
    silent = outage(fault="freeze", bad_probe="timed out", lost_s=0.5, ready_s=4.0)
    assert 3.5 == pytest.approx(measures.longest_silence_s(silent.history()), abs=0.05)


def test_reads_under_way_are_counted_at_their_most() -> None:
    """One that has no end goes on to the record's; a missed one never began."""
    endless = Read(due_at=5.0, started_at=5.0, outcome="unfinished")
    missed = Read(due_at=5.0, outcome="missed")
    assert 0 == measures.at_once([], 9.0)
    assert 1 == measures.at_once([read(1.0), read(2.0), missed], 9.0)
    assert 3 == measures.at_once([endless, endless, missed, read(8.0), read(8.5)], 9.0)
    assert 2 == measures.at_once([endless, endless, read(8.0)], 7.9)


@pytest.mark.parametrize(("silent_s", "cuts"), [(0.3, "none"), (1.2, "new")])
def test_time_outs_of_a_busy_machine_are_no_effect_of_a_command(silent_s: float, cuts: str) -> None:
    """`true` cut nobody, though two probes in a row had no answer; a second of silence is one."""
    steady = untouched()
    silent = [probe(1.0 + at_s, "timed out", took_s=0.1) for at_s in steps(0.0, silent_s, 0.1)]
    kept = [
        record
        for record in steady.history().all
        if not isinstance(record, Probe)
        or not ORIGIN + 1.0 <= record.started_at < ORIGIN + 1.0 + silent_s
    ]
    seen = loss.effects_seen(History(sorted([*kept, *silent], key=_at)), FAULTS["command"].effects)
    assert cuts == seen.cuts


def _at(record) -> float:
    return getattr(record, "started_at", 0.0)

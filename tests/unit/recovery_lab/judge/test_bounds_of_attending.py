"""When an outage is over, to the instant: at each bound, and a hair beyond it."""

import pytest

from recovery_lab.judge import measures
from recovery_lab.judge.attending import Attending, newest_at
from recovery_lab.judge.case import Seen
from recovery_lab.record.history import Clock, History, Look, Mark, Probe
from tests.unit.recovery_lab.histories import NEVER, ORIGIN, Reads, Script, idle, outage, with_read

HAIR = 2.0**-20
LATER = ("released", "stopped", "closed")


def recorded(script: Script, *marks: str) -> History:
    """Return a history that still grows: without the marks that are made later."""
    later = set(LATER) - set(marks)
    return History(r for r in script.records() if not (isinstance(r, Mark) and r.name in later))


def at_now(history: History, now: float) -> History:
    """Let the observer's own now be an instant."""
    history.append(Probe(started_at=now, ended_at=now, ok=True))
    return history


def is_over(script: Script, now: float, released_at: float | None = None) -> bool:
    """Tell whether an outage is over at an instant."""
    history = recorded(script)
    attending = Attending(script.info(), at_now(history, released_at or now))
    if released_at is not None:
        assert attending.may_release()
        history.append(Mark(at=released_at, name="released"))
        at_now(history, now)
    return attending.is_over()


def late_at(script: Script) -> float:
    """Return ready's late end."""
    found = measures.ready(script.history())
    assert found is not None
    return found.late_at


def test_outage_without_ready_is_over_past_its_limit_from_the_faults_end() -> None:
    """Not at the limit itself; and not at all where the fault was never healed."""
    script = outage(ready_s=NEVER, recovered_s=NEVER, limit_s=5.0, end_s=4.0)
    assert not is_over(script, ORIGIN + 6.5)
    assert is_over(script, ORIGIN + 6.5 + HAIR)
    script.steps = ("injecting", "landed")
    assert not is_over(script, ORIGIN + 20.0)


def test_outage_is_over_a_second_past_the_limit_for_news_that_come_late() -> None:
    """The daemon's events may still move ready."""
    script = outage(recovered_s=NEVER, limit_s=5.0)
    limit_at = late_at(script) + 6.0
    assert [False, True] == [is_over(script, limit_at), is_over(script, limit_at + HAIR)]


def test_outage_is_over_5_s_after_the_last_subject_was_back() -> None:
    """Each subject is waited for, by itself."""
    script = outage()
    settled_at = (Seen(script.info(), script.history()).cases[0].recovered_at or 0.0) + 5.0
    assert [False, True] == [is_over(script, settled_at), is_over(script, settled_at + HAIR)]
    script.cells.append(Reads(contender="dashboard", recovered_s=NEVER))
    script.capabilities = []
    assert not is_over(script, settled_at + 5.0)


def test_outage_of_a_control_is_over_once_it_is_known_not_to_come_back() -> None:
    """At 15 s from ready."""
    script = outage(contender="pinned", recovered_s=NEVER, end_s=12.0)
    known_at = late_at(script) + 15.0
    assert [False, True] == [is_over(script, known_at - HAIR), is_over(script, known_at)]


def test_idle_pools_of_controls_are_used_for_2_5_s() -> None:
    """Nobody's recovery is waited for, and yet the reads after the first are recorded."""
    script = idle(contender="naive", end_s=4.0)
    released_at = late_at(script) + 4.0
    used_at = released_at + 2.5
    assert not is_over(script, used_at - HAIR, released_at)
    assert is_over(script, used_at, released_at)


def test_idle_pools_are_asked_at_3_s_after_ready() -> None:
    """Not a hair before."""
    script = idle(end_s=4.0)
    asked_at = late_at(script) + 3.0
    for now, asked in ((asked_at - HAIR, False), (asked_at, True)):
        history = at_now(recorded(script), now)
        assert asked is Attending(script.info(), history).may_release()


def test_read_is_awaited_to_its_hang_bound_and_not_beyond() -> None:
    """10 s after it was due it may still end in time."""
    script = with_read(outage(), 7.53125, "endless")
    bound_at = ORIGIN + 17.53125
    for now, ended in ((bound_at, False), (bound_at + HAIR, True)):
        history = at_now(script.history(), now)
        assert ended is Attending(script.info(), history).reads_have_ended()


@pytest.mark.parametrize(
    ("looks", "whole"),
    [
        ([(0.0, 0), (9.0, 0)], True),  # at the very stop
        ([(0.0, 0), (9.0 - HAIR, 0)], False),
        ([(0.0, 0), (9.25, 1), (9.5, 0)], True),  # the last look counts
        ([(0.0, 0), (9.25, 0), (9.5, 1)], False),
        ([(9.0, 1)], True),  # one that was not looked at before is not waited for
        ([(9.0 - HAIR, 0), (9.5, 0)], True),
    ],
)
def test_pool_is_whole_by_its_last_look_after_the_stop(looks, whole: bool) -> None:
    """Nothing is checked out when its readers have stopped."""
    who = {"contender": "adopted", "job": "steady", "size": 5}
    script = outage(
        looks=(),
        extra=[
            Look(at=ORIGIN + at_s, checked_in=5 - out, checked_out=out, **who)
            for at_s, out in looks
        ],
    )
    assert whole is Attending(script.info(), script.history()).pools_are_whole()


def test_every_subjects_pool_must_be_whole() -> None:
    """Also one beside a pool that cannot be looked at."""
    script = outage(looks=())
    script.cells.append(Reads(contender="dashboard"))
    assert not Attending(script.info(), script.history()).pools_are_whole()
    script.cells.reverse()
    assert not Attending(script.info(), script.history()).pools_are_whole()


def test_now_is_the_newest_of_probes_and_clocks() -> None:
    """Either may stand alone, and either may be newer."""
    probes = [Probe(started_at=at, ended_at=at + 0.5, ok=True) for at in (1.0, 2.0)]
    clocks = [Clock(at=at, wall=0.0) for at in (1.25, 2.25)]
    assert 1.5 == newest_at(History(probes[:1]))
    assert 1.25 == newest_at(History(clocks[:1]))
    assert 2.5 == newest_at(History([*probes, *clocks]))
    assert 3.0 == newest_at(History([*probes, Clock(at=3.0, wall=0.0)]))

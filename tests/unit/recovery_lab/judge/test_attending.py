"""What an outage still waits for, while its history grows; and what a look costs."""

import time

import pytest

from recovery_lab.judge.attending import Attending, newest_at
from recovery_lab.record.history import AnyRecord, Event, History, Look, Mark, Probe
from tests.unit.recovery_lab.histories import (
    NEVER,
    ORIGIN,
    TRAITS,
    Reads,
    Script,
    application,
    forgotten,
    idle,
    outage,
    steps,
    with_read,
)

LOOK_S = 0.25  # with generous room: a tenth of it on an idle machine


def known_at(record: AnyRecord) -> float:
    """Return when a record was made."""
    for name in ("ended_at", "at", "due_at"):
        if (at := getattr(record, name, None)) is not None:
            return at
    raise AssertionError(record)


def played(script: Script, *, step_s: float = 0.1) -> tuple[float | None, float | None]:
    """Return when the idle pools were asked and when the outage was over, as the record grew."""
    told = [r for r in script.records() if not (isinstance(r, Mark) and r.name in LATER)]
    records = sorted(told, key=known_at)
    history = History()
    attending = Attending(script.info(), history)
    released_s, at_s = None, 1.6
    while at_s < script.end_s:
        while records and known_at(records[0]) <= ORIGIN + at_s:
            history.append(records.pop(0))
        if attending.may_release():
            released_s = at_s
            history.append(Mark(at=ORIGIN + at_s, name="released"))
        if attending.is_over():
            return released_s, at_s
        at_s = round(at_s + step_s, 3)
    return released_s, None


LATER = ("released", "stopped", "closed")


@pytest.mark.parametrize(
    ("script", "over_s"),
    [
        (outage(end_s=12.0), 7.1),  # 5 s after recovery: no idle pool is to be asked
        (outage(end_s=12.0, recovered_s=5.0), 10.1),
        (application(end_s=12.0, health_up_s=4.5), 9.6),  # System Health is waited for
        (application(end_s=12.0, health_up_s=NEVER), None),
        (outage(end_s=12.0, recovered_s=NEVER), None),
        (outage(end_s=12.0, recovered_s=NEVER, limit_s=5.0), 8.1),  # the limit, from ready
        (outage(end_s=12.0, recovered_s=NEVER, contender="naive"), 7.0),  # a reference is not
        (outage(end_s=12.0, recovered_s=NEVER, contender="naive", solo="naive"), None),
        (outage(end_s=19.0, recovered_s=NEVER, contender="pinned"), 17.1),  # 15 s for a control
        (outage(end_s=12.0, ready_s=NEVER, recovered_s=NEVER, limit_s=5.0), 6.6),
        (idle(end_s=14.0), 10.1),  # 5 s after the release
        (idle(end_s=14.0, contender="naive"), 7.6),  # and 2.5 s of a control's
    ],
)
def test_outage_is_over_5_s_after_all_subjects_recovered_or_at_its_limit(script, over_s) -> None:
    """Whoever decides is waited for; nobody else."""
    _, found = played(script)
    assert over_s == (found and pytest.approx(found, abs=0.25))


def test_outage_that_is_over_passes_the_judges_own_settling() -> None:
    """What is recorded until then is enough: no doubt is left for the want of 0.1 s."""
    script = outage(end_s=12.0)
    _, over_s = played(script)
    script.end_s = over_s
    assert "passed" == script.cell().verdict


def test_idle_pools_that_were_watched_as_long_as_is_waited_leave_no_doubt() -> None:
    """Left alone for 3 s, watched for 5 s: by the instants that stand in the record."""
    script = idle(end_s=14.0)
    script.released_s, script.end_s = played(script)
    assert ("passed", []) == (script.cell().verdict, script.cell().doubts)


def test_pools_are_whole_once_a_later_look_shows_nothing_checked_out() -> None:
    """Only subjects' pools are asked about, and those that can be looked at."""
    who = {"contender": "adopted", "job": "steady", "size": 5}
    stopped_at = ORIGIN + 9.0
    for out, whole in ((1, False), (0, True)):
        later = Look(at=stopped_at + 0.1, checked_in=5 - out, checked_out=out, **who)
        script = outage(looks=((5, 0),), extra=[later])
        assert whole is Attending(script.info(), script.history()).pools_are_whole()
    for script, whole in (
        (outage(), False),
        (outage(looks=()), True),
        (outage(part="reference"), True),
    ):
        assert whole is Attending(script.info(), script.history()).pools_are_whole()


def test_idle_pools_are_asked_once_3_s_after_ready() -> None:
    """Not before ready is known to stand, and not twice."""
    released_s, _ = played(idle(end_s=14.0))
    assert released_s == pytest.approx(5.0, abs=0.2)
    script = idle()
    attending = Attending(script.info(), script.history())
    assert [True, False] == [attending.may_release(), attending.may_release()]
    for other in (idle(end_s=4.0), outage()):  # too early; nobody to ask
        assert not Attending(other.info(), other.history()).may_release()


@pytest.mark.parametrize(
    ("contender", "now_s", "ended"),
    [
        ("adopted", 17.2, False),
        ("adopted", 17.5, True),  # 10 s where no deadline is declared
        ("dashboard", 12.7, False),
        ("dashboard", 13.0, True),  # 5.5 s where it is 5
        ("naive", 9.0, True),  # only subjects are waited for
    ],
)
def test_reads_are_awaited_until_they_hang(contender: str, now_s: float, ended: bool) -> None:
    """Nobody waits for a reference's."""
    script = with_read(outage(contender=contender), 7.31, "endless")
    history = script.history()
    history.append(Probe(started_at=0.0, ended_at=ORIGIN + now_s, ok=True))
    assert ended is Attending(script.info(), history).reads_have_ended()


def test_now_is_the_observers_own() -> None:
    """Of an empty record none."""
    assert 0.0 == newest_at(History())
    assert ORIGIN + 9.4 == pytest.approx(newest_at(outage().history()), abs=0.11)


@pytest.mark.parametrize("stuck", [1, 8])
def test_look_is_cheap_at_120_s_with_eight_contenders(stuck: int) -> None:
    """The last look at 20 reads a second each, of whom some never recover."""
    cells = [
        Reads(contender=str(one), traits=TRAITS["adopted"], recovered_s=NEVER if one < stuck else 2)
        for one in range(8)
    ]
    script = Script(cells=cells, end_s=120.0)
    history = script.history()
    attending = Attending(script.info(), history)
    attending._released_at = ORIGIN + 5.0
    began_s = time.process_time()
    assert not attending.may_release()
    assert not attending.is_over()
    assert attending.reads_have_ended()
    assert time.process_time() - began_s < LOOK_S


def test_command_that_ends_late_is_waited_for_with_all_that_it_did() -> None:
    """At its end it may have restarted the application, which the daemon tells a moment later."""
    late = outage(
        end_s=15.0,
        start_event_s=1.5,
        drop=lambda r: isinstance(r, Mark) and r.name == "returned" and r.at < ORIGIN + 8.0,
    )
    late.extra = [Mark(at=ORIGIN + 8.0, name="returned")]
    assert (None, 10.6) == played(late)


def test_idle_pools_are_asked_while_idle_sessions_are_silent() -> None:
    """3 s after the fault is in, and watched until 5 s after it: none is asked when it is gone."""
    script = forgotten(end_s=18.0)
    released_s, over_s = played(script)
    assert 3.2 == pytest.approx(released_s, abs=0.25)
    assert 7.5 + 5.0 == pytest.approx(over_s, abs=0.25)


def test_idle_pools_are_not_asked_by_an_earlier_injections_end() -> None:
    """Of five restarts the last start may not be told yet when it is over."""
    history = History([Mark(at=ORIGIN, name="asked"), Event(at=ORIGIN + 0.5, action="start")])
    attending = Attending(idle().info(), history)

    def tried(begin_s: float, end_s: float) -> None:
        for at_s in steps(begin_s, end_s, 0.1):
            probe = Probe(started_at=ORIGIN + at_s, ended_at=ORIGIN + at_s, ok=True)
            history.append(probe)

    tried(0.5, 10.4)
    history.append(Mark(at=ORIGIN + 10.5, name="returned"))
    tried(10.6, 11.5)
    assert not attending.may_release()
    history.append(Event(at=ORIGIN + 10.5, action="start"))
    tried(11.6, 13.4)
    assert not attending.may_release()
    tried(13.5, 13.8)
    assert attending.may_release()

"""Each doubt: a history that gives no cause for it, and its neighbour that does."""

from collections.abc import Callable

import pytest

from recovery_lab.faults.base import Effects
from recovery_lab.judge.measures import CLOSED
from recovery_lab.record.history import (
    Began,
    Container,
    Ended,
    Event,
    Health,
    Live,
    LogLine,
    Mark,
    Probe,
    Trouble,
    Usage,
    Warmed,
)
from tests.unit.recovery_lab.histories import (
    NEVER,
    ORIGIN,
    STEPS,
    Reads,
    Script,
    application,
    cold,
    crowd,
    fresh,
    idle,
    outage,
    probe,
    untouched,
    with_read,
)

Make = Callable[[], Script]


def without(step: str) -> tuple[str, ...]:
    """Return a fault's steps but one."""
    return tuple(name for name in STEPS if name != step)


def control(**changed: object) -> Script:
    """Return an outage met by a contender that must not come back."""
    return outage(**{"contender": "pinned", "recovered_s": NEVER, "end_s": 17.5, **changed})


def commanded(**changed: object) -> Script:
    """Return an outage of a user's own command, which restarted the database."""
    return outage(fault="command", moves=True, **changed)


def without_outage() -> Script:
    """Return an outage of a user's own command that caused no outage."""
    return untouched(fault="command")


def unrecorded(*kinds: type) -> Script:
    """Return an outage in which a failed read's begin, or all of it, was lost on the way."""
    lost = (ORIGIN + 7.31, ORIGIN + 7.313)
    instant = lambda r: r.due_at if isinstance(r, Began) else r.at  # noqa: E731
    return with_read(
        outage(drop=lambda r: isinstance(r, kinds) and instant(r) in lost), 7.31, "failed"
    )


def silent_crowd(took_s: float) -> Script:
    """Return a crowd's outage in which nobody answers for 4 s, and a read fails after so long."""
    silent = {"bad_probe": "timed out", "bad_took_s": took_s, "ready_s": 4.0, "recovered_s": 4.1}
    return crowd(fault="freeze", end_s=11.0, health_up_s=4.5, **silent)


def unprobed(begin_s: float, end_s: float) -> Callable[[object], bool]:
    """Tell the probes of some time: they were not made."""
    return lambda r: isinstance(r, Probe) and begin_s < r.started_at - ORIGIN < end_s


# What is in doubt, the history without the doubt, its neighbour, what is said, of which kind.
TABLE: dict[str, tuple[Make, Make, str, str]] = {
    "the outage is recorded to its end": (
        outage,
        lambda: outage(complete=False),
        "the outage was not recorded to its end",
        "unsure",
    ),
    "the record has an end": (
        outage,
        lambda: outage(drop=lambda r: isinstance(r, Mark) and r.name == CLOSED),
        "the record was cut short: it has no end",
        "unsure",
    ),
    "the harness had no trouble": (
        outage,
        lambda: outage(trouble="the container did not stop"),
        "the container did not stop",
        "unsure",
    ),
    "no helper had trouble": (
        outage,
        lambda: outage(extra=[Trouble(at=ORIGIN, message="no more threads")]),
        "no more threads",
        "unsure",
    ),
    "a fault was asked for": (
        outage,
        lambda: outage(steps=without("injecting")),
        "no fault was asked for",
        "void",
    ),
    "the fault has landed": (
        outage,
        lambda: outage(steps=without("landed")),
        "the fault is not shown to have landed",
        "void",
    ),
    "the fault is gone": (
        outage,
        lambda: outage(steps=without("back")),
        "the fault is not shown to be gone",
        "unsure",
    ),
    "the server is ready again": (
        outage,
        lambda: outage(ready_s=NEVER, recovered_s=NEVER),
        "the server was not seen ready again",
        "unsure",
    ),
    "fresh sessions worked before the fault": (
        lambda: outage(extra=[probe(-2.5, "refused"), probe(-0.01, "timed out")]),
        lambda: outage(extra=[probe(-0.01, "refused")]),
        "no steady state before: fresh sessions did not work",
        "void",
    ),
    "the server stays": (
        lambda: outage(extra=[probe(7.05, "timed out"), probe(7.06, "timed out")]),
        lambda: outage(extra=[probe(7.05, "refused")]),
        "the server refused fresh sessions once more, 5.1 s after ready",
        "unsure",
    ),
    "a command caused an outage": (
        commanded,
        without_outage,
        "no outage was seen: no start of the server, no session ended, none refused",
        "void",
    ),
    "the server started anew": (
        outage,
        lambda: outage(server_after="2026-01-01T09:00:00.000123Z"),
        "expected a start of the server: its start did not move",
        "void",
    ),
    "the server did not start anew": (
        lambda: outage(fault="freeze"),
        lambda: outage(fault="freeze", moves=True, named=False),
        "expected the same server: its start moved",
        "unsure",
    ),
    "the server's start is known": (
        outage,
        lambda: outage(server_after=""),
        "the server's start time is not known before and after the fault",
        "unsure",
    ),
    "the server's log was read": (
        outage,
        lambda: outage(without=(LogLine,)),
        "the server's log was not read: it tells of no start",
        "unsure",
    ),
    "the containers were looked at": (
        outage,
        lambda: outage(without=(Container,)),
        "the containers were not looked at before the fault and after",
        "unsure",
    ),
    "the application's container was looked at": (
        application,
        lambda: application(starts=("one",)),
        "the application's container was not looked at before the fault and after",
        "unsure",
    ),
    "fresh sessions were tried all along": (
        outage,
        lambda: outage(drop=unprobed(0.1, 2.5)),
        "no fresh session was tried for 2.4 s",
        "unsure",
    ),
    "no session reads on through a fault that cuts it": (
        outage,
        lambda: outage(lost_s=0.9, recovered_s=0.9),
        "established sessions read on through the fault: adopted",
        "void",
    ),
    "nor through a frozen server, whose sessions outlive it": (
        lambda: outage(fault="freeze", keeps_session_s=NEVER, added=[(0.52, "ok", 1.0)]),
        lambda: outage(fault="freeze", keeps_session_s=NEVER, added=[(0.52, "ok", 0.5)]),
        "established sessions read on through the fault: adopted",
        "void",
    ),
    "some read was due": (
        outage,
        lambda: outage(begin_s=9.0),
        "no read was due for 9.0 s: its schedule was not kept",
        "unsure",
    ),
    "there was a steady state of ten good reads": (
        lambda: outage(begin_s=-0.55),
        lambda: outage(begin_s=-0.45),
        "no steady state before",
        "void",
    ),
    "no read before the fault was bad": (
        outage,
        lambda: with_read(outage(), -1.02, "failed"),
        "no steady state before: 1 of 41 reads not good",
        "void",
    ),
    "no read before the fault waited long": (
        lambda: with_read(outage(), -1.52, "ok", 0.9),
        lambda: with_read(outage(), -1.52, "ok", 1.2),
        "no steady state before: 1 of 41 reads not good",
        "void",
    ),
    "System Health was up before": (
        application,
        lambda: application(health_red_s=-1.0),
        "no steady state before: System Health said down",
        "void",
    ),
    "a cell met the outage": (
        outage,
        lambda: idle(fault="freeze", part="subject"),
        "it met nothing: no read was due in the fault, or delayed, no session cut",
        "unsure",
    ),
    "a subject is watched to its limit": (
        outage,
        lambda: outage(recovered_s=NEVER),
        "censored 7.0 s after ready, before 120 s",
        "unsure",
    ),
    "and its System Health": (
        application,
        lambda: application(health_up_s=NEVER, waived=["readiness returns"]),
        "censored 7.0 s after ready, before 120 s",
        "unsure",
    ),
    "a control is watched for 15 s": (
        control,
        lambda: control(end_s=16.5),
        "censored 14.5 s after ready, before 15 s",
        "unsure",
    ),
    "a control breaks its rule": (
        control,
        lambda: control(recovered_s=2.1),
        "the control did not break its rule: recovers",
        "unbroken",
    ),
    "an idle control breaks its rule": (
        lambda: idle(contender="naive", first_outcome="failed"),
        lambda: idle(contender="naive"),
        "the control did not break its rule: first reads",
        "unbroken",
    ),
    "a control's rule is one": (
        control,
        lambda: control(part="control: recovrs"),
        "the control did not break its rule: recovrs",
        "unbroken",
    ),
    "it is watched for 5 s after recovery": (
        lambda: outage(end_s=7.2),
        lambda: outage(end_s=7.0),
        "watched for 4.9 s after recovery, wanted 5 s",
        "unsure",
    ),
    "and for 5 s after its System Health": (
        lambda: application(end_s=7.7),
        lambda: application(end_s=7.2),
        "watched for 4.7 s after recovery, wanted 5 s",
        "unsure",
    ),
    "each read has an end": (
        outage,
        lambda: with_read(outage(), 8.93, "endless"),
        "1 reads still under way at the record's end",
        "unsure",
    ),
    "each missed read's wait is known": (
        outage,
        lambda: with_read(outage(), 8.96, "missed"),
        "1 reads still under way at the record's end",
        "unsure",
    ),
    "a fresh job reads in new sessions": (
        fresh,
        lambda: fresh(anew=False, backends=(71,)),
        "its sessions were not new: 177 of 179 good reads had an old one",
        "unsure",
    ),
    "a fresh job meets the fault": (
        fresh,
        lambda: fresh(lost_s=1.3, gap=(1.3, 2.06)),
        "it met nothing: no read was due in the fault, or delayed, no session cut",
        "unsure",
    ),
    "a fresh job was steady before": (
        fresh,
        lambda: fresh(begin_s=-0.4),
        "no steady state before",
        "void",
    ),
    "a cold client's process was seen to start": (
        cold,
        lambda: cold(born_s=None),
        "its process is not shown to have started in the fault",
        "void",
    ),
    "a cold client started in the fault, not before it": (
        cold,
        lambda: cold(born_s=0.19),
        "its process was not started in the fault, but 0.190 s after it was asked for",
        "void",
    ),
    "a cold client started in the fault, not after it": (
        cold,
        lambda: cold(born_s=1.21, begin_s=1.3),
        "its process was not started in the fault, but 1.210 s after it was asked for",
        "void",
    ),
    "a cold client reads once it is there": (
        cold,
        lambda: cold(begin_s=0.45),
        "1 reads before its process was started",
        "void",
    ),
    "a cold client reads": (
        cold,
        lambda: cold(begin_s=NEVER),
        "no read was due",
        "unsure",
    ),
    "a cold client reads while the database is away": (
        cold,
        lambda: cold(begin_s=2.01),
        "it met nothing: no read was due in the fault, or delayed, no session cut",
        "unsure",
    ),
    "a cold client reads on": (
        cold,
        lambda: cold(gap=(4.0, 6.0)),
        "no read was due for 2.0 s: its schedule was not kept",
        "unsure",
    ),
    "a crowd is twice what its pool serves": (
        crowd,
        lambda: crowd(readers=29),
        "no crowd: 29 readers, its pool serves 15",
        "unsure",
    ),
    "a crowd is twice its workers where no limit is told": (
        lambda: crowd(readers=8, most=0),
        lambda: crowd(readers=7, most=0),
        "no crowd: 7 readers, its pool serves 4",
        "unsure",
    ),
    "a crowd waits in its pool where nobody is answered": (
        lambda: silent_crowd(1.0),
        lambda: silent_crowd(0.74),
        "no crowd: never over 15 reads at once, its pool serves 15",
        "unsure",
    ),
    "the idle pool is asked": (
        idle,
        lambda: idle(without=(Warmed,)),
        "the idle pool was not asked after ready: 0 of its first 0 reads",
        "unsure",
    ),
    "the idle pool is asked after ready": (
        idle,
        lambda: idle(released_s=1.9),
        "the idle pool was not asked after ready: 0 of its first 5 reads",
        "unsure",
    ),
    "the idle pool is asked for all it held": (
        idle,
        lambda: idle(first=3, gap=(4.0, NEVER)),
        "the idle pool was not asked after ready: 3 of its first 5 reads",
        "unsure",
    ),
    "the idle pool is left alone for 3 s after ready": (
        idle,
        lambda: idle(released_s=4.755),
        "the idle pool was left alone for 2.75 s after ready, wanted 3 s",
        "unsure",
    ),
    "also a control's": (
        lambda: idle(contender="naive", first_outcome="failed"),
        lambda: idle(contender="naive", first_outcome="failed", released_s=4.755),
        "the idle pool was left alone for 2.75 s after ready, wanted 3 s",
        "unsure",
    ),
    "nobody uses the idle pool before it is asked": (
        idle,
        lambda: with_read(idle(), 3.0, "ok"),
        "the idle pool was not left alone: 1 reads before it was asked",
        "unsure",
    ),
    "the idle pool is watched for 5 s": (
        lambda: idle(end_s=10.1),
        lambda: idle(end_s=9.9),
        "watched for 4.9 s after the idle pool was asked, wanted 5 s",
        "unsure",
    ),
    "the recorder keeps its schedule": (
        lambda: outage(late_s=0.019),
        lambda: outage(late_s=0.021),
        "the recorder missed its schedule: 220 of 220 reads began late",
        "late",
    ),
    "the recorder keeps it in all but 5 %": (
        lambda: outage(late=10),
        lambda: outage(late=12),
        "the recorder missed its schedule: 12 of 220 reads began late",
        "late",
    ),
    "a solo outage's recorder keeps it in all but 2 %": (
        lambda: outage(late=4, solo="adopted"),
        lambda: outage(late=5, solo="adopted"),
        "the recorder missed its schedule: 5 of 220 reads began late",
        "late",
    ),
    "reads are due all the time": (
        lambda: outage(gap=(6.0, 7.0)),
        lambda: outage(gap=(6.0, 7.2)),
        "no read was due for 1.2 s: its schedule was not kept",
        "unsure",
    ),
    "reads are due to the end": (
        outage,
        lambda: outage(gap=(7.7, 9.0)),
        "no read was due for 1.4 s: its schedule was not kept",
        "unsure",
    ),
    "each read's begin is there": (
        outage,
        lambda: unrecorded(Began),
        "1 reads are missing from the record",
        "unsure",
    ),
    "each read is there": (
        outage,
        lambda: unrecorded(Began, Ended),
        "1 reads are missing from the record",
        "unsure",
    ),
    "the pool was looked at": (
        outage,
        lambda: outage(looks=((5, 0),)),
        "its pool was not looked at before and after",
        "unsure",
    ),
    "its connections were counted": (
        lambda: outage(uncounted=(2.0, 3.6)),
        lambda: outage(uncounted=(2.0, 3.95)),
        "its connections were not counted for 2.2 s",
        "unsure",
    ),
    "the application's connections were counted": (
        lambda: application(uncounted=(7.2, 99.0)),
        lambda: application(uncounted=(-3.0, 99.0)),
        "its connections were not counted for 7.0 s",
        "unsure",
    ),
    "liveness was probed": (
        application,
        lambda: application(without=(Live,)),
        "no liveness probe was made for 9.0 s",
        "unsure",
    ),
    "System Health was asked": (
        application,
        lambda: application(without=(Health,)),
        "System Health was not asked for 9.0 s",
        "unsure",
    ),
}


@pytest.mark.parametrize("told", TABLE)
def test_no_cause_no_doubt(told: str) -> None:
    """The golden history of each is passed."""
    cell = TABLE[told][0]().cell()
    assert ("passed", []) == (cell.verdict, cell.doubts), (cell.failures, cell.doubts)


@pytest.mark.parametrize("told", TABLE)
def test_doubt_is_named(told: str) -> None:
    """Its neighbour is inconclusive, for a doubt of a kind, in words."""
    _, make, said, kind = TABLE[told]
    cell = make().cell()
    assert "inconclusive" == cell.verdict, (cell.failures, cell.doubts)
    found = [doubt.kind for doubt in cell.doubts if doubt.said == said]
    assert [kind] == found, cell.doubts


LATER = {"unsure": "failed", "late": "failed", "void": "inconclusive"}


@pytest.mark.parametrize(
    "told",
    [
        "the outage is recorded to its end",
        "the fault has landed",
        "the fault is gone",
        "the server started anew",
        "no helper had trouble",
        "no read before the fault was bad",
        "each missed read's wait is known",
        "the recorder keeps its schedule",
        "reads are due all the time",
        "the pool was looked at",
    ],
)
def test_what_was_observed_to_fail_is_failed_whatever_is_in_doubt(told: str) -> None:
    """Unless the fault did not land or the steady state was missing."""
    _, make, _, kind = TABLE[told]
    assert LATER[kind] == with_read(make(), 7.33, "failed").cell().verdict


def test_fault_that_delays_gives_fresh_sessions_as_much_longer() -> None:
    """A probe that takes 3 s by the fault's own word is no blind spot."""
    slow = Effects(cuts="none", delays_s=3.0)
    script = with_read(untouched(effects=slow, drop=unprobed(0.1, 2.5)), 0.22, "ok", 1.3)
    assert "passed" == script.cell().verdict


def test_crowd_need_not_wait_where_its_sessions_are_ended() -> None:
    """Its reads fail at once, while a probe of the server's address gets no answer."""
    silent = {"bad_probe": "timed out", "ready_s": 4.0, "recovered_s": 4.1, "end_s": 11.0}
    assert "passed" == crowd(health_up_s=4.5, **silent).cell().verdict


@pytest.mark.parametrize("told", ["the outage is recorded to its end", "the fault has landed"])
def test_outages_doubts_stand_at_the_outage_too(told: str) -> None:
    """For the report, and for a run of references alone."""
    _, make, said, _ = TABLE[told]
    assert any(said in doubt.said for doubt in make().judged().doubts)


def test_cell_without_any_data_is_inconclusive() -> None:
    """No record at all is a planned outage that proves nothing."""
    judged = outage(without=(object,)).judged()
    assert "inconclusive" == judged.verdict
    assert {"inconclusive"} == {cell.verdict for cell in judged.cells}


def test_reads_of_the_outage_before_are_no_doubt() -> None:
    """Contenders are kept through outages: a read of then may end now."""
    script = outage()
    late = Reads().read(0, -1.5, "failed")[1]
    script.extra.append(late)
    assert "passed" == script.cell().verdict


def test_meter_that_ended_with_the_application_is_no_doubt() -> None:
    """A command that restarts the application ends what measures it there."""
    told = Event(at=ORIGIN + 2.5, action="kill", role="application")
    script = application(fault="command", moves=True, uncounted=(2.5, 99.0), extra=[told])
    assert not any("not counted" in doubt.said for doubt in script.cell().doubts)


def test_older_run_is_not_asked_for_its_connections() -> None:
    """Nobody counted then."""
    assert "passed" == outage(metered=False, without=(Usage,)).cell().verdict

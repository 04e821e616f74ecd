"""Doubts and promises at their bounds: exactly there, and a hair beyond."""

from collections.abc import Callable

import msgspec
import pytest

from recovery_lab.faults.base import Effects
from recovery_lab.judge import measures
from recovery_lab.judge.case import Seen
from recovery_lab.judge.verdict import judge_outage
from recovery_lab.record.history import (
    AnyRecord,
    Event,
    Health,
    Live,
    LogLine,
    Mark,
    Probe,
    Warmed,
)
from recovery_lab.target import Health as HealthProbe
from tests.unit.recovery_lab.histories import (
    NEVER,
    ORIGIN,
    Reads,
    Script,
    application,
    idle,
    outage,
    probe,
    untouched,
    with_read,
)

HAIR = 2.0**-20
Drop = Callable[[AnyRecord], bool]


def marked(script: Script, name: str, at: float) -> Script:
    """Move one of the runner's marks to an instant of the record's clock."""
    script.drop = lambda record: (
        isinstance(record, Mark) and record.name == name and record.at != at
    )
    script.extra.append(Mark(at=at, name=name))
    return script


def late_at(script: Script) -> float:
    """Return ready's late end."""
    found = measures.ready(script.history())
    assert found is not None
    return found.late_at


def recovered_at(script: Script) -> float:
    """Return when a script's first cell had recovered."""
    return Seen(script.info(), script.history()).cases[0].recovered_at or 0.0


def between(kind: type, begin_s: float, end_s: float) -> Drop:
    """Tell the records of a kind that began between two instants."""
    return lambda r: isinstance(r, kind) and begin_s < r.started_at - ORIGIN < end_s


def released(after_s: float, **changed: object) -> Script:
    """Return an idle pool's outage, asked so long after ready's late end."""
    script = idle(**changed)
    return marked(script, measures.RELEASED, late_at(script) + after_s)


def stopped(script: Script, after_s: float) -> Script:
    """Let nothing be due any more so long after the recovery."""
    return marked(script, measures.STOPPED, recovered_at(script) + after_s)


def refused_again(after_s: float) -> Script:
    """Return an outage after which a session is refused once more."""
    script = outage()
    at = late_at(script) + after_s
    script.extra = [Probe(started_at=at, ended_at=at, ok=False)]
    return script


def log_from(at_s: float) -> Script:
    """Return an outage of which the server's log has one line."""
    one = outage().log("LOG", "00001", at_s=at_s)
    return outage(drop=lambda r: isinstance(r, LogLine) and r.sqlstate != "00001", extra=[one])


def read_through(at: float, end_at: float) -> Script:
    """Return a frozen server's outage in which a session from before answered."""
    script = outage(fault="freeze", keeps_session_s=NEVER)
    return with_read(script, at - ORIGIN, "ok", end_at - at)


LANDED_AT, HEALING_AT = ORIGIN + 0.2, ORIGIN + 1.2

# At the bound, a hair beyond it, what is then said.
DOUBTS: dict[str, tuple[Script, Script, str]] = {
    "the idle pool is left alone for 3 s": (
        released(3.0),
        released(3.0 - HAIR),
        "the idle pool was left alone for 3.00 s after ready, wanted 3 s",
    ),
    "and not asked as ready comes": (
        released(3.0),
        released(0.0),
        "the idle pool was left alone for 0.00 s after ready, wanted 3 s",
    ),
    "nobody uses it before it is asked": (
        with_read(idle(released_s=5.25), 5.25, "ok"),
        with_read(idle(released_s=5.25), 5.25 - HAIR, "ok"),
        "the idle pool was not left alone: 1 reads before it was asked",
    ),
    "all that an idle pool held is asked": (
        idle(backends=(71,), first=1),
        idle(backends=(71,), first=0, gap=(4.0, NEVER)),
        "the idle pool was not asked after ready: 0 of its first 1 reads",
    ),
    "a subject is watched for 5 s": (
        stopped(outage(), 5.0),
        stopped(outage(), 5.0 - HAIR),
        "watched for 5.0 s after recovery, wanted 5 s",
    ),
    "ten good reads come before": (
        outage(begin_s=-0.5),
        outage(begin_s=-0.45),
        "no steady state before",
    ),
    "5 % may begin late": (
        outage(late=11),
        outage(late=12),
        "the recorder missed its schedule: 12 of 220 reads began late",
    ),
    "and 2 % of one alone": (
        outage(begin_s=-1.0, late=4, solo="adopted"),
        outage(begin_s=-1.0, late=5, solo="adopted"),
        "the recorder missed its schedule: 5 of 200 reads began late",
    ),
    "reads may be due two of their spaces later than a second": (
        outage(reads_per_s=0.5, gap=(6.02, 7.98)),
        outage(reads_per_s=0.5, gap=(6.02, 8.02)),
        "no read was due for 2.0 s: its schedule was not kept",
    ),
    "not three of them": (
        outage(gap=(6.02, 7.0)),
        with_read(outage(gap=(6.02, 7.18)), 7.125, "ok"),
        "no read was due for 1.1 s: its schedule was not kept",
    ),
    "a fresh session is tried every 2 s": (
        untouched(drop=between(Probe, 1.01, 2.99)),
        untouched(drop=between(Probe, 1.01, 3.01)),
        "no fresh session was tried for 2.0 s",
    ),
    "System Health is asked every 5 s": (
        application(drop=between(Health, 3.02, 7.98)),
        application(drop=between(Health, 3.02, 8.02)),
        "System Health was not asked for 5.1 s",
    ),
    "liveness is probed every 5 s": (
        application(drop=between(Live, 2.5, 6.5)),
        application(drop=between(Live, 2.5, 7.5)),
        "no liveness probe was made for 6.0 s",
    ),
    "the server stays from ready's late end on": (
        outage(),
        refused_again(0.0),
        "the server refused fresh sessions once more, 0.0 s after ready",
    ),
    "the server's log tells of the fault": (
        log_from(0.0),
        log_from(-HAIR),
        "the server's log was not read: it tells of no start",
    ),
    "a session from before may answer as the fault lands": (
        read_through(LANDED_AT, ORIGIN + 0.5),
        read_through(LANDED_AT + HAIR, ORIGIN + 0.5),
        "established sessions read on through the fault: adopted",
    ),
    "and as it is healed": (
        read_through(ORIGIN + 0.5, HEALING_AT),
        read_through(ORIGIN + 0.5, HEALING_AT - HAIR),
        "established sessions read on through the fault: adopted",
    ),
    "System Health says something before the fault": (
        application(drop=between(Health, -1.95, 0.05)),
        application(drop=between(Health, -3.0, 0.05)),
        "no steady state before: System Health said nothing",
    ),
}


@pytest.mark.parametrize("told", DOUBTS)
def test_doubt_begins_beyond_its_bound(told: str) -> None:
    """Each bound belongs to what is in order."""
    within, beyond, said = DOUBTS[told]
    assert [] == within.cell().doubts
    assert said in [doubt.said for doubt in beyond.cell().doubts], beyond.cell().doubts


def test_all_doubts_of_an_outage_are_told_in_the_order_of_their_asking() -> None:
    """First how the fault landed, then what the record is blind for, then the cell's own."""
    script = application(
        complete=False,
        trouble="the disk is full",
        steps=(),
        starts=(),
        looks=(),
        without=(Probe, Health, Live, LogLine),
    )
    assert [
        ("unsure", "the disk is full"),
        ("unsure", "the outage was not recorded to its end"),
        ("void", "no fault was asked for"),
        ("void", "the fault is not shown to have landed"),
        ("unsure", "the fault is not shown to be gone"),
        ("unsure", "the server was not seen ready again"),
        ("unsure", "the server's start time is not known before and after the fault"),
        ("unsure", "the server's log was not read: it tells of no start"),
        ("unsure", "the containers were not looked at before the fault and after"),
    ] == [(doubt.kind, doubt.said) for doubt in script.judged().doubts]
    own = script.cell().doubts[len(script.judged().doubts) :]
    assert [
        ("void", "no steady state before"),
        ("unsure", "it met nothing: no read was due in the fault, or delayed, no session cut"),
        ("unsure", "censored 0.0 s after ready, before 120 s"),
        ("unsure", "its pool was not looked at before and after"),
        ("unsure", "the application's container was not looked at before the fault and after"),
    ] == [(doubt.kind, doubt.said) for doubt in own]


def test_cell_without_reads_says_so() -> None:
    """Beside the schedule that was not kept."""
    told = [(doubt.kind, doubt.said) for doubt in outage(begin_s=9.0).cell().doubts]
    assert ("unsure", "no read was due") in told


def test_what_is_no_contenders_own_is_no_doubt_of_it() -> None:
    """Probes are the application's; and an answer as the fault comes in is none of before."""
    assert [] == outage(without=(Live, Health)).cell().doubts
    down = Health(started_at=ORIGIN, ended_at=ORIGIN, status="down")
    assert [] == application(extra=[down]).cell().doubts


def test_slow_schedule_is_kept_by_its_own_spaces() -> None:
    """Four readers of whom each reads every 10 s: two of their spaces are 5 s."""
    assert [] == outage(reads_per_s=0.1, gap=(3.0, 7.0)).cell().doubts


def test_control_is_back_by_its_reads_alone() -> None:
    """It broke no rule, which is one doubt; that System Health is missing is none of its own."""
    script = application(part="control: recovers", health_up_s=NEVER, end_s=6.0)
    assert ["the control did not break its rule: recovers"] == [
        doubt.said for doubt in script.cell().doubts
    ]


def answered(script: Script, red: Callable[[float], bool], outage_from: float = NEVER) -> Script:
    """Let System Health answer every 1/8 s, in no time, red by an instant of its own."""
    own = [
        Health(
            started_at=at,
            ended_at=at,
            status="down" if red(at) else "up",
            last_outage="now" if at >= outage_from else "",
        )
        for at in (ORIGIN + step / 8 for step in range(-16, 104))
    ]
    script.drop = lambda record: isinstance(record, Health) and bool(record.policy)
    script.extra = [Event(at=ORIGIN, action="die"), *own]
    return script


def test_container_that_was_started_before_the_fault_landed_gives_the_same_pids_again() -> None:
    """A session from before has ended with it: who answers by its pid is another one."""
    for start_s, doubts in ((0.15, 0), (0.25, 1)):
        script = read_through(ORIGIN + 0.5, ORIGIN + 0.75)
        script.extra.append(Event(at=ORIGIN + start_s, action="start"))
        found = [doubt.said for doubt in script.judged().doubts]
        assert doubts == sum("read on through the fault" in said for said in found), found


def falls(red: Callable[[float], bool], ready_s: float = 6.0, **more: float) -> list[str]:
    """Return what the rule about readiness says of a loss at the instant of the fault."""
    script = application(lost_s=0.0, ready_s=ready_s, recovered_s=6.1, end_s=13.0)
    cell = answered(script, red, **more).cell()
    return [one.said for one in cell.failures if one.rule == "readiness falls"]


def test_readiness_falls_within_its_bound() -> None:
    """2.5 s after the loss is in time; and a red answer at the loss itself is of it."""
    assert [] == falls(lambda at: ORIGIN + 2.5 <= at < ORIGIN + 6.5)
    assert ["readiness red 2.625 s after the loss, bound 2.5 s"] == falls(
        lambda at: ORIGIN + 2.625 <= at < ORIGIN + 6.5
    )
    assert [] == falls(lambda at: at == ORIGIN)
    assert ["readiness red never, bound 2.5 s"] == falls(lambda at: at < ORIGIN)


def test_loss_as_long_as_the_bound_may_stand_in_the_last_outage() -> None:
    """Readiness need not turn red for it; what stood there before the loss tells nothing."""
    told = "a loss of 2.500 s stands in no last outage, and readiness was not red within 2.5 s"
    never = lambda _: False  # noqa: E731
    assert [told] == falls(never, ready_s=2.51)
    assert [] == falls(never, ready_s=2.51, outage_from=ORIGIN)
    assert [told] == falls(never, ready_s=2.51, outage_from=ORIGIN - 0.125)
    assert ["readiness red never, bound 2.5 s"] == falls(never, ready_s=2.53)


def test_readiness_is_noticed_by_the_intervals_that_the_target_declares() -> None:
    """Interval, deadline and half a second: 4 + 2 + 0.5 s."""
    script = application(ready_s=8.0, recovered_s=8.1, health_red_s=NEVER, end_s=15.0)
    slow = HealthProbe(path="/health", interval_s=4.0, deadline_s=2.0)
    info = msgspec.structs.replace(script.info(), health=slow)
    failures = judge_outage(info, script.history()).cells[0].failures
    said = {one.rule: one.said for one in failures}
    assert "readiness red never, bound 6.5 s" == said["readiness falls"]
    assert said["no false green"].endswith(", bound 6.5 s")


def test_readiness_is_of_the_application_and_of_a_cut() -> None:
    """No other contender has System Health, and what cuts nobody turns nothing red."""
    readiness = {"readiness falls", "no false green", "readiness returns"}
    assert readiness <= set(application().cell().rules)
    assert not readiness & set(outage().cell().rules)
    assert not readiness & set(untouched(contender="dashboard").cell().rules)


@pytest.mark.parametrize(("more_s", "verdict"), [(0.0, "passed"), (-0.001, "failed")])
def test_recovery_at_the_limit_is_within_it(more_s: float, verdict: str) -> None:
    """It fails beyond."""
    lag_s = outage(recovered_s=6.0, end_s=12.0).cell().figures.recovery_lag_s
    script = outage(recovered_s=6.0, end_s=12.0, limit_s=lag_s + more_s)
    assert verdict == script.cell().verdict


@pytest.mark.parametrize(("more_s", "verdict"), [(0.0, "failed"), (0.001, "inconclusive")])
def test_cell_is_censored_that_was_watched_to_its_limit(more_s: float, verdict: str) -> None:
    """Not one that was watched for less."""
    script = outage(recovered_s=NEVER)
    seen = Seen(script.info(), script.history())
    script.limit_s = seen.after_ready_s(seen.stopped_at) + more_s
    assert verdict == script.cell().verdict


@pytest.mark.parametrize(
    ("begin_at", "took_s", "said"),
    [
        (ORIGIN + 1.0, 3.0, []),
        (
            ORIGIN + 1.0,
            3.0 + HAIR,
            ["1 of 11 liveness probes not good, the first at 1.000 s"],
        ),
        (ORIGIN - 4.0, 4.0, ["1 of 11 liveness probes not good, the first at -4.000 s"]),
        (ORIGIN - 4.0, 4.0 - HAIR, []),
    ],
)
def test_liveness_answers_within_3_s_of_each_probe_that_ended_in_the_outage(
    begin_at: float, took_s: float, said: list[str]
) -> None:
    """What ended before it was asked for is none of its own."""
    one = Live(started_at=begin_at, ended_at=begin_at + took_s, ok=True)
    cell = application(extra=[one]).cell()
    assert said == [failure.said for failure in cell.failures]


def test_hurt_reads_are_told_by_kind_and_by_their_waits() -> None:
    """First the failed and hung, then who waited long, and how many of them without end."""
    script = outage(gap=(7.0, 9.0), closed_s=19.0)
    for at_s, outcome, took_s in (
        (7.0, "failed", 0.1),
        (7.1, "endless", 0.0),
        (7.2, "ok", 1.5),
        (7.3, "missed", 0.0),
        (8.9, "missed", 0.0),
    ):
        with_read(script, at_s, outcome, took_s)
    assert [
        (
            "4 reads relapsed after recovery: connection_lost 1, hung 1; "
            "2 waited over 1 s, longest wait 1.500 s, some without end"
        )
    ] == [failure.said for failure in script.cell().failures]


def test_waits_of_which_none_has_an_end_have_no_longest() -> None:
    """It is written as nothing, beside the word that says so."""
    script = with_read(with_read(outage(gap=(7.0, 9.0)), 7.0, "missed"), 8.9, "missed")
    assert [
        "1 reads relapsed after recovery: 1 waited over 1 s, longest wait 0.000 s, some without end"
    ] == [failure.said for failure in script.cell().failures]


def test_refused_session_before_ready_is_no_second_refusal() -> None:
    """The bracket's late end parts them."""
    assert [] == outage(extra=[probe(1.0, "refused")]).cell().doubts


def test_system_health_that_was_asked_every_5_s_and_not_green_is_seen_to_be_red() -> None:
    """Only a longer silence is a doubt instead."""
    for end_s, rules in ((7.98, {"readiness returns"}), (8.02, set())):
        script = application(health_up_s=NEVER, drop=between(Health, 3.02, end_s))
        assert rules == {failure.rule for failure in script.cell().failures}


def test_all_whose_sessions_read_on_are_named() -> None:
    """In the order of their names; and a fault that cuts only the established cuts them too."""
    told = "established sessions read on through the fault: adopted, naive"
    for effects in (Effects(cuts="both"), Effects(cuts="established")):
        script = read_through(ORIGIN + 0.5, ORIGIN + 0.75)
        script.effects = effects
        added = list(script.cells[0].added)
        script.cells.append(Reads(contender="naive", keeps_session_s=NEVER, added=added))
        assert told in [doubt.said for doubt in script.judged().doubts]


@pytest.mark.parametrize("step", ["landed", "healing"])
def test_nobody_reads_on_through_a_fault_of_unknown_length(step: str) -> None:
    """When it was in is not known: that is a doubt of its own, or none."""
    script = read_through(ORIGIN + 0.5, ORIGIN + 0.75)
    script.steps = tuple(name for name in script.steps if name != step)
    assert not [doubt for doubt in script.judged().doubts if "read on" in doubt.said]


def test_reference_is_in_no_doubt_of_its_own() -> None:
    """It is shown, whatever its recorder missed."""
    script = outage(part="reference", late=100, looks=(), gap=(5.0, 8.0))
    assert [] == script.cell().doubts


@pytest.mark.parametrize(("pid", "read_on"), [(71, True), (1, True), (0, False)])
def test_session_is_known_by_its_reads_or_by_its_warm_pool(pid: int, read_on: bool) -> None:
    """Either is enough; an answer without a backend's number tells of none."""
    for changes in ({"without": (Warmed,)}, {"begin_s": 3.0}):
        script = read_through(ORIGIN + 0.5, ORIGIN + 0.75)
        script.cells[0].backends = (pid,)
        script.cells[0].begin_s = changes.get("begin_s", -2.0)
        script.without = changes.get("without", ())
        assert read_on is any("read on" in doubt.said for doubt in script.judged().doubts)

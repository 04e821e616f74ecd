"""Accounts, cases and verdicts at their bounds, and by their whole figures."""

import pytest

from recovery_lab.judge.account import Read, Tally, account, bad_kinds, lost_reads, waits
from recovery_lab.judge.case import Case, Seen
from recovery_lab.judge.verdict import judge_cell, judge_outage
from recovery_lab.record.history import (
    AnyRecord,
    Began,
    Container,
    Ended,
    Event,
    FaultEvent,
    Health,
    History,
    Look,
    Mark,
    Missed,
    Probe,
    Warmed,
)
from tests.unit.recovery_lab.histories import (
    NEVER,
    ORIGIN,
    Script,
    application,
    idle,
    outage,
    untouched,
    with_read,
)

HAIR = 2.0**-20
WHO = {"contender": "adopted", "job": "steady"}


def began(op: int, due_at: float = 1.0) -> Began:
    """Return a read's begin, a moment after it was due."""
    return Began(op=op, due_at=due_at, started_at=due_at + 0.25, **WHO)


def ended(op: int, at: float = 2.0, outcome: str = "ok", **told: object) -> Ended:
    """Return a read's end."""
    return Ended(op=op, at=at, outcome=outcome, **WHO, **told)


def test_read_keeps_all_that_its_records_say() -> None:
    """Its instants, what the user felt, and what the contender said of it."""
    told = {"kind": "timeout", "message": "no answer", "operation_id": "a1", "backend_pid": 71}
    both = account([began(1), ended(1, outcome="error", **told)], 10.0, 50.0)
    assert [
        Read(
            due_at=1.0,
            started_at=1.25,
            ended_at=2.0,
            outcome="failed",
            wait_s=None,
            least_s=1.0,
            **told,
        )
    ] == both
    assert [
        Read(due_at=1.0, started_at=1.25, outcome="unfinished", wait_s=None, least_s=4.0)
    ] == account([began(1)], 10.0, 5.0)


def test_reads_without_a_word_have_none() -> None:
    """What a missed read does not have stands as nothing."""
    only = account([Missed(due_at=1.0, **WHO), began(1, 3.0)], 10.0, 5.0)[0]
    assert Read(due_at=1.0, outcome="missed", least_s=2.0) == only
    assert (None, None, "", "", "", 0) == (
        only.started_at,
        only.ended_at,
        only.kind,
        only.message,
        only.operation_id,
        only.backend_pid,
    )


@pytest.mark.parametrize(("took_s", "outcome"), [(10.0, "ok"), (10.0 + HAIR, "hung")])
def test_read_that_ends_at_its_bound_is_no_hung_one(took_s: float, outcome: str) -> None:
    """It is hung beyond."""
    records = [began(1, 4.0), ended(1, 4.0 + took_s)]
    assert outcome == account(records, 10.0, 50.0)[0].outcome


@pytest.mark.parametrize(("wait_s", "hurt"), [(1.0, False), (1.0 + HAIR, True)])
def test_wait_of_a_second_is_not_long(wait_s: float, hurt: bool) -> None:
    """Only one that is longer."""
    assert hurt is Read(due_at=0.0, outcome="ok", wait_s=wait_s, least_s=wait_s).hurt


@pytest.mark.parametrize(("started_at", "late"), [(0.02, False), (0.0201, True), (None, False)])
def test_start_is_late_after_20_ms(started_at: float | None, late: bool) -> None:
    """A read that was never sent began neither late nor in time."""
    assert late is Read(due_at=0.0, outcome="ok", started_at=started_at).late


@pytest.mark.parametrize(
    ("records", "lost"),
    [
        ([], 0),
        ([began(5)], 0),
        ([began(5), ended(5), began(6)], 0),
        ([began(5), began(8)], 2),
        ([began(5), ended(7)], 2),
        ([began(5), ended(4)], 0),  # of another outage
        ([ended(7)], 0),
        ([Missed(due_at=1.0, **WHO)], 0),
    ],
)
def test_lost_reads_are_the_numbers_without_a_begin(records: list[AnyRecord], lost: int) -> None:
    """From the first begin on."""
    assert lost == lost_reads(records)


def test_tally_adds_up() -> None:
    """Five outcomes; those that have a wait are the good, the missed and the hung."""
    counted = Tally(ok=1, failed=2, hung=4, missed=8, unfinished=16)
    assert (31, 6, 13) == (counted.due, counted.bad, counted.waited)


def test_quantiles_are_of_the_nearest_rank_to_the_microsecond() -> None:
    """Of two waits the median is the first, of three the second."""
    taken = [Read(due_at=0.0, outcome="ok", wait_s=s) for s in (0.30000049, 0.1, 0.20000051)]
    found = waits(taken)
    assert (3, 0.200001, 0.3, 0.3) == (found.count, found.p50_s, found.p99_s, found.longest_s)
    assert 0.1 == waits(taken[:2]).p50_s
    many = [Read(due_at=0.0, outcome="ok", wait_s=float(s)) for s in range(1, 201)]
    assert (100.0, 198.0, 200.0) == (
        waits(many).p50_s,
        waits(many).p99_s,
        waits(many).longest_s,
    )


def test_only_bad_reads_have_kinds() -> None:
    """In the order of their names; one without a kind goes by its outcome."""
    reads = [
        Read(due_at=0.0, outcome="failed", kind="refused"),
        Read(due_at=0.0, outcome="failed"),
        Read(due_at=0.0, outcome="hung"),
        Read(due_at=0.0, outcome="ok", kind="none"),
    ]
    assert [("failed", 1), ("hung", 1), ("refused", 1)] == list(bad_kinds(reads).items())


def case(script: Script) -> Case:
    """Return a script's first cell as a case."""
    return Seen(script.info(), script.history()).cases[0]


def test_reads_are_parted_at_the_fault_and_at_readys_late_end() -> None:
    """Each instant belongs to what it begins."""
    one = case(outage())
    ready = one.seen.ready
    assert ready is not None
    script = with_read(outage(begin_s=8.0), 0.0, "failed")
    script.cells[0].added.append((ready.late_at - ORIGIN, "failed", 0.0))
    found = case(script)
    assert [ORIGIN] == [read.due_at for read in found.in_outage()]
    assert ready.late_at == found.after_ready()[0].due_at
    assert [] == found.before()


def test_read_that_was_hurt_at_the_fault_itself_was_not_hurt_before() -> None:
    """A failure that ends as the fault comes in may be its own."""
    for end_s, count in ((-HAIR, 1), (0.0, 0)):
        script = with_read(outage(), -0.5, "failed", 0.5 + end_s)
        assert count == len(case(script).hurt_before())


def test_first_reads_may_be_asked_at_readys_late_end() -> None:
    """Not before it."""
    late_at = case(idle()).seen.ready.late_at
    for at, count in ((late_at, 5), (late_at - HAIR, 0)):
        script = idle(drop=lambda r: isinstance(r, Mark) and r.name == "released")
        records = [*script.records(), Mark(at=at, name="released")]
        seen = Seen(script.info(), History(records))
        assert count == len(seen.cases[0].first_reads)


@pytest.mark.parametrize(
    ("due_at", "met"),
    [
        (ORIGIN + 0.05, True),  # the loss
        (ORIGIN + 0.05 - HAIR, False),
        (ORIGIN + 2.0, True),
        (None, False),  # ready's late end
    ],
)
def test_cell_meets_a_fault_from_its_loss_until_ready(due_at: float | None, met: bool) -> None:
    """A frozen server ends no session: only what was due in it met it."""
    script = outage(fault="freeze", begin_s=8.0)
    seen = case(script).seen
    at = seen.ready.late_at if due_at is None else due_at
    if due_at == ORIGIN + 0.05:
        at = seen.lost_at
    if due_at == ORIGIN + 0.05 - HAIR:
        at = seen.lost_at - HAIR
    with_read(script, at - ORIGIN, "failed")
    assert met is case(script).met


def test_what_is_seen_of_an_outage_before_anything_was() -> None:
    """An empty record begins and ends nowhere, and knows of nothing."""
    script = outage()
    seen = Seen(script.info(), History())
    assert (None, 0.0, None, None, 0.0, 0.0, None, False) == (
        seen.asked_at,
        seen.origin,
        seen.ready,
        seen.lost_at,
        seen.end_at,
        seen.stopped_at,
        seen.away_s,
        seen.restarted,
    )
    assert (None, None, None) == (
        seen.health_at,
        seen.after_asked_s(None),
        seen.after_ready_s(1.0),
    )
    assert 0.0 == seen.silent_s(Health)
    one = seen.cases[0]
    assert (0, set(), [], [], None, False, False) == (
        one.held,
        one.warm_backends,
        one.looks,
        one.reads,
        one.back_at,
        one.was_watched,
        one.met,
    )


@pytest.mark.parametrize(
    ("marks", "end_at", "stopped_at"),
    [
        ({}, 1009.405, 1009.405),
        ({"stopped": 1009.0}, 1009.405, 1009.0),
        ({"stopped": 1009.0, "closed": 1015.0}, 1015.0, 1009.0),
        ({"stopped": 1012.0}, 1012.0, 1012.0),
        ({"closed": 1015.0}, 1015.0, 1015.0),
    ],
)
def test_record_ends_with_its_last_probe_or_mark(marks, end_at, stopped_at) -> None:
    """And where nobody said when the readers stopped, they read to its end."""
    script = outage(drop=lambda r: isinstance(r, Mark) and r.name in ("stopped", "closed"))
    records = [*script.records(), *(Mark(at=at, name=name) for name, at in marks.items())]
    seen = Seen(script.info(), History(records))
    assert (end_at, stopped_at) == pytest.approx((seen.end_at, seen.stopped_at))


def test_instants_are_counted_to_the_microsecond() -> None:
    """From the fault, and from ready's early end."""
    seen = case(outage()).seen
    assert 3.123457 == seen.after_asked_s(ORIGIN + 3.1234567)
    assert 1.143457 == seen.after_ready_s(ORIGIN + 3.1234567)
    assert 1.93 == seen.away_s


@pytest.mark.parametrize(
    ("starts", "restarted"),
    [
        ([("d", "one"), ("d", "one")], False),
        ([("d", "one"), ("d", "two")], True),
        ([("d", "one"), ("e", "one")], True),
        ([], False),
    ],
)
def test_process_is_restarted_by_another_start_or_another_container(starts, restarted) -> None:
    """The database's own container is not asked about."""
    looks = [Container(at=0.0, role="application", id=i, started=at) for i, at in starts]
    looks += [Container(at=0.0, role="database", id="p", started=at) for at in ("x", "y")]
    seen = Seen(outage().info(), History(looks))
    assert (restarted, len(starts), 2) == (
        seen.restarted,
        seen.looked["application"],
        seen.looked["database"],
    )


def test_cell_knows_its_own_pool_and_no_other() -> None:
    """Of another contender, or of its other job, nothing is taken; and the first word counts."""
    records: list[AnyRecord] = []
    for contender, job, pid in (("adopted", "idle", 1), ("naive", "steady", 2)):
        who = {"contender": contender, "job": job}
        records.append(Warmed(at=0.0, wanted=1, checked_in=1, backends=[pid], **who))
        records.append(Look(at=0.0, size=1, checked_in=1, checked_out=0, **who))
    records += [
        Warmed(at=0.0, wanted=2, checked_in=2, backends=[3, 4], **WHO),
        Warmed(at=0.0, wanted=2, checked_in=1, backends=[5], **WHO),
    ]
    one = Seen(outage().info(), History(records)).cases[0]
    assert (2, {3, 4}, []) == (one.held, one.warm_backends, one.looks)


def test_system_health_that_is_not_back_keeps_the_application_from_being_back() -> None:
    """Both must be: the later instant counts, and where one is missing, none."""
    assert ORIGIN + 2.502 == pytest.approx(case(application()).back_at)
    assert ORIGIN + 5.003 == pytest.approx(case(application(recovered_s=5.0)).back_at)
    assert None is case(application(health_up_s=NEVER)).back_at
    assert None is case(application(recovered_s=NEVER)).back_at


def by_hand(at_s: float, role: str = "application", action: str = "kill") -> Event:
    """Return the daemon's word that a container was told to end."""
    return Event(at=ORIGIN + at_s, action=action, role=role)


def test_application_that_was_restarted_is_back_once_it_reads_again() -> None:
    """From the first word after the fault; reads before it are another process'."""
    script = application(end_s=15.0, extra=[by_hand(-0.5), by_hand(6.0), by_hand(6.1)])
    with_read(script, 7.01, "failed")
    one = case(script)
    assert ORIGIN + 6.0 == one.seen.restart_asked_at
    assert ORIGIN + 7.053 == pytest.approx(one.restarted_back_at)
    assert one.restarted_back_at == one.back_at
    judged = script.judged()
    assert (6.0, 1.053) == (judged.restart_asked_s, pytest.approx(judged.restart_lag_s))


def test_application_that_never_reads_again_after_its_restart_has_not_recovered() -> None:
    """Though it had, before that: who restarts it at the end turns nothing green."""
    script = application(end_s=15.0, extra=[by_hand(14.0)])
    assert None is case(script).back_at
    assert {"recovers"} <= {one.rule for one in script.judged().own.failures} or (
        "inconclusive" == script.judged().verdict
    )


@pytest.mark.parametrize(
    "event", [by_hand(6.0, role="database"), by_hand(6.0, action="start"), by_hand(-0.5)]
)
def test_nobody_restarted_an_application_that_was_not_told_to_end(event: Event) -> None:
    """The database's own end is the fault's; a start alone ends nothing."""
    one = case(application(end_s=15.0, extra=[event]))
    assert (None, None) == (one.seen.restart_asked_at, one.restarted_back_at)


def test_figures_of_an_undisturbed_outage() -> None:
    """The baseline holds no read that the fault may have touched."""
    script = with_read(untouched(), -0.5, "ok", 0.5)
    with_read(script, -0.25, "ok", 0.25 + HAIR)
    figures = script.cell().figures
    assert (42, 41, 0.5) == (
        figures.before.ok,
        figures.waits_before.count,
        figures.waits_before.longest_s,
    )


def test_outage_tells_its_steps_and_what_they_stand_on() -> None:
    """In seconds after the fault was asked for; the application's own word goes before the plan."""
    judged = application().judged()
    assert {
        "injecting": 0.0,
        "injected": 0.05,
        "landed": 0.2,
        "healing": 1.2,
        "healed": 1.5,
        "back": 1.7,
    } == judged.steps
    assert dict.fromkeys(judged.steps, "seen") == judged.evidence
    assert ("restart-1-adopted", "dashboard") == (judged.name, judged.own.contender)
    plain = outage(without=(Health,)).judged()
    assert ("adopted", "") == (plain.policy, plain.shown_as)
    empty = judge_outage(outage().info(), History())
    assert ("", ("", ""), [], None) == (
        empty.server_version,
        empty.server_starts,
        empty.server_log,
        empty.ready_early_s,
    )


@pytest.mark.parametrize(("more_s", "late"), [(0.0, False), (0.000001, True)])
def test_recovery_is_late_past_60_s(more_s: float, late: bool) -> None:
    """At 60 s it is not."""
    script = outage(recovered_s=62.0, end_s=70.0, every_s=0.25)
    one = case(script)
    took_s = one.seen.ready.early_at + 60.0 + more_s - (ORIGIN + 61.5)
    script.cells[0].added = [(61.5, "ok", took_s)]
    script.cells[0].recovered_s = 61.5
    script.cells[0].gap = (61.5, 62.0)
    cell = script.cell()
    assert pytest.approx(60.0 + more_s, abs=1e-9) == cell.figures.recovery_lag_s
    assert late is cell.late


def test_outage_is_told_with_what_was_planned_and_last_heard() -> None:
    """The policy is the application's last word; each step to the microsecond."""
    heard = [
        Health(started_at=at, ended_at=at, status="up", policy=policy, shown_as=f"as {policy}")
        for at, policy in ((1008.0, "one"), (1008.125, "two"), (1008.25, "three"))
    ]
    script = outage(
        drop=lambda r: isinstance(r, Health) and r.policy == "adopted",
        extra=[*heard, FaultEvent(at=ORIGIN + 1.1234567, fault="restart", name="seen")],
    )
    judged = script.judged()
    assert (script.info(), "three", "as three", 1.123457, False) == (
        judged.info,
        judged.policy,
        judged.shown_as,
        judged.steps["seen"],
        judged.restarted,
    )
    assert {"injecting", "landed"} <= set(judged.evidence)
    assert "seen" not in judged.evidence


def test_figures_tell_of_each_part_of_an_outage() -> None:
    """What failed after ready by its kind, who waited in it, and the gap to the microsecond."""
    script = with_read(with_read(outage(), 1.02, "ok", 0.5000004), 7.01, "failed")
    figures = script.cell().figures
    assert ({"connection_lost": 2}, 0.5, 1.517) == (
        figures.bad_after_ready,
        figures.waits_in_outage.longest_s,
        figures.gap_s,
    )


def test_rule_that_is_not_judged_names_what_is_missing_or_how_it_was_broken() -> None:
    """A capability goes by its own name where it has no other."""
    script = outage(looks=((5, 0), (4, 1)), waived=["pool whole"])
    told = (
        "pool whole: waived by the plan, broken: "
        "1 connections still checked out at the end; the pool's size was 5 and is 4"
    )
    assert [told] == script.cell().not_judged
    script.capabilities.remove("pool")
    script.capabilities.remove("server log")
    assert [
        "pool whole: no pool declared",
        "server sound: no server log declared",
    ] == script.cell().not_judged


def test_application_is_late_with_its_system_health_and_nobody_else() -> None:
    """Of an application both must be back within the target; a control is held to none."""
    late = {"health_up_s": 64.0, "end_s": 70.0, "every_s": 0.25}
    assert application(**late).cell().late
    assert not outage(**late).cell().late
    assert not outage(part="control: recovers", **{**late, "recovered_s": 64.0}).cell().late


def test_cell_is_labelled_by_its_verdict_until_its_outage_labels_it() -> None:
    """By itself it knows of no control beside it."""
    one = case(outage())
    assert ("passed", "passed") == (judge_cell(one, []).verdict, judge_cell(one, []).label)


def test_record_of_one_probe_ends_with_it() -> None:
    """And what was never ready was not watched, however short the limit."""
    script = outage(ready_s=NEVER, recovered_s=NEVER, limit_s=0.5)
    assert not case(script).was_watched
    only = History([Probe(started_at=7.0, ended_at=7.5, ok=False)])
    assert 7.5 == Seen(script.info(), only).end_at

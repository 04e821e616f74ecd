"""What must hold for every history: tried on random ones, made from fixed seeds."""

import random
from collections.abc import Callable

import msgspec
import pytest

from recovery_lab.judge.account import account, tally
from recovery_lab.judge.verdict import judge_outage
from recovery_lab.record.history import (
    AnyRecord,
    Began,
    Container,
    Ended,
    FaultEvent,
    Health,
    History,
    Live,
    Look,
    Mark,
    Missed,
    Probe,
    Usage,
    Warmed,
)
from tests.unit.recovery_lab.histories import (
    ORIGIN,
    Script,
    application,
    idle,
    outage,
    untouched,
    with_read,
)
from tests.unit.recovery_lab.judge.test_attending import known_at

SEEDS = range(30)
OUTCOMES = ("ok", "failed", "missed", "endless")


def made(seed: int) -> Script:
    """Return a random outage of one subject: often good, often not."""
    pick = random.Random(seed)
    make = pick.choice([outage, outage, application, idle, untouched])
    script = make(
        every_s=0.1,
        late=pick.choice([0, 0, 0, 30]),
        complete=pick.random() > 0.1,
        looks=pick.choice([((5, 0), (5, 0)), ((5, 0), (5, 0)), ((5, 0), (5, 1))]),
        limit_s=pick.choice([5.0, 120.0]),
        end_s=pick.uniform(7.5, 11.0),
        closed_s=pick.choice([None, 23.0]),
    )
    for _ in range(pick.choice([0, 0, 1, 3])):
        add(script, pick)
    return script


def add(script: Script, pick: random.Random, outcomes: tuple[str, ...] = OUTCOMES) -> None:
    """Add one random read to a script."""
    begin_s = 5.02 if script.cells[0].job == "idle" else -1.0
    at_s = round(pick.uniform(begin_s, script.end_s), 4)
    with_read(script, at_s, pick.choice(outcomes), pick.choice([0.003, 0.9, 1.5, 12.0]))


def test_random_histories_have_every_verdict() -> None:
    """So that the properties below are about all three."""
    words = {made(seed).judged().verdict for seed in SEEDS}
    assert {"passed", "failed", "inconclusive"} == words


@pytest.mark.parametrize("seed", SEEDS)
def test_outcomes_of_all_reads_add_up_to_what_was_due(seed: int) -> None:
    """Whatever is begun, ended, missed: each due read is counted once, in one part."""
    pick = random.Random(seed)
    who = {"contender": "adopted", "job": "steady"}
    records: list[AnyRecord] = []
    for op in range(pick.randrange(200)):
        due_at, kind = pick.uniform(0.0, 60.0), pick.choice(OUTCOMES)
        if kind == "missed":
            records.append(Missed(due_at=due_at, **who))
            continue
        records.append(Began(op=op, due_at=due_at, started_at=due_at, **who))
        if kind != "endless":
            word = "ok" if kind == "ok" else "error"
            at = due_at + pick.expovariate(0.5)
            records.append(Ended(op=op, at=at, outcome=word, **who))
    pick.shuffle(records)
    due = sum(isinstance(record, Began | Missed) for record in records)
    assert due == tally(account(records, pick.choice([1.5, 10.0]), 60.0)).due

    figures = made(seed).cell().figures
    parts = (figures.before, figures.in_outage, figures.after_ready)
    for word in ("ok", "failed", "hung", "missed", "unfinished", "due"):
        assert getattr(figures.reads, word) == sum(getattr(part, word) for part in parts)


@pytest.mark.parametrize("seed", SEEDS)
def test_one_more_bad_read_never_makes_a_pass(seed: int) -> None:
    """Save that it may move the recovery itself, before which errors are the outage's."""
    script = made(seed)
    before = script.cell()
    add(script, random.Random(seed + 1000), ("failed", "missed", "endless"))
    after = script.cell()
    moved = before.figures.recovered_s != after.figures.recovered_s
    relapsed = {failure.rule for failure in before.failures} == {"no relapse"}
    if before.verdict != "passed" and not (moved and relapsed):
        assert "passed" != after.verdict


def kind(*kinds: type) -> Callable[[random.Random], Callable[[AnyRecord], bool]]:
    """Lose all records of some kinds."""
    return lambda _: lambda record: isinstance(record, kinds)


def span(*kinds: type, length_s: float) -> Callable[[random.Random], Callable[[AnyRecord], bool]]:
    """Lose the records of some kinds for so long."""

    def lose(pick: random.Random) -> Callable[[AnyRecord], bool]:
        begin_at = ORIGIN + pick.uniform(0.1, 6.9 - length_s)
        return lambda r: isinstance(r, kinds) and begin_at < known_at(r) < begin_at + length_s

    return lose


def rest(pick: random.Random) -> Callable[[AnyRecord], bool]:
    """Lose all from some instant on: a torn record."""
    begin_at = ORIGIN + pick.uniform(-1.0, 9.0)
    return lambda record: known_at(record) >= begin_at


def one_of(*kinds: type) -> Callable[[random.Random], Callable[[AnyRecord], bool]]:
    """Lose one read's records of some kinds."""

    def lose(pick: random.Random) -> Callable[[AnyRecord], bool]:
        op = pick.randrange(2, 60)
        return lambda record: isinstance(record, kinds) and record.op == op

    return lose


LOSSES = {
    "all probes": kind(Probe),
    "all health samples": kind(Health),
    "all liveness probes": kind(Live),
    "all containers": kind(Container),
    "all looks": kind(Look),
    "all warm pools": kind(Warmed),
    "all steps of the fault": kind(FaultEvent),
    "all marks": kind(Mark),
    "all reads": kind(Began, Ended, Missed),
    "all begins": kind(Began),
    "all ends": kind(Ended),
    "all readings of the meters": kind(Usage),
    "everything": kind(object),
    "reads for 1.5 s": span(Began, Ended, Missed, length_s=1.5),
    "probes for 2.5 s": span(Probe, length_s=2.5),
    "health samples for 6 s": span(Health, length_s=6.0),
    "readings of the meters for 2.5 s": span(Usage, length_s=2.5),
    "liveness probes for 6 s": span(Live, length_s=6.0),
    "a begin": one_of(Began),
    "an end": one_of(Ended),
    "a read": one_of(Began, Ended),
    "the rest": rest,
}


@pytest.mark.parametrize("told", LOSSES)
def test_lost_data_never_makes_a_pass(told: str) -> None:
    """An outage that is not passed is not passed by a record that says less."""
    for seed in SEEDS[::4]:
        script = made(seed)
        records, info = script.records(), script.info()
        lost = LOSSES[told](random.Random(seed))
        less = judge_outage(info, History(r for r in records if not lost(r)))
        if judge_outage(info, History(records)).verdict != "passed":
            assert "passed" != less.verdict, seed


@pytest.mark.parametrize(
    "told",
    [
        "all probes",
        "all marks",
        "all reads",
        "all readings of the meters",
        "readings of the meters for 2.5 s",
        "everything",
        "the rest",
    ],
)
def test_record_without_what_proves_it_is_never_passed(told: str) -> None:
    """Also of an outage that was."""
    for script in (outage(end_s=9.5), application(end_s=9.5), idle()):
        assert "passed" == script.judged().verdict
        script.drop = LOSSES[told](random.Random(1))
        assert "passed" != script.judged().verdict


@pytest.mark.parametrize("seed", SEEDS[::8])
def test_judging_twice_gives_the_same_bytes(seed: int) -> None:
    """It is a function of what is stored, through the file as well."""
    script = made(seed)
    stored = [msgspec.json.encode(record) for record in script.records()]
    again = History(msgspec.json.decode(line, type=AnyRecord) for line in stored)
    first = msgspec.json.encode(script.judged())
    assert first == msgspec.json.encode(judge_outage(script.info(), again))

"""The account: every due read has one outcome and one wait."""

from math import inf

import pytest

from recovery_lab.judge.account import Read, account, hang_bound_s, tally, waits
from recovery_lab.record.history import Began, Ended, Missed

WHO = {"contender": "adopted", "job": "steady"}


def sent(op: int, due_at: float, took_s: float | None, *, ok: bool = True, late_s: float = 0.0):
    """Return one read's records; without a length it has no end."""
    began = Began(op=op, due_at=due_at, started_at=due_at + late_s, **WHO)
    if took_s is None:
        return [began]
    outcome = "ok" if ok else "error"
    kind = "" if ok else "refused"
    return [began, Ended(op=op, at=due_at + took_s, outcome=outcome, kind=kind, **WHO)]


def missed(due_at: float):
    """Return one read that was never sent."""
    return [Missed(due_at=due_at, **WHO)]


def one(records, bound_s: float = 10.0, end_at: float = 100.0) -> Read:
    """Account for records of which the first is asked about."""
    return account(records, bound_s, end_at)[0]


@pytest.mark.parametrize(
    ("records", "outcome", "wait_s"),
    [
        (sent(1, 1.0, 0.2), "ok", 0.2),
        (sent(1, 1.0, 0.2, ok=False), "failed", None),
        (sent(1, 1.0, 10.1), "hung", 10.1),  # it ended good, but too late
        (sent(1, 1.0, 10.1, ok=False), "hung", None),
        (sent(1, 1.0, None), "hung", None),
        (sent(1, 95.0, None), "unfinished", None),  # the record ended before it hung
        (missed(1.0) + sent(1, 1.5, 0.2), "missed", 0.7),
        (missed(1.0) + sent(1, 0.9, 3.0), "missed", None),  # that one had started before
        (missed(1.0) + sent(1, 1.1, 0.2, ok=False) + sent(2, 1.2, 0.1), "missed", 0.3),
        (missed(1.0), "missed", None),
    ],
)
def test_due_read_has_one_outcome_and_its_wait(records, outcome: str, wait_s) -> None:
    """Each of the five outcomes, and what the user felt."""
    found = next(read for read in account(records, 10.0, 100.0) if read.due_at in (1.0, 95.0))
    assert (outcome, None if wait_s is None else pytest.approx(wait_s)) == (
        found.outcome,
        found.wait_s,
    )


def test_hang_bound_is_the_declared_deadline_and_half_a_second() -> None:
    """10 s where none is declared."""
    assert (5.5, 10.0) == (hang_bound_s(5.0), hang_bound_s(None))
    assert "ok" == one(sent(1, 1.0, 5.5), 5.5).outcome
    assert "hung" == one(sent(1, 1.0, 5.51), 5.5).outcome


def test_missed_read_waits_for_the_first_good_read_that_started_then_or_later() -> None:
    """Not for one that merely ended first: that user was another."""
    records = missed(1.0) + sent(1, 1.0, 2.0) + sent(2, 1.1, 0.1)
    assert pytest.approx(2.0) == one(records).wait_s


def test_late_good_end_does_not_serve_the_missed() -> None:
    """A hung read is not good, whatever it answered in the end."""
    assert one(missed(1.0) + sent(1, 1.1, 11.0)).wait_s is None


def test_wait_is_counted_from_due_though_the_start_was_late() -> None:
    """A late start is the recorder's fault, and shortens no wait."""
    read = one(sent(1, 1.0, 0.5, late_s=0.3))
    assert (0.5, True) == (pytest.approx(read.wait_s), read.late)
    assert not one(sent(1, 1.0, 0.5, late_s=0.019)).late


@pytest.mark.parametrize(
    ("records", "hurt", "is_open"),
    [
        (sent(1, 1.0, 0.999), False, False),
        (sent(1, 1.0, 1.001), True, False),
        (sent(1, 1.0, 0.1, ok=False), True, False),
        (sent(1, 1.0, None), True, False),
        (sent(1, 99.5, None), False, True),  # 0.5 s old: not known
        (sent(1, 98.5, None), True, False),  # 1.5 s old: a long wait already
        (missed(1.0) + sent(1, 1.9, 0.05), False, False),
        (missed(1.0) + sent(1, 1.9, 0.15), True, False),
        (missed(1.0) + missed(1.5), False, True),  # nothing after it could have been good
        (missed(1.0) + missed(2.5), True, False),
    ],
)
def test_user_is_hurt_by_a_failure_or_a_wait_over_a_second(records, hurt, is_open) -> None:
    """What is not known to have hurt is open: a doubt, never a pass."""
    read = next(r for r in account(records, 10.0, 100.0) if r.due_at in (1.0, 98.5, 99.5))
    assert (hurt, is_open) == (read.hurt, read.open)


def test_outcomes_add_up_to_what_was_due() -> None:
    """Five of a kind each."""
    records = [
        *sent(1, 1.0, 0.1),
        *sent(2, 2.0, 0.1, ok=False),
        *sent(3, 3.0, None),
        *missed(4.0),
        *sent(5, 99.9, None),
    ]
    counted = tally(account(records, 10.0, 100.0))
    assert (1, 1, 1, 1, 1) == (
        counted.ok,
        counted.failed,
        counted.hung,
        counted.missed,
        counted.unfinished,
    )
    assert 5 == counted.due


def test_quantiles_of_waits_include_the_missed_and_the_hung() -> None:
    """98 quick reads do not hide two users who waited for ever."""
    quick = [record for op in range(98) for record in sent(op, 1.0 + op, 0.01)]
    alone = waits(account(quick, 10.0, 200.0))
    assert (98, 0.01, 0.01) == (alone.count, alone.p99_s, alone.longest_s)
    stuck = waits(account([*quick, *missed(120.0), *sent(99, 121.0, None)], 10.0, 200.0))
    assert (100, 0.01, None, None) == (stuck.count, stuck.p50_s, stuck.p99_s, stuck.longest_s)
    assert None is waits([]).p50_s


def test_instant_of_a_hurt_is_its_failure_or_the_end_of_patience() -> None:
    """Whether it was hurt before the fault is a matter of that instant, not of when it was due."""
    assert pytest.approx(1.4) == one(sent(1, 1.0, 0.4, ok=False)).hurt_at
    assert pytest.approx(2.0) == one(sent(1, 1.0, 5.0, ok=False)).hurt_at
    assert pytest.approx(2.0) == one(sent(1, 1.0, 5.0)).hurt_at
    assert inf > one(missed(1.0)).hurt_at

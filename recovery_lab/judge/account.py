"""The account: every read that was due gets one outcome and one wait, once."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from math import ceil, inf
from typing import Literal

import msgspec

from recovery_lab.judge.thresholds import THRESHOLDS
from recovery_lab.record.history import Began, Ended, Missed

Outcome = Literal["ok", "failed", "hung", "missed", "unfinished"]


class Read(msgspec.Struct, frozen=True, kw_only=True):
    """One due read, in s; `wait_s` is None where no good end is known, `least_s` never."""

    due_at: float
    outcome: Outcome
    started_at: float | None = None
    ended_at: float | None = None
    wait_s: float | None = None
    least_s: float = 0.0
    kind: str = ""
    message: str = ""
    operation_id: str = ""
    backend_pid: int = 0
    server_started: str = ""

    @property
    def ok(self) -> bool:
        """Whether it ended good, in time."""
        return self.outcome == "ok"

    @property
    def bad(self) -> bool:
        """Whether it failed or hung."""
        return self.outcome in ("failed", "hung")

    @property
    def hurt(self) -> bool:
        """Whether its user is known to have met a failure or a long wait."""
        return self.bad or self.least_s > THRESHOLDS.long_wait_s

    @property
    def hurt_at(self) -> float:
        """When its user was hurt, where it is: at a failure, else once the wait was long."""
        long_at = self.due_at + THRESHOLDS.long_wait_s
        return min(long_at, self.ended_at or long_at) if self.outcome == "failed" else long_at

    @property
    def open(self) -> bool:
        """Whether the record does not show how it ended, nor that its user was hurt."""
        endless = self.outcome == "missed" and self.wait_s is None
        return not self.hurt and (endless or self.outcome == "unfinished")

    @property
    def late(self) -> bool:
        """Whether it began late though a worker was idle: the recorder's own fault."""
        return (self.started_at or self.due_at) - self.due_at > THRESHOLDS.late_start_s


class Tally(msgspec.Struct, frozen=True, kw_only=True):
    """How many reads had which outcome; they add up to what was due."""

    ok: int = 0
    failed: int = 0
    hung: int = 0
    missed: int = 0
    unfinished: int = 0

    @property
    def due(self) -> int:
        """All of them."""
        return self.ok + self.bad + self.missed + self.unfinished

    @property
    def bad(self) -> int:
        """Those that failed or hung."""
        return self.failed + self.hung

    @property
    def waited(self) -> int:
        """Those that have a wait, with or without an end."""
        return self.ok + self.hung + self.missed


class Waits(msgspec.Struct, frozen=True, kw_only=True):
    """Nearest-rank quantiles in s of the waits of good, missed and hung reads; None: no end."""

    count: int
    p50_s: float | None
    p99_s: float | None
    longest_s: float | None


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """What one contender saw in one job, in s. None: it never happened, or it is not known."""

    reads: Tally
    before: Tally
    in_outage: Tally
    after_ready: Tally
    bad_after_ready: dict[str, int]
    waits_before: Waits
    waits_in_outage: Waits
    waits_after: Waits
    gap_s: float
    recovery_lag_s: float | None
    recovered_s: float | None
    first_reads: Tally
    first_wait_s: float | None
    past_ready_s: float | None = None  # the longest a read took after ready, or after it was due
    green_s: float | None = None  # of the loss, System Health up while the application's users wait


def hang_bound_s(deadline_s: float | None) -> float:
    """Return after how many seconds a read that has not ended is hung."""
    return THRESHOLDS.hung_s if deadline_s is None else deadline_s + THRESHOLDS.grace_s


def account(records: Sequence[Began | Ended | Missed], bound_s: float, end_at: float) -> list[Read]:
    """Return all due reads of a cell by its hang bound and the record's end, in their order."""
    ended = {record.op: record for record in records if isinstance(record, Ended)}
    began = {record.op: record for record in records if isinstance(record, Began)}
    sent = [_sent(one, ended.get(op), bound_s, end_at) for op, one in began.items()]
    good = sorted((r.started_at or 0.0, r.ended_at or 0.0) for r in sent if r.ok)
    dues = [record.due_at for record in records if isinstance(record, Missed)]
    last_at = max([*dues, *(read.due_at for read in sent)], default=0.0)
    missed = [_missed(due_at, good, last_at) for due_at in dues]
    return sorted([*sent, *missed], key=lambda read: read.due_at)


def lost_reads(records: Sequence[Began | Ended | Missed]) -> int:
    """Count the numbers that no begin has; an end before the first belongs to another outage."""
    began = {record.op for record in records if isinstance(record, Began)}
    first = min(began, default=0)
    sent = {r.op for r in records if isinstance(r, Ended) and r.op > first} | began
    return max(sent) - first + 1 - len(began) if began else 0


def tally(reads: Iterable[Read]) -> Tally:
    """Count reads by outcome."""
    return msgspec.convert(dict(Counter(read.outcome for read in reads)), Tally)


def bad_kinds(reads: Iterable[Read]) -> dict[str, int]:
    """Count the bad reads by their kind, else by their outcome."""
    return dict(sorted(Counter(read.kind or read.outcome for read in reads if read.bad).items()))


def waits(reads: Iterable[Read]) -> Waits:
    """Return the quantiles of waits; without the missed ones they would flatter (Gil Tene)."""
    waited = [read.wait_s for read in reads if read.outcome in ("ok", "missed", "hung")]
    taken = sorted(inf if wait_s is None else wait_s for wait_s in waited)
    p50_s, p99_s, longest_s = (_rank(taken, share) for share in (0.5, 0.99, 1.0))
    return Waits(count=len(taken), p50_s=p50_s, p99_s=p99_s, longest_s=longest_s)


def _rank(ordered: Sequence[float], share: float) -> float | None:
    value = ordered[ceil(share * len(ordered)) - 1] if ordered else inf
    return None if value == inf else round(value, 6)


def _sent(began: Began, end: Ended | None, bound_s: float, end_at: float) -> Read:
    took_s = (end.at if end else end_at) - began.due_at
    good = end is not None and end.outcome == "ok"
    outcome: Outcome = "ok" if good else "failed" if end else "unfinished"
    return Read(
        due_at=began.due_at,
        started_at=began.started_at,
        ended_at=end.at if end else None,
        outcome="hung" if took_s > bound_s else outcome,
        wait_s=took_s if good else None,
        least_s=took_s,
        kind=end.kind if end else "",
        message=end.message if end else "",
        operation_id=end.operation_id if end else "",
        backend_pid=end.backend_pid if end else 0,
        server_started=end.server_started if end else "",
    )


def _missed(due_at: float, good: Sequence[tuple[float, float]], last_at: float) -> Read:
    """Serve it by the first of the good reads (start, end) that started at or after `due_at`."""
    position = bisect_left(good, (due_at,))
    wait_s = good[position][1] - due_at if position < len(good) else None
    least_s = last_at - due_at if wait_s is None else wait_s  # none after the last could be good
    return Read(due_at=due_at, outcome="missed", wait_s=wait_s, least_s=least_s)

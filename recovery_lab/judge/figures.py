"""The figures of one cell: counts, latencies and lags, from its own operations."""

from collections.abc import Sequence
from itertools import pairwise
from math import ceil

import msgspec

from recovery_lab.judge import measures
from recovery_lab.judge.measures import Bracket, Operation
from recovery_lab.record.history import AnyRecord, Began, Ended, Missed


class Quantiles(msgspec.Struct, frozen=True, kw_only=True):
    """Exact latencies of the good operations in a window, from their schedule on, in s."""

    count: int
    p50_s: float | None
    p99_s: float | None


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """What one contender saw in one job. None: it never happened, or it is not known."""

    operations: int
    ok: int
    errors_before: int
    errors_in_outage: int
    errors_after_ready: int
    operations_after_ready: int
    hung: int
    hung_after_recovery: int
    unfinished: int
    missed: int
    error_kinds: dict[str, int]
    longest_read_s: float
    gap_s: float
    detection_s: float | None
    recovery_lag_s: float | None
    recovery_at_s: float | None
    censored_after_ready_s: float | None
    error_rate_bound: float | None
    spacing_s: float
    late_starts: int
    baseline: Quantiles
    after: Quantiles


class Window(msgspec.Struct, frozen=True, kw_only=True):
    """The instants that part a history: the fault's begin, ready, the history's end."""

    asked_at: float
    ready: Bracket | None
    end_at: float


def of_cell(history: Sequence[AnyRecord], contender: str, job: str) -> list[AnyRecord]:
    """Return the operations of one contender's job, as a history of its own."""
    return [
        record
        for record in history
        if isinstance(record, Began | Ended | Missed)
        and record.contender == contender
        and record.job == job
    ]


def figures(own: Sequence[AnyRecord], window: Window) -> Figures:
    """Measure one cell's operations."""
    ops = [_censored(op, window.end_at) for op in measures.operations(own)]
    ready, asked_at = window.ready, window.asked_at
    late_at = ready.late_at if ready else float("inf")
    recovered = measures.recovery(own, ready.early_at) if ready else None
    recovery_at = recovered.ended_at if recovered else None
    bad = [op for op in ops if op.outcome == "error"]
    after = [op for op in ops if op.scheduled_at >= late_at]
    errors_after = sum(op.outcome == "error" for op in after)
    return Figures(
        operations=len(ops),
        ok=sum(op.ok for op in ops),
        errors_before=sum(op.scheduled_at < asked_at for op in bad),
        errors_in_outage=sum(asked_at <= op.scheduled_at < late_at for op in bad),
        errors_after_ready=errors_after,
        operations_after_ready=len(after),
        hung=sum(op.outcome == "hung" for op in ops),
        hung_after_recovery=_hung_since(ops, recovery_at),
        unfinished=sum(op.outcome == "unfinished" for op in ops),
        missed=len(measures.of_kind(own, Missed)),
        error_kinds=_kinds(bad),
        longest_read_s=max((_latency_s(op, window.end_at) for op in ops), default=0.0),
        gap_s=_rounded(measures.gap_s(own)) or 0.0,
        detection_s=_detection_s(ops, asked_at),
        recovery_lag_s=_since(recovery_at, ready.early_at if ready else None),
        recovery_at_s=_since(recovery_at, asked_at),
        censored_after_ready_s=_since(window.end_at, ready.late_at if ready else None),
        error_rate_bound=_bound(errors_after, len(after)),
        spacing_s=_spacing_s(own, ops, recovery_at),
        late_starts=measures.late_starts(own),
        baseline=quantiles([op for op in ops if op.scheduled_at < asked_at], asked_at),
        after=quantiles([op for op in ops if op.scheduled_at >= (recovery_at or float("inf"))]),
    )


def quantiles(ops: Sequence[Operation], ended_by: float = float("inf")) -> Quantiles:
    """Return the nearest-rank quantiles of the good ones; one value among those measured."""
    taken = sorted(
        op.ended_at - op.scheduled_at
        for op in ops
        if op.ok and op.ended_at is not None and op.ended_at <= ended_by
    )

    def rank(share: float) -> float | None:
        return round(taken[ceil(share * len(taken)) - 1], 6) if taken else None

    return Quantiles(count=len(taken), p50_s=rank(0.5), p99_s=rank(0.99))


def _censored(op: Operation, end_at: float) -> Operation:
    """An operation unfinished 10 s after its schedule is hung; a younger one is unfinished."""
    if op.ended_at is None and end_at - op.scheduled_at > measures.HUNG_S:
        return msgspec.structs.replace(op, outcome="hung")
    return op


def _latency_s(op: Operation, end_at: float) -> float:
    return round((op.ended_at or max(end_at, op.scheduled_at)) - op.scheduled_at, 6)


def _hung_since(ops: Sequence[Operation], since: float | None) -> int:
    if since is None:
        return 0
    return sum(op.outcome == "hung" and op.scheduled_at >= since for op in ops)


def _detection_s(ops: Sequence[Operation], asked_at: float) -> float | None:
    """Return when the first bad operation since the fault's begin had ended, counted from it."""
    ends = [op.ended_at for op in ops if not op.ok and op.ended_at and op.ended_at >= asked_at]
    return _since(min(ends, default=None), asked_at)


def _spacing_s(
    own: Sequence[AnyRecord], ops: Sequence[Operation], recovery_at: float | None
) -> float:
    """Return the widest spacing of scheduled operations in the 2 s around recovery."""
    due = [op.scheduled_at for op in ops]
    due += [missed.scheduled_at for missed in measures.of_kind(own, Missed)]
    spans = [
        (before, after)
        for before, after in pairwise(sorted(due))
        if recovery_at is None or _touches(before, after, recovery_at)
    ]
    return round(max((after - before for before, after in spans), default=0.0), 6)


def _touches(before: float, after: float, at: float) -> bool:
    return before <= at + measures.STEADY_S and after >= at - measures.STEADY_S


def _kinds(bad: Sequence[Operation]) -> dict[str, int]:
    found: dict[str, int] = {}
    for op in bad:
        found[op.kind] = found.get(op.kind, 0) + 1
    return dict(sorted(found.items()))


def _bound(errors: int, count: int) -> float | None:
    """Return the rule of three: zero errors in n operations bound the rate by 3/n (95 %)."""
    return None if errors or not count else round(3 / count, 6)


def _since(at: float | None, begin: float | None) -> float | None:
    return None if at is None or begin is None else _rounded(at - begin)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 6)

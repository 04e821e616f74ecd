"""Measures of one outage, in the words of docs/measuring.md; pure functions of its history."""

from collections.abc import Sequence
from itertools import groupby, pairwise
from typing import TypeVar

import msgspec

from recovery_lab.judge.thresholds import THRESHOLDS
from recovery_lab.record.history import (
    AnyRecord,
    Began,
    Ended,
    Event,
    Health,
    LogLine,
    Mark,
    Missed,
    Probe,
    Warmed,
)

STEADY_S = 2.0  # ready and recovery must hold this long
STEADY_OPS = 10  # and recovery over at least this many operations
HUNG_S = 10.0  # an operation not finished this long after its schedule
ASKED, RETURNED = "asked", "returned"  # marks around the command that takes the database away
_ENDED = ("57P01", "57P02")  # admin_shutdown, crash_shutdown
_BACK = ("start", "unpause")  # the daemon's events that end an injection


class Bracket(msgspec.Struct, frozen=True, kw_only=True):
    """An instant known to lie between two others (observer's clock, s)."""

    early_at: float
    late_at: float


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """One scheduled read; `ended_at` is None while unfinished (right-censored)."""

    scheduled_at: float
    started_at: float
    ended_at: float | None
    outcome: str
    kind: str = ""
    message: str = ""
    backend_pid: int = 0

    @property
    def ok(self) -> bool:
        """Whether it ended good."""
        return self.outcome == "ok"


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """Reads by outcome; an error counts by when it was scheduled."""

    ok: int
    ok_after_ready: int
    failed_in_outage: int
    failed_after_ready: int
    hung: int
    missed: int


R = TypeVar("R")


def of_kind(history: Sequence[AnyRecord], kind: type[R]) -> list[R]:
    """Return the records of one kind."""
    return [record for record in history if isinstance(record, kind)]


def mark_at(history: Sequence[AnyRecord], name: str) -> float | None:
    """Return when the runner made a mark, or None."""
    return next((mark.at for mark in of_kind(history, Mark) if mark.name == name), None)


def operations(history: Sequence[AnyRecord]) -> list[Operation]:
    """Return all reads in the order of their schedule, the unfinished ones too."""
    ends = {end.op: end for end in of_kind(history, Ended)}
    found = [_operation(began, ends.get(began.op)) for began in of_kind(history, Began)]
    return sorted(found, key=lambda operation: operation.scheduled_at)


def injection_end(history: Sequence[AnyRecord]) -> float | None:
    """Return when the last injection ended: the daemon's own event, else the command's return.

    None while the command is still running.
    """
    asked_at, returned_at = mark_at(history, ASKED), mark_at(history, RETURNED)
    if asked_at is None or returned_at is None:
        return None
    backs = [e.at for e in of_kind(history, Event) if e.action in _BACK and e.at >= asked_at]
    return max(backs, default=returned_at)


def ready(history: Sequence[AnyRecord]) -> Bracket | None:
    """Bracket the first instant after the injection from which fresh sessions succeed for 2 s.

    Early: the start of the last bad probe before it; late: the end of the first good one. Where new
    sessions always worked, both are the injection's end. None while it is not yet known.
    """
    asked_at, ended_at = mark_at(history, ASKED), injection_end(history)
    if asked_at is None or ended_at is None:
        return None
    probes = [probe for probe in of_kind(history, Probe) if probe.started_at >= asked_at]
    last_bad_at: float | None = None
    for ok, run in groupby(probes, key=lambda probe: probe.ok):
        same = list(run)
        if not ok:
            last_bad_at = same[-1].started_at
        elif same[-1].ended_at >= max(same[0].ended_at, ended_at) + STEADY_S:
            late_at = max(same[0].ended_at, ended_at)
            # Good from before the injection's end on: new sessions were not cut.
            early_at = ended_at if same[0].ended_at <= ended_at else last_bad_at
            return Bracket(early_at=ended_at if early_at is None else early_at, late_at=late_at)
    return None


def lost(history: Sequence[AnyRecord]) -> float | None:
    """Return when the database was lost: a warmed session's FATAL line or the container's death."""
    asked_at = mark_at(history, ASKED)
    if asked_at is None:
        return None
    deaths = [e.at for e in of_kind(history, Event) if e.action in ("die", "pause")]
    return min(
        (at for at in deaths + [line.at for line in ended_sessions(history)] if at >= asked_at),
        default=None,
    )


def ended_sessions(history: Sequence[AnyRecord]) -> list[LogLine]:
    """Return the server's FATAL lines about the sessions that were warm before the fault."""
    warm = {pid for warmed in of_kind(history, Warmed) for pid in warmed.backends}
    lines = of_kind(history, LogLine)
    # By SQLSTATE too: the restarted server gives the same pids to sessions it refuses (57P03).
    return [line for line in lines if line.sqlstate in _ENDED and line.pid in warm]


def recovery(history: Sequence[AnyRecord], since: float) -> Operation | None:
    """Return the first good read ending after `since` from which on all is good for 2 s.

    Every operation scheduled in the 2 s after its end, at least 10 of them, must end good.
    None when there is none, or the 2 s are not over yet.
    """
    ops = operations(history)
    missed_at = [missed.scheduled_at for missed in of_kind(history, Missed)]
    for first in sorted((o for o in ops if o.ok and o.ended_at), key=lambda o: o.ended_at or 0.0):
        began, until = first.ended_at or 0.0, (first.ended_at or 0.0) + STEADY_S
        if began < since:
            continue
        following = [o for o in ops if began <= o.scheduled_at < until]
        if any(began <= at < until for at in missed_at) or len(following) < STEADY_OPS:
            continue
        complete = any(o.scheduled_at >= until for o in ops)
        if complete and all(o.ok for o in following):
            return first
    return None


def health_back(history: Sequence[AnyRecord], since: float) -> float | None:
    """Return when System Health, sampled after `since`, said `up` for 2 s on end, or None."""
    samples = [sample for sample in of_kind(history, Health) if sample.started_at >= since]
    for status, run in groupby(samples, key=lambda sample: sample.status):
        same = list(run)
        if status == "up" and same[-1].ended_at >= same[0].ended_at + STEADY_S:
            return same[0].ended_at
    return None


def counts(history: Sequence[AnyRecord], ready_late_at: float | None) -> Counts:
    """Count reads by outcome; those scheduled from ready's late end on are *after ready*."""
    asked_at = mark_at(history, ASKED) or float("-inf")
    edge = float("inf") if ready_late_at is None else ready_late_at
    ops = [o for o in operations(history) if o.scheduled_at >= asked_at]
    errors = [o.scheduled_at for o in ops if o.outcome == "error"]
    return Counts(
        ok=sum(o.ok for o in ops),
        ok_after_ready=sum(o.ok and o.scheduled_at >= edge for o in ops),
        failed_in_outage=sum(at < edge for at in errors),
        failed_after_ready=sum(at >= edge for at in errors),
        hung=sum(o.outcome == "hung" for o in ops),
        missed=sum(m.scheduled_at >= asked_at for m in of_kind(history, Missed)),
    )


def gap_s(history: Sequence[AnyRecord]) -> float:
    """Return the longest time in seconds between the ends of consecutive good reads.

    A gap still open at the record's end counts as far as the record goes.
    """
    ops = operations(history)
    ends = sorted(o.ended_at for o in ops if o.ok and o.ended_at is not None)
    edges = [*ends, max(o.scheduled_at for o in ops)] if ends else []
    return max((after - before for before, after in pairwise(edges)), default=0.0)


def late_starts(history: Sequence[AnyRecord]) -> int:
    """Count the operations that started more than 20 ms late: the recorder's own fault."""
    return sum(o.started_at - o.scheduled_at > THRESHOLDS.late_start_s for o in operations(history))


def server_starts(history: Sequence[AnyRecord]) -> tuple[str, str]:
    """Return the server's start time before the command and after it, empty where unknown."""
    asked_at = mark_at(history, ASKED)
    if asked_at is None:
        return "", ""
    good = [probe for probe in of_kind(history, Probe) if probe.ok]
    before = [probe.server_started for probe in good if probe.ended_at <= asked_at]
    after = [probe.server_started for probe in good if probe.started_at > asked_at]
    return (before or [""])[-1], (after or [""])[-1]


def _operation(began: Began, end: Ended | None) -> Operation:
    if end is None:
        return Operation(
            scheduled_at=began.scheduled_at,
            started_at=began.started_at,
            ended_at=None,
            outcome="unfinished",
        )
    hung = end.at - began.scheduled_at > HUNG_S
    return Operation(
        scheduled_at=began.scheduled_at,
        started_at=began.started_at,
        ended_at=end.at,
        outcome="hung" if hung else end.outcome,
        kind=end.kind,
        message=end.message,
        backend_pid=end.backend_pid,
    )

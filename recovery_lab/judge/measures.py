"""Measures of one outage, in the words of docs/measuring.md; pure functions of its history."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import accumulate, groupby, pairwise

import msgspec

from recovery_lab.judge.account import Read
from recovery_lab.judge.thresholds import THRESHOLDS
from recovery_lab.record.history import (
    Event,
    Health,
    History,
    LogLine,
    Probe,
    Role,
)

ASKED, RETURNED = "asked", "returned"  # marks around the fault
# The idle pools are used; nothing is due any more; what was under way has been awaited.
RELEASED, STOPPED, CLOSED = "released", "stopped", "closed"
_BACK = ("start", "unpause")  # the daemon's events that end an injection
WRITTEN_S = 0.001  # how finely a start time may be written


class Bracket(msgspec.Struct, frozen=True, kw_only=True):
    """An instant known to lie between two others (the record's clock, s)."""

    early_at: float
    late_at: float


def injection_end(history: History) -> float | None:
    """Return when the last injection ended: the daemon's event, else the fault's word; or None."""
    asked_at, returned_at = history.mark_at(ASKED), history.mark_at(RETURNED)
    if asked_at is None or returned_at is None:
        return None
    backs = [at for at in events(history, *_BACK) if at >= asked_at]
    return max(backs, default=returned_at)


def events(history: History, *actions: str, role: Role = "database") -> list[float]:
    """Return the instants of the daemon's events about the containers of a role."""
    return [e.at for e in history.of(Event) if e.role == role and e.action in actions]


def restart_asked(history: History) -> float | None:
    """Return when the application's process was first told to end, by its container's event."""
    asked_at = history.mark_at(ASKED)
    told = [] if asked_at is None else events(history, "kill", "die", role="application")
    return min((at for at in told if asked_at is not None and at >= asked_at), default=None)


def ready(history: History) -> Bracket | None:
    """Bracket the first instant after the injection from which fresh sessions work for 2 s."""
    # From the last bad probe's start to the first good one's end, neither before the injection's.
    ended_at = injection_end(history)
    if ended_at is None:
        return None
    bad_at: float | None = None
    for good, same in runs(since_asked(history)):
        first_at = max(same[0].ended_at, ended_at)
        if not good:
            bad_at = same[-1].started_at
        elif same[-1].ended_at >= first_at + THRESHOLDS.steady_s:
            late_at = ended_at if bad_at is None else first_at
            return Bracket(early_at=max(bad_at or ended_at, ended_at), late_at=late_at)
    return None


def returned(history: History) -> Bracket | None:
    """Return the fault's own word of its end, where no fresh session tells when it was ready."""
    at = history.mark_at(RETURNED)
    return None if at is None else Bracket(early_at=at, late_at=at)


def first_away_s(history: History, lost_at: float | None, away_s: float | None) -> float | None:
    """Return how long it was gone at first, where it came for 2 s and went again before ready."""
    if lost_at is None or away_s is None:
        return None
    for good, same in runs(since_asked(history)):
        lasted_s = same[-1].ended_at - same[0].ended_at
        if good and same[0].started_at >= lost_at and lasted_s >= THRESHOLDS.steady_s:
            return min(away_s, same[0].started_at - lost_at)
    return away_s


def since_asked(history: History) -> list[Probe]:
    """Return the probes that began since the fault was asked for."""
    asked_at = history.mark_at(ASKED)
    return [] if asked_at is None else [p for p in history.of(Probe) if p.started_at >= asked_at]


def runs(probes: Iterable[Probe]) -> list[tuple[bool, list[Probe]]]:
    """Part probes into runs of good and bad ones; a lone time-out belongs to neither."""
    told: list[Probe] = []
    for timed_out, group in groupby(probes, key=lambda probe: probe.timed_out):
        same = list(group)
        told += same if not timed_out or len(same) > 1 else []
    return [(ok, list(run)) for ok, run in groupby(told, key=lambda probe: probe.ok)]


def longest_silence_s(history: History) -> float:
    """Return for how long on end no fresh session got an answer since the fault."""
    silent = (list(run) for out, run in groupby(since_asked(history), lambda p: p.timed_out) if out)
    return max((run[-1].ended_at - run[0].started_at for run in silent), default=0.0)


def at_once(reads: Sequence[Read], end_at: float) -> int:
    """Return how many reads were under way at once, at the most."""
    sent = [read for read in reads if read.started_at is not None]
    begun = [(read.started_at or 0.0, 1) for read in sent]
    ended = [(read.ended_at or end_at, -1) for read in sent]
    return max(accumulate(step for _, step in sorted([*begun, *ended])), default=0)


def bad_before(history: History) -> bool:
    """Tell whether one was refused in the 2 s before the fault, or the last two had no answer."""
    asked_at = history.mark_at(ASKED) or 0.0
    begin_at = asked_at - THRESHOLDS.steady_s
    near = [probe for probe in history.of(Probe) if begin_at <= probe.started_at < asked_at]
    silent = len(near) > 1 and all(probe.timed_out for probe in near[-2:])
    return silent or any(map(refused, near))


def refused(probe: Probe) -> bool:
    """Tell whether a fresh session was refused; a time-out is no word."""
    return not probe.ok and not probe.timed_out


def server_starts(history: History) -> tuple[str, str]:
    """Return the server's start time before the fault and after it, empty where unknown."""
    asked_at = history.mark_at(ASKED)
    if asked_at is None:
        return "", ""
    good = [probe for probe in history.of(Probe) if probe.ok]
    before = [probe.server_started for probe in good if probe.ended_at <= asked_at]
    after = [probe.server_started for probe in good if probe.started_at > asked_at]
    return (before or [""])[-1], (after or [""])[-1]


def start_moved(history: History) -> bool:
    """Tell whether the server that answers after the fault is another start than before it."""
    before, after = server_starts(history)
    return bool(before and after and before != after)


def same_start(one: str, other: str) -> bool:
    """Tell whether two words name one start of the server; some are written to the ms only."""
    try:
        apart = datetime.fromisoformat(one) - datetime.fromisoformat(other)
    except (ValueError, TypeError):
        return bool(one) and one == other
    return abs(apart.total_seconds()) <= WRITTEN_S


def recovery(reads: Sequence[Read], since: float) -> Read | None:
    """Return the first good read, ended after `since`, from which all due for 2 s is good."""
    dues = [read.due_at for read in reads]
    bad_dues = [read.due_at for read in reads if not read.ok]
    ended = [(r.ended_at, r) for r in reads if r.ok and r.ended_at and r.ended_at >= since]
    for ended_at, first in sorted(ended, key=lambda one: one[0]):
        tenth = bisect_left(dues, ended_at) + THRESHOLDS.steady_reads - 1
        if tenth >= len(dues) or dues[-1] < ended_at + THRESHOLDS.steady_s:
            return None
        until = max(ended_at + THRESHOLDS.steady_s, dues[tenth])
        next_bad = bisect_left(bad_dues, ended_at)
        if next_bad == len(bad_dues) or bad_dues[next_bad] > until:
            return first
    return None


def health_back(history: History, ready_at: float) -> float | None:
    """Return when System Health was back: it says `up` for 2 s, of the server as it is now."""
    moved, (_, after) = start_moved(history), server_starts(history)

    def speaks_of_now(sample: Health) -> bool:
        checked_at = sample.started_at - sample.age_s
        named = same_start(sample.server_started, after)
        return sample.status == "up" and checked_at >= ready_at and (named or not moved)

    samples = [sample for sample in history.of(Health) if sample.started_at >= ready_at]
    for now, run in groupby(samples, key=speaks_of_now):
        same = list(run)
        if now and same[-1].ended_at >= same[0].ended_at + THRESHOLDS.steady_s:
            return same[0].ended_at
    return None


def gap_s(reads: Sequence[Read]) -> float:
    """Return the longest time in s between good ends, at the record's end to the last due read."""
    ends = sorted(r.ended_at for r in reads if r.ok and r.ended_at is not None)
    edges = [*ends, max([ends[-1], *(read.due_at for read in reads)])] if ends else []
    return max((after - before for before, after in pairwise(edges)), default=0.0)


def past_ready_s(reads: Iterable[Read], ready_at: float) -> float:
    """Return the longest time in s that a read still took after ready, or after its due instant."""
    ends = [(read.due_at, read.due_at + read.least_s) for read in reads]
    return max((end_at - max(due_at, ready_at) for due_at, end_at in ends), default=0.0)


def silence_s(instants: Iterable[float], begin_at: float, end_at: float) -> float:
    """Return the longest time in s, between two instants, in which nothing was seen."""
    inside = sorted(at for at in instants if begin_at <= at <= end_at)
    return max(after - before for before, after in pairwise([begin_at, *inside, end_at]))


def server_log(history: History, asked_at: float) -> list[str]:
    """Return the server's lines about its own end and start, not those about single sessions."""
    return [
        f"{line.at - asked_at:+.3f} s [{line.pid}] {line.severity}: {line.message}"
        for line in history.of(LogLine)
        if line.at >= asked_at and line.severity in ("LOG", "PANIC") and not line.application
    ]

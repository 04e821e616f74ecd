"""Figures: what one contender saw in one job, as reports show it."""

import msgspec

from recovery_lab.judge import measures
from recovery_lab.judge.account import Tally, Waits, tally, waits
from recovery_lab.judge.case import Case, Seen, kinds
from recovery_lab.record.history import History, LogLine, Warmed


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
    recovered_backend: int
    first_reads: Tally
    first_wait_s: float | None
    watched_s: float | None
    late_starts: int


def figures_of(case: Case) -> Figures:
    """Measure one cell."""
    seen, after = case.seen, case.after_ready()
    first = case.first_reads
    asked_at = seen.asked_at
    # Open ends stay out of the baseline: the fault is no part of it.
    baseline = [r for r in case.before() if (r.ended_at or 0.0) <= (asked_at or 0.0)]
    return Figures(
        reads=tally(case.reads),
        before=tally(case.before()),
        in_outage=tally(case.in_outage()),
        after_ready=tally(after),
        bad_after_ready=kinds(after, lambda read: read.outcome in ("failed", "hung")),
        waits_before=waits(baseline),
        waits_in_outage=waits(case.in_outage()),
        waits_after=waits(case.due_from(case.recovered_at)),
        gap_s=round(measures.gap_s(case.reads), 6),
        recovery_lag_s=rounded(seen.after_ready_s(case.recovered_at)),
        recovered_s=since(case.recovered_at, asked_at or 0.0),
        recovered_backend=case.recovered.backend_pid if case.recovered else 0,
        first_reads=tally(first),
        first_wait_s=waits(first).longest_s,
        watched_s=rounded(seen.after_ready_s(seen.stopped_at)),
        late_starts=sum(read.late for read in case.reads),
    )


def since(at: float | None, origin: float) -> float | None:
    """Return an instant counted from another, in s; None where it is not known."""
    return None if at is None else round(at - origin, 6)


def rounded(value: float | None) -> float | None:
    """Return seconds to the microsecond."""
    return None if value is None else round(value, 6)


def sessions_lost(seen: Seen) -> int:
    """Count the warm sessions that are gone: named by the server, or all where it started anew."""
    if measures.start_moved(seen.history):
        return len({pid for warmed in seen.history.of(Warmed) for pid in warmed.backends})
    return len({line.pid for line in measures.ended_sessions(seen.history)})


def lost_said(history: History) -> str:
    """Return what the server said to the sessions that it ended."""
    ended = measures.ended_sessions(history)
    return ended[0].message if ended else "the server ended without a word"


def server_log(history: History, asked_at: float) -> list[str]:
    """Return the server's lines about its own end and start, not those about single sessions."""
    return [
        f"{line.at - asked_at:+.3f} s [{line.pid}] {line.severity}: {line.message}"
        for line in history.of(LogLine)
        if line.at >= asked_at and line.severity in ("LOG", "PANIC") and not line.application
    ]

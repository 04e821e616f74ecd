"""Figures: what one contender saw in one job, as reports show it."""

import msgspec

from recovery_lab.judge import measures
from recovery_lab.judge.account import Tally, Waits, bad_kinds, tally, waits
from recovery_lab.judge.case import Case
from recovery_lab.record.history import History, LogLine


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


def figures_of(case: Case) -> Figures:
    """Measure one cell."""
    seen = case.seen
    # Open ends stay out of the baseline: the fault is no part of it.
    baseline = [read for read in case.before() if (read.ended_at or 0.0) <= seen.origin]
    return Figures(
        reads=tally(case.reads),
        before=tally(case.before()),
        in_outage=tally(case.in_outage()),
        after_ready=tally(case.after_ready()),
        bad_after_ready=bad_kinds(case.after_ready()),
        waits_before=waits(baseline),
        waits_in_outage=waits(case.in_outage()),
        waits_after=waits(case.due_from(case.recovered_at)),
        gap_s=round(measures.gap_s(case.reads), 6),
        recovery_lag_s=seen.after_ready_s(case.recovered_at),
        recovered_s=seen.after_asked_s(case.recovered_at),
        first_reads=tally(case.first_reads),
        first_wait_s=waits(case.first_reads).longest_s,
    )


def server_log(history: History, asked_at: float) -> list[str]:
    """Return the server's lines about its own end and start, not those about single sessions."""
    return [
        f"{line.at - asked_at:+.3f} s [{line.pid}] {line.severity}: {line.message}"
        for line in history.of(LogLine)
        if line.at >= asked_at and line.severity in ("LOG", "PANIC") and not line.application
    ]

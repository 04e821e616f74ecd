"""What is measured of one cell, as it is told."""

from recovery_lab.judge import measures
from recovery_lab.judge.account import Figures, bad_kinds, tally, waits
from recovery_lab.judge.case import Case
from recovery_lab.record.history import Health


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
        past_ready_s=_past_ready_s(case),
        green_s=_green_s(case),
    )


def _past_ready_s(case: Case) -> float | None:
    ready = case.seen.ready
    if ready is None or case.job == "idle":
        return None
    return round(measures.past_ready_s(case.reads, ready.early_at), 6)


def _green_s(case: Case) -> float | None:
    seen = case.seen
    # Of one's own URL a health route is held to nothing, and named by this figure.
    route = not seen.info.daemon and bool(seen.history.of(Health))
    if case.job == "idle" or not (case.needs_health or route):
        return None
    if seen.lost_at is None or seen.ready is None:
        return None
    return case.green_s(seen.lost_at, seen.end_at if route else seen.ready.late_at)

"""How a loss must show in the application's readiness, and how its end."""

from recovery_lab.judge.case import Case
from recovery_lab.judge.thresholds import THRESHOLDS
from recovery_lab.record.history import Health


def sampled(case: Case) -> bool:
    """Tell whether System Health was asked all along; where not, its silence is a doubt."""
    return case.seen.unsampled_s <= THRESHOLDS.unseen_s


def _notice_s(case: Case, intervals: int) -> float:
    health = case.seen.info.health
    if health is None:
        return 0.0
    return intervals * health.interval_s + health.deadline_s + THRESHOLDS.grace_s


def not_red(case: Case) -> list[str]:
    """A loss that lasts turns readiness red in time; a shorter one stands in `last_outage`."""
    seen = case.seen
    if seen.lost_at is None or seen.ready is None or not sampled(case):
        return []
    only_new = seen.effects.cuts == "new"
    bound_s = _notice_s(case, THRESHOLDS.steady_intervals if only_new else 1)
    samples = [s for s in seen.history.of(Health) if s.ended_at >= seen.lost_at]
    red_at = next((s.ended_at for s in samples if s.status != "up"), None)
    if red_at is not None and red_at <= seen.lost_at + bound_s:
        return []
    if seen.away_s > bound_s:
        told = "never" if red_at is None else f"{red_at - seen.lost_at:.3f} s after the loss"
        return [f"readiness red {told}, bound {bound_s:g} s"]
    known_before = {s.last_outage for s in seen.history.of(Health) if s.ended_at < seen.lost_at}
    told_since = {s.last_outage for s in samples if s.last_outage} - known_before
    if told_since:
        return []
    told = f"a loss of {seen.away_s:.3f} s stands in no last outage"
    return [f"{told}, and readiness was not red within {bound_s:g} s"]


def not_green(case: Case) -> list[str]:
    """Readiness is green again in time, of the server as it is now."""
    seen = case.seen
    if seen.ready is None or not sampled(case):
        return []
    bound_s = _notice_s(case, 1)
    if seen.health_at is None:
        watched_s = seen.stopped_at - seen.ready.late_at
        told = f"readiness not green, watched for {watched_s:.3f} s, bound {bound_s:g} s"
        return [told] if watched_s > bound_s else []
    took_s = seen.health_at - seen.ready.late_at
    told = f"readiness green {took_s:.3f} s after ready, bound {bound_s:g} s"
    return [told] if took_s > bound_s else []

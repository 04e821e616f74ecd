"""The promises of an application: its process, its liveness and its readiness."""

from collections.abc import Iterator

from recovery_lab.judge.case import Case, Seen
from recovery_lab.judge.green import losses
from recovery_lab.judge.rule import rule
from recovery_lab.judge.thresholds import THRESHOLDS
from recovery_lab.record.history import Health, Live


def _cut(case: Case) -> bool:
    # Its own checks do not idle.
    return case.is_application and case.seen.effects.cuts not in ("none", "idle")


@rule("liveness", "3 s for each probe", lambda case: case.is_application, needs="liveness")
def _not_alive(case: Case) -> Iterator[str]:
    """The application's process answers its liveness probe, one a second."""
    asked_at, lives = case.seen.asked_at, case.seen.history.of(Live)
    probes = [p for p in lives if asked_at is not None and p.ended_at >= asked_at]
    bad = [p for p in probes if not p.ok or p.ended_at - p.started_at > THRESHOLDS.live_s]
    if bad:
        first_s = bad[0].started_at - case.seen.origin
        yield f"{len(bad)} of {len(probes)} liveness probes not good, the first at {first_s:.3f} s"


@rule("nothing restarts", "0 restarts", lambda case: case.is_application, needs="application")
def _restarted(case: Case) -> Iterator[str]:
    """The application's container is the same start of the same container."""
    if case.seen.restarted:
        yield "the application's process was restarted"


def _notice_s(seen: Seen, intervals: int = 1) -> float:
    health = seen.info.health
    return intervals * health.interval_s + health.deadline_s + THRESHOLDS.grace_s if health else 0.0


def _red_within_s(seen: Seen) -> float:
    return _notice_s(seen, THRESHOLDS.steady_intervals if seen.effects.cuts == "new" else 1)


FALLS = "interval + deadline + 0.5 s of the loss; 3 intervals where only new ones are cut"


@rule("readiness falls", FALLS, _cut, needs="health")
def _not_red(case: Case) -> Iterator[str]:
    """A loss turns readiness red; a shorter one stands in System Health's last outage."""
    seen, lost_at, samples = case.seen, case.seen.lost_at, case.seen.history.of(Health)
    away_s = seen.first_away_s
    if lost_at is None or away_s is None or not seen.sampled:
        return
    bound_s = _red_within_s(seen)
    since = [s for s in samples if s.ended_at >= lost_at]
    red_s = next((s.ended_at - lost_at for s in since if s.status != "up"), None)
    before = {s.last_outage for s in samples if s.ended_at < lost_at}
    if red_s is not None and red_s <= bound_s:
        return
    if away_s > bound_s:
        told = "never" if red_s is None else f"{red_s:.3f} s after the loss"
        yield f"readiness red {told}, bound {bound_s:g} s"
    elif not {s.last_outage for s in since if s.last_outage} - before:
        told = f"a loss of {away_s:.3f} s stands in no last outage"
        yield f"{told}, and readiness was not red within {bound_s:g} s"


def _no_new(case: Case) -> bool:
    return _cut(case) and case.seen.effects.cuts != "established" and case.job == "steady"


@rule("no false green", FALLS.replace("the loss", "each loss, in all"), _no_new, needs="health")
def _false_green(case: Case) -> Iterator[str]:
    """Readiness is not green while users wait and fresh sessions cannot do the work."""
    seen, bound_s = case.seen, _red_within_s(case.seen)
    if seen.lost_at is None or not seen.sampled:
        return
    until = seen.stopped_at if seen.ready is None else seen.ready.late_at
    for begin_at, end_at in losses(seen.history, seen.lost_at, until):
        if (green_s := case.green_s(begin_at, end_at)) > bound_s:
            yield f"green for {green_s:.3f} s while reads could not end, bound {bound_s:g} s"


@rule("readiness returns", "interval + deadline + 0.5 s of ready's late end", _cut, needs="health")
def _not_green(case: Case) -> Iterator[str]:
    """Readiness is green again, of the server as it is now."""
    seen, bound_s = case.seen, _notice_s(case.seen)
    if seen.ready is None or not seen.sampled:
        return
    green_s = (seen.stopped_at if seen.health_at is None else seen.health_at) - seen.ready.late_at
    told = f"readiness green {green_s:.3f} s after ready"
    if seen.health_at is None:
        told = f"readiness not green, watched for {green_s:.3f} s"
    if green_s > bound_s:
        yield f"{told}, bound {bound_s:g} s"

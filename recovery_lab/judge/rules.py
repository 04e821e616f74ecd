"""The promises: each a function with a name and a bound, that tells how a cell broke it."""

from collections.abc import Callable, Sequence

import msgspec

from recovery_lab.judge.account import Read, bad_kinds
from recovery_lab.judge.case import Case
from recovery_lab.judge.thresholds import THRESHOLDS
from recovery_lab.record.history import Health, Live, LogLine

CAPABILITIES = {  # that rules need, as people read them: "no health probe declared"
    "application": "application",
    "health": "health probe",
    "liveness": "liveness probe",
    "pool": "pool",
    "server log": "server log",
}
Broken = Callable[[Case], list[str]]
Applies = Callable[[Case], bool]


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """One promise: `needs` is a capability of the target, `broken` is empty where it held."""

    name: str
    says: str
    bound: str
    applies: Applies
    broken: Broken
    needs: str = ""


RULES: dict[str, Rule] = {}  # by name: those that a control may break and a plan may waive


def _rule(
    name: str, bound: str, applies: Applies = lambda _: True, needs: str = ""
) -> Callable[[Broken], Broken]:
    """Make a rule of a function, whose docstring says when it holds."""

    def add(broken: Broken) -> Broken:
        text = (broken.__doc__ or "").rstrip(".")
        says = text[:1].lower() + text[1:]
        RULES[name] = Rule(
            name=name, says=says, bound=bound, applies=applies, broken=broken, needs=needs
        )
        return broken

    return add


def _application(case: Case) -> bool:
    return case.is_application


def _cut_application(case: Case) -> bool:
    return case.is_application and case.seen.effects.cuts != "none"


def _undisturbed(case: Case) -> bool:
    effects = case.seen.effects
    return effects.cuts == effects.heal_cuts == "none" and not effects.delays_s


@_rule("recovers", "120 s from ready; past 60 s marked LATE", lambda case: case.job == "steady")
def _recovers(case: Case) -> list[str]:
    """A good read, of the application with its System Health, after which all is good."""
    seen, limit_s = case.seen, case.seen.info.limit_s
    watched_s = seen.after_ready_s(seen.stopped_at)
    back_s = seen.after_ready_s(case.back_at)
    if watched_s is None:
        return []  # without ready nothing can be said: a doubt of the outage
    censored = f"censored {watched_s:.1f} s after ready"
    if case.recovered is None:  # until it has been watched to its bound that is a doubt
        return [f"no recovery, {censored}"] * case.was_watched
    if back_s is None:
        return [f"System Health not back, {censored}"] * (case.was_watched and _sampled(case))
    what = "both back" if case.needs_health else "back"
    return [f"{what} {back_s:.3f} s after ready, limit {limit_s:g} s"] * (back_s > limit_s)


@_rule("no relapse", "0 reads; a wait of 1 s")
def _relapses(case: Case) -> list[str]:
    """No read due later in the record fails, hangs or waits long."""
    since = case.recovered_at
    if case.job == "idle":
        since = max((read.due_at for read in case.first_reads), default=None)
    later = [read for read in case.due_from(since) if read not in case.first_reads]
    return _hurt(later, "reads relapsed after recovery")


@_rule("first reads", "0 reads failed or hung; a wait of 1 s", lambda case: case.job == "idle")
def _first_reads(case: Case) -> list[str]:
    """The first reads of an idle pool, as many at once as it held, are good."""
    return _hurt(case.first_reads, f"of the first {len(case.first_reads)} reads not good")


@_rule("undisturbed", "0 reads; a wait of 1 s", _undisturbed)
def _disturbed(case: Case) -> list[str]:
    """Where a fault neither cuts nor delays, no read fails, hangs or waits long."""
    before = case.hurt_before()
    reads = [read for read in case.reads if read not in before]
    return _hurt(reads, "reads disturbed, though nobody was cut")


def _hurt(reads: Sequence[Read], what: str) -> list[str]:
    hurt = [read for read in reads if read.hurt]
    if not hurt:
        return []
    words = [", ".join(f"{kind} {count}" for kind, count in bad_kinds(hurt).items())]
    slow = [read.wait_s for read in hurt if not read.bad]
    if slow:
        waits = [wait_s for wait_s in slow if wait_s is not None]
        endless = "" if len(waits) == len(slow) else ", some without end"
        longest = f"longest wait {max(waits, default=0.0):.3f} s{endless}"
        words.append(f"{len(slow)} waited over {THRESHOLDS.long_wait_s:g} s, {longest}")
    return [f"{len(hurt)} {what}: {'; '.join(filter(None, words))}"]


@_rule("liveness", "3 s for each probe", _application, needs="liveness")
def _not_alive(case: Case) -> list[str]:
    """The application's process answers its liveness probe, one a second."""
    asked_at = case.seen.asked_at
    lives = case.seen.history.of(Live)
    probes = [p for p in lives if asked_at is not None and p.ended_at >= asked_at]
    bad = [p for p in probes if not p.ok or p.ended_at - p.started_at > THRESHOLDS.live_s]
    first_s = bad[0].started_at - case.seen.origin if bad else 0.0
    told = f"{len(bad)} of {len(probes)} liveness probes not good, the first at {first_s:.3f} s"
    return [told] * bool(bad)


@_rule("nothing restarts", "0 restarts", _application, needs="application")
def _restarted(case: Case) -> list[str]:
    """The application's container is the same start of the same container."""
    return ["the application's process was restarted"] * case.seen.restarted


def _sampled(case: Case) -> bool:
    """Tell whether System Health was asked all along; where not, its silence is a doubt."""
    return case.seen.unsampled_s <= THRESHOLDS.unseen_s


def _notice_s(case: Case, intervals: int) -> float:
    health = case.seen.info.health
    if health is None:
        return 0.0
    return intervals * health.interval_s + health.deadline_s + THRESHOLDS.grace_s


@_rule(
    "readiness falls",
    "interval + deadline + 0.5 s of the loss; 3 intervals where only new ones are cut",
    _cut_application,
    needs="health",
)
def _not_red(case: Case) -> list[str]:
    """A loss turns readiness red; a shorter one stands in System Health's last outage."""
    seen, lost_at, samples = case.seen, case.seen.lost_at, case.seen.history.of(Health)
    if lost_at is None or seen.ready is None or not _sampled(case):
        return []
    bound_s = _notice_s(case, THRESHOLDS.steady_intervals if seen.effects.cuts == "new" else 1)
    since = [s for s in samples if s.ended_at >= lost_at]
    red_s = next((s.ended_at - lost_at for s in since if s.status != "up"), None)
    if red_s is not None and red_s <= bound_s:
        return []
    away_s = seen.away_s or 0.0
    if away_s > bound_s:
        told = "never" if red_s is None else f"{red_s:.3f} s after the loss"
        return [f"readiness red {told}, bound {bound_s:g} s"]
    known_before = {s.last_outage for s in samples if s.ended_at < lost_at}
    if {s.last_outage for s in since if s.last_outage} - known_before:
        return []
    told = f"a loss of {away_s:.3f} s stands in no last outage"
    return [f"{told}, and readiness was not red within {bound_s:g} s"]


@_rule(
    "readiness returns",
    "interval + deadline + 0.5 s of ready's late end",
    _cut_application,
    needs="health",
)
def _not_green(case: Case) -> list[str]:
    """Readiness is green again, of the server as it is now."""
    seen, bound_s = case.seen, _notice_s(case, 1)
    if seen.ready is None or not _sampled(case):
        return []
    green_s = (seen.stopped_at if seen.health_at is None else seen.health_at) - seen.ready.late_at
    told = f"readiness green {green_s:.3f} s after ready"
    if seen.health_at is None:
        told = f"readiness not green, watched for {green_s:.3f} s"
    return [f"{told}, bound {bound_s:g} s"] * (green_s > bound_s)


@_rule("pool whole", "0 connections, 20 s later", lambda case: case.has_pool, needs="pool")
def _pool_broken(case: Case) -> list[str]:
    """The pool has its size, and nothing is checked out when its readers have stopped."""
    if len(case.looks) < 2:  # a doubt
        return []
    before, after = case.looks[0], case.looks[-1]
    out = [f"{after.checked_out} connections still checked out at the end"]
    size = [f"the pool's size was {before.size} and is {after.size}"]
    return out * bool(after.checked_out) + size * (before.size != after.size)


@_rule("server sound", "0 lines", needs="server log")
def _server_failed(case: Case) -> list[str]:
    """The server's log has no PANIC, and no FATAL that the fault does not explain."""
    explained = case.seen.effects.explains
    return [
        f"server log: [{line.pid}] {line.severity} {line.sqlstate}: {line.message}"
        for line in case.seen.history.of(LogLine)
        if line.severity == "PANIC" or (line.severity == "FATAL" and line.sqlstate not in explained)
    ]

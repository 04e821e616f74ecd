"""The promises: each a function with a name and a bound, that tells how a cell broke it."""

from collections.abc import Callable, Iterator, Sequence

import msgspec

from recovery_lab.judge import loss, measures
from recovery_lab.judge.account import Read, bad_kinds
from recovery_lab.judge.case import Case, Seen
from recovery_lab.judge.green import losses
from recovery_lab.judge.thresholds import THRESHOLDS
from recovery_lab.record.history import Health, Live, LogLine

# SQLSTATEs of FATAL lines that only a client brings, which hangs up or asks for its query's end; an
# observer does on a loaded machine, whatever the fault.
HUNG_UP = ("57014", "08006", "08P01")
# Capabilities as people read them, where not by their own names: "no health probe declared".
CAPABILITIES = {"health": "health probe", "liveness": "liveness probe"}
Broken = Callable[[Case], Iterator[str]]


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """One promise: `needs` is a capability of the target, `broken` yields how it was broken."""

    name: str
    says: str
    bound: str
    applies: Callable[[Case], bool]
    broken: Broken
    needs: str = ""


RULES: dict[str, Rule] = {}  # by name: those that a control may break and a plan may waive


def _rule(
    name: str, bound: str, applies: Callable[[Case], bool] = lambda _: True, needs: str = ""
) -> Callable[[Broken], Broken]:
    """Make a rule of a function, whose docstring says when it holds."""

    def add(broken: Broken) -> Broken:
        text = (broken.__doc__ or "").rstrip(".")
        says = text[:1].lower() + text[1:]
        told = {"name": name, "says": says, "bound": bound, "needs": needs}
        RULES[name] = Rule(**told, applies=applies, broken=broken)
        return broken

    return add


def _cut(case: Case) -> bool:
    # Its own checks do not idle.
    return case.is_application and case.seen.effects.cuts not in ("none", "idle")


def _uncut(case: Case) -> bool:
    effects = case.seen.effects
    return effects.cuts == effects.heal_cuts == "none" and "reads" not in effects.denies


def _undisturbed(case: Case) -> bool:
    return _uncut(case) and not case.seen.effects.delays_s


def _delayed(case: Case) -> bool:
    return _uncut(case) and bool(case.seen.effects.delays_s)


@_rule("recovers", "120 s from ready; past 60 s marked LATE", lambda case: case.job != "idle")
def _recovers(case: Case) -> Iterator[str]:
    """A good read, of the application with its System Health, after which all is good."""
    seen, limit_s = case.seen, case.seen.info.limit_s
    back_at = case.back_at if case.recovered else None
    watched_s, back_s = map(seen.after_ready_s, (seen.stopped_at, back_at))
    if back_s is not None:
        if back_s > limit_s:
            what = "both back" if case.needs_health else "back"
            yield f"{what} {back_s:.3f} s after ready, limit {limit_s:g} s"
    elif watched_s is not None and case.was_watched:  # until then, or without ready: a doubt
        if case.recovered is None:
            yield f"no recovery, censored {watched_s:.1f} s after ready"
        elif _sampled(seen):
            yield f"System Health not back, censored {watched_s:.1f} s after ready"


@_rule("no relapse", "0 reads; a wait of 1 s")
def _relapses(case: Case) -> Iterator[str]:
    """No read due later in the record fails, hangs or waits long."""
    since = case.recovered_at
    if case.job == "idle":
        since = max((read.due_at for read in case.first_reads), default=None)
    later = [read for read in case.due_from(since) if read not in case.first_reads]
    return _hurt(case, later, "reads relapsed after recovery")


@_rule("first reads", "0 reads failed or hung; a wait of 1 s", lambda case: case.job == "idle")
def _first_reads(case: Case) -> Iterator[str]:
    """The first reads of an idle pool, as many at once as it held, are good."""
    return _hurt(case, case.first_reads, f"of the first {len(case.first_reads)} reads not good")


@_rule("undisturbed", "0 reads; a wait of 1 s", _undisturbed)
def _disturbed(case: Case) -> Iterator[str]:
    """Where a fault neither cuts nor delays, no read fails, hangs or waits long."""
    before = case.hurt_before()
    reads = [read for read in case.reads if read not in before]
    return _hurt(case, reads, "reads disturbed, though nobody was cut")


@_rule("only delayed", "0 reads; a wait of the delay, or of what is left of it, and 1 s", _delayed)
def _more_than_delayed(case: Case) -> Iterator[str]:
    """Where a fault delays and cuts nobody, no read fails or hangs, or waits longer than for it."""
    seen, before = case.seen, case.hurt_before()
    ended_at = measures.injection_end(seen.history) or seen.end_at
    delays_s = seen.effects.delays_s
    to_its_end = delays_s >= seen.info.hold_s  # as a lock does, however long that lasted

    def most_s(read: Read) -> float:
        left_s = max(0.0, ended_at - read.due_at)
        return (left_s if to_its_end else min(delays_s, left_s)) + THRESHOLDS.long_wait_s

    hurt = [read for read in case.reads if read.bad or read.least_s > most_s(read)]
    hurt = [read for read in hurt if read not in before]
    return _told(hurt, "reads more than delayed", f"the delay and {THRESHOLDS.long_wait_s:g} s")


@_rule("sessions kept", "0 sessions", _delayed, needs="server log")
def _thrown_out(case: Case) -> Iterator[str]:
    """Where a fault delays and cuts nobody, the server ends no session of its own."""
    held = case.warm_backends
    if gone := held & loss.lost_sessions(case.seen.history, case.seen.effects):
        yield f"{len(gone)} of {len(held)} sessions ended, though nobody was to be cut"


def _hurt(case: Case, reads: Sequence[Read], what: str) -> Iterator[str]:
    hurt = [read for read in reads if read.bad or read.least_s > case.bearable_s(read)]
    bound_s = max(map(case.bearable_s, hurt), default=0.0)
    return _told(hurt, what, f"{bound_s:g} s")


def _told(hurt: Sequence[Read], what: str, over: str) -> Iterator[str]:
    told = [", ".join(f"{kind} {count}" for kind, count in bad_kinds(hurt).items())]
    if slow := [read.wait_s for read in hurt if not read.bad]:
        waits = [wait_s for wait_s in slow if wait_s is not None]
        endless = "" if len(waits) == len(slow) else ", some without end"
        longest = f"longest wait {max(waits, default=0.0):.3f} s{endless}"
        told.append(f"{len(slow)} waited over {over}, {longest}")
    if hurt:
        yield f"{len(hurt)} {what}: {'; '.join(filter(None, told))}"


@_rule("liveness", "3 s for each probe", lambda case: case.is_application, needs="liveness")
def _not_alive(case: Case) -> Iterator[str]:
    """The application's process answers its liveness probe, one a second."""
    asked_at, lives = case.seen.asked_at, case.seen.history.of(Live)
    probes = [p for p in lives if asked_at is not None and p.ended_at >= asked_at]
    bad = [p for p in probes if not p.ok or p.ended_at - p.started_at > THRESHOLDS.live_s]
    if bad:
        first_s = bad[0].started_at - case.seen.origin
        yield f"{len(bad)} of {len(probes)} liveness probes not good, the first at {first_s:.3f} s"


@_rule("nothing restarts", "0 restarts", lambda case: case.is_application, needs="application")
def _restarted(case: Case) -> Iterator[str]:
    """The application's container is the same start of the same container."""
    if case.seen.restarted:
        yield "the application's process was restarted"


def _sampled(seen: Seen) -> bool:
    return seen.silent_s(Health) <= THRESHOLDS.unseen_s  # else its silence is a doubt


def _notice_s(seen: Seen, intervals: int = 1) -> float:
    health = seen.info.health
    return intervals * health.interval_s + health.deadline_s + THRESHOLDS.grace_s if health else 0.0


def _red_within_s(seen: Seen) -> float:
    return _notice_s(seen, THRESHOLDS.steady_intervals if seen.effects.cuts == "new" else 1)


FALLS = "interval + deadline + 0.5 s of the loss; 3 intervals where only new ones are cut"


@_rule("readiness falls", FALLS, _cut, needs="health")
def _not_red(case: Case) -> Iterator[str]:
    """A loss turns readiness red; a shorter one stands in System Health's last outage."""
    seen, lost_at, samples = case.seen, case.seen.lost_at, case.seen.history.of(Health)
    away_s = seen.first_away_s
    if lost_at is None or away_s is None or not _sampled(seen):
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


@_rule("no false green", FALLS.replace("the loss", "each loss, in all"), _no_new, needs="health")
def _false_green(case: Case) -> Iterator[str]:
    """Readiness is not green while users wait and fresh sessions cannot do the work."""
    seen, bound_s = case.seen, _red_within_s(case.seen)
    if seen.lost_at is None or not _sampled(seen):
        return
    until = seen.stopped_at if seen.ready is None else seen.ready.late_at
    for begin_at, end_at in losses(seen.history, seen.lost_at, until):
        if (green_s := case.green_s(begin_at, end_at)) > bound_s:
            yield f"green for {green_s:.3f} s while reads could not end, bound {bound_s:g} s"


@_rule("readiness returns", "interval + deadline + 0.5 s of ready's late end", _cut, needs="health")
def _not_green(case: Case) -> Iterator[str]:
    """Readiness is green again, of the server as it is now."""
    seen, bound_s = case.seen, _notice_s(case.seen)
    if seen.ready is None or not _sampled(seen):
        return
    green_s = (seen.stopped_at if seen.health_at is None else seen.health_at) - seen.ready.late_at
    told = f"readiness green {green_s:.3f} s after ready"
    if seen.health_at is None:
        told = f"readiness not green, watched for {green_s:.3f} s"
    if green_s > bound_s:
        yield f"{told}, bound {bound_s:g} s"


@_rule("pool whole", "0 connections, 20 s later", lambda case: case.has_pool, needs="pool")
def _pool_broken(case: Case) -> Iterator[str]:
    """The pool has its size, and nothing is checked out when its readers have stopped."""
    if len(case.looks) < 2:  # a doubt
        return
    before, after = case.looks[0], case.looks[-1]
    if after.checked_out:
        yield f"{after.checked_out} connections still checked out at the end"
    if before.size != after.size:
        yield f"the pool's size was {before.size} and is {after.size}"


@_rule("server sound", "0 lines", needs="server log")
def _server_failed(case: Case) -> Iterator[str]:
    """The server's log has no PANIC, no FATAL that neither the fault nor a hang-up explains."""
    explained = (*case.seen.effects.explains, *HUNG_UP)
    for line in case.seen.history.of(LogLine):
        fatal = line.severity == "FATAL" and line.sqlstate not in explained
        if fatal or line.severity == "PANIC":
            yield f"server log: [{line.pid}] {line.severity} {line.sqlstate}: {line.message}"

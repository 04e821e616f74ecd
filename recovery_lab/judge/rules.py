"""The promises as data: each a rule with a name, what it applies to, and its bound.

A subject keeps every rule that applies; a control breaks its named one. A rule whose capability
the target does not declare is *not judged*, by name.
"""

from collections.abc import Callable, Mapping, Sequence

import msgspec

from recovery_lab.judge import measures
from recovery_lab.judge.account import Read
from recovery_lab.judge.case import Case, kinds
from recovery_lab.judge.readiness import not_green, not_red, sampled
from recovery_lab.judge.thresholds import THRESHOLDS
from recovery_lab.record.history import Live, LogLine, Look

# A rule's capability as people read it: "no health probe declared".
CAPABILITIES = {
    "application": "application",
    "health": "health probe",
    "liveness": "liveness probe",
    "pool": "pool",
    "server log": "server log",
}


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """One promise.

    `says` and `bound` are for people; `applies` tells whether a cell is held to it; `broken`
    returns how it was broken, empty where it held; `needs` is a capability of the target.
    """

    name: str
    says: str
    bound: str
    applies: Callable[[Case], bool]
    broken: Callable[[Case], list[str]]
    needs: str = ""


def _steady(case: Case) -> bool:
    return case.job == "steady"


def _idle(case: Case) -> bool:
    return case.job == "idle"


def _application(case: Case) -> bool:
    return case.is_application


def _undisturbed(case: Case) -> bool:
    effects = case.seen.effects
    delayed = effects.delays_s or "reads" in effects.denies
    return effects.cuts == effects.heal_cuts == "none" and not delayed


def _cut_application(case: Case) -> bool:
    return case.is_application and case.seen.effects.cuts != "none"


def _recovers(case: Case) -> list[str]:
    seen, limit_s = case.seen, case.seen.info.limit_s
    watched_s = seen.after_ready_s(seen.stopped_at)
    lag_s = seen.after_ready_s(case.recovered_at)
    if watched_s is None:
        return []  # without ready nothing can be said: a doubt of the outage
    if lag_s is None:  # until it has been watched to its bound that is a doubt
        return [f"no recovery, censored {watched_s:.1f} s after ready"] * case.was_watched
    if not (case.is_application and seen.info.health):
        return _past("back", lag_s, limit_s)
    health_s = seen.after_ready_s(seen.health_at)
    if health_s is None:
        return [f"System Health not back, censored {watched_s:.1f} s after ready"] * (
            case.was_watched and sampled(case)
        )
    return _past("both back", max(lag_s, health_s), limit_s)


def _past(what: str, took_s: float, limit_s: float) -> list[str]:
    return [f"{what} {took_s:.3f} s after ready, limit {limit_s:g} s"] if took_s > limit_s else []


def _relapses(case: Case) -> list[str]:
    since = case.recovered_at
    if case.job == "idle":
        since = max((read.due_at for read in case.first_reads), default=None)
    later = [read for read in case.due_from(since) if read not in case.first_reads]
    return _hurt(later, "reads relapsed after recovery")


def _first_reads(case: Case) -> list[str]:
    return _hurt(case.first_reads, f"of the first {len(case.first_reads)} reads not good")


def _disturbed(case: Case) -> list[str]:
    before = case.hurt_before()
    reads = [read for read in case.reads if read not in before]
    return _hurt(reads, "reads disturbed, though nobody was cut")


def _hurt(reads: Sequence[Read], what: str) -> list[str]:
    hurt = [read for read in reads if read.hurt]
    if not hurt:
        return []
    told = ", ".join(f"{kind} {count}" for kind, count in kinds(hurt, _bad).items())
    slow = [read.wait_s for read in hurt if not _bad(read)]
    waits = [wait for wait in slow if wait is not None]
    endless = "" if len(waits) == len(slow) else ", some without end"
    longest = f"longest wait {max(waits, default=0.0):.3f} s{endless}"
    long = f"{len(slow)} waited over {THRESHOLDS.long_wait_s:g} s, {longest}" if slow else ""
    return [f"{len(hurt)} {what}: {'; '.join(word for word in (told, long) if word)}"]


def _bad(read: Read) -> bool:
    return read.outcome in ("failed", "hung")


def _not_alive(case: Case) -> list[str]:
    probes = [probe for probe in case.seen.history.of(Live) if _during(case, probe.ended_at)]
    bad = [p for p in probes if not p.ok or p.ended_at - p.started_at > THRESHOLDS.live_s]
    first_s = bad[0].started_at - (case.seen.asked_at or 0.0) if bad else 0.0
    told = f"{len(bad)} of {len(probes)} liveness probes not good, the first at {first_s:.3f} s"
    return [told] if bad else []


def _restarted(case: Case) -> list[str]:
    return ["the application's process was restarted"] * measures.restarted(case.seen.history)


def looks_of(case: Case) -> list[Look]:
    """Return what a cell's pool said of itself, before the fault and after."""
    cell = (case.cast.contender, case.job)
    return [k for k in case.seen.history.of(Look) if (k.contender, k.job) == cell]


def _pool_broken(case: Case) -> list[str]:
    looks = looks_of(case)
    if len(looks) < 2:  # a doubt
        return []
    before, after = looks[0], looks[-1]
    rules = [
        (after.checked_out != 0, f"{after.checked_out} connections still checked out at the end"),
        (before.size != after.size, f"the pool's size was {before.size} and is {after.size}"),
    ]
    return [reason for broken, reason in rules if broken]


def _server_failed(case: Case) -> list[str]:
    explained = case.seen.effects.explains
    return [
        f"server log: [{line.pid}] {line.severity} {line.sqlstate}: {line.message}"
        for line in case.seen.history.of(LogLine)
        if line.severity == "PANIC" or (line.severity == "FATAL" and line.sqlstate not in explained)
    ]


def _during(case: Case, at: float) -> bool:
    return case.seen.asked_at is not None and at >= case.seen.asked_at


def has_pool(case: Case) -> bool:
    """Tell whether a cell's pool can be looked at where the target shows pools."""
    return case.cast.traits.pools or case.is_application


_ALL = (
    Rule(
        name="recovers",
        says="a good read, of the application with its System Health, after which all is good",
        bound="120 s from ready; past 60 s marked LATE",
        applies=_steady,
        broken=_recovers,
    ),
    Rule(
        name="no relapse",
        says="no read due later in the record fails, hangs or waits long",
        bound="0 reads; a wait of 1 s",
        applies=lambda _: True,
        broken=_relapses,
    ),
    Rule(
        name="first reads",
        says="the first reads of an idle pool, as many at once as it held, are good",
        bound="0 reads failed or hung; a wait of 1 s",
        applies=_idle,
        broken=_first_reads,
    ),
    Rule(
        name="undisturbed",
        says="where a fault neither cuts nor delays, no read fails, hangs or waits long",
        bound="0 reads; a wait of 1 s",
        applies=_undisturbed,
        broken=_disturbed,
    ),
    Rule(
        name="liveness",
        says="the application's process answers its liveness probe, one a second",
        bound="3 s for each probe",
        applies=_application,
        broken=_not_alive,
        needs="liveness",
    ),
    Rule(
        name="nothing restarts",
        says="the application's container is the same start of the same container",
        bound="0 restarts",
        applies=_application,
        broken=_restarted,
        needs="application",
    ),
    Rule(
        name="readiness falls",
        says="a loss turns readiness red; a shorter one stands in System Health's last outage",
        bound="interval + deadline + 0.5 s of the loss; 3 intervals where only new ones are cut",
        applies=_cut_application,
        broken=not_red,
        needs="health",
    ),
    Rule(
        name="readiness returns",
        says="readiness is green again, of the server as it is now",
        bound="interval + deadline + 0.5 s of ready's late end",
        applies=_cut_application,
        broken=not_green,
        needs="health",
    ),
    Rule(
        name="pool whole",
        says="the pool has its size, and nothing is checked out when its readers have stopped",
        bound="0 connections, 20 s later",
        applies=has_pool,
        broken=_pool_broken,
        needs="pool",
    ),
    Rule(
        name="server sound",
        says="the server's log has no PANIC, and no FATAL that the fault does not explain",
        bound="0 lines",
        applies=lambda _: True,
        broken=_server_failed,
        needs="server log",
    ),
)

RULES: Mapping[str, Rule] = {rule.name: rule for rule in _ALL}

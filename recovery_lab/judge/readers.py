"""The promises to readers: that they are back, and what they meet until then."""

from collections.abc import Iterator, Sequence

from recovery_lab.judge import loss, measures
from recovery_lab.judge.account import Read, bad_kinds
from recovery_lab.judge.case import Case
from recovery_lab.judge.rule import rule
from recovery_lab.judge.thresholds import THRESHOLDS


def _uncut(case: Case) -> bool:
    effects = case.seen.effects
    return effects.cuts == effects.heal_cuts == "none" and "reads" not in effects.denies


def _undisturbed(case: Case) -> bool:
    return _uncut(case) and not case.seen.effects.delays_s


def _delayed(case: Case) -> bool:
    return _uncut(case) and bool(case.seen.effects.delays_s)


@rule("recovers", "120 s from ready; past 60 s marked LATE", lambda case: case.job != "idle")
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
        elif seen.sampled:
            yield f"System Health not back, censored {watched_s:.1f} s after ready"


@rule("no relapse", "0 reads; a wait of 1 s")
def _relapses(case: Case) -> Iterator[str]:
    """No read due later in the record fails, hangs or waits long."""
    since = case.recovered_at
    if case.job == "idle":
        since = max((read.due_at for read in case.first_reads), default=None)
    later = [read for read in case.due_from(since) if read not in case.first_reads]
    return _hurt(case, later, "reads relapsed after recovery")


@rule("waits end", "1 s from ready's late end", lambda case: not case.seen.info.daemon)
def _waits_on(case: Case) -> Iterator[str]:
    """Of one's own engine or URL, no read that met the outage waits on for long after it."""
    until = None if case.seen.ready is None else case.seen.ready.late_at + THRESHOLDS.long_wait_s
    ends = [read.ended_at or case.seen.end_at for read in case.in_outage() if read.started_at]
    if until is not None and (late := [at for at in ends if at > until]):
        longest = max(late) - until + THRESHOLDS.long_wait_s
        yield f"{len(late)} reads waited on after ready, the longest for {longest:.3f} s"


@rule("first reads", "0 reads failed or hung; a wait of 1 s", lambda case: case.job == "idle")
def _first_reads(case: Case) -> Iterator[str]:
    """The first reads of an idle pool, as many at once as it held, are good."""
    return _hurt(case, case.first_reads, f"of the first {len(case.first_reads)} reads not good")


@rule("undisturbed", "0 reads; a wait of 1 s", _undisturbed)
def _disturbed(case: Case) -> Iterator[str]:
    """Where a fault neither cuts nor delays, no read fails, hangs or waits long."""
    before = case.hurt_before()
    reads = [read for read in case.reads if read not in before]
    return _hurt(case, reads, "reads disturbed, though nobody was cut")


@rule("only delayed", "0 reads; a wait of the delay, or of what is left of it, and 1 s", _delayed)
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


@rule("sessions kept", "0 sessions", _delayed, needs="server log")
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

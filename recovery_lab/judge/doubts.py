"""What keeps an outage or a cell from being evidence: doubts, also where the record is blind."""

from recovery_lab.judge import measures
from recovery_lab.judge.account import lost_reads
from recovery_lab.judge.beside import uncounted_s
from recovery_lab.judge.case import Case, Seen
from recovery_lab.judge.doubt import Doubt, Said
from recovery_lab.judge.played import as_meant
from recovery_lab.judge.thresholds import THRESHOLDS
from recovery_lab.record.history import Health, Live, LogLine, Probe, Trouble

_NOTHING = "no outage was seen: no start of the server, no session ended, none refused"
_NOTHING_READ = "no outage was seen: no read failed or waited long"


def outage_doubts(seen: Seen) -> list[Doubt]:
    """Return what keeps the whole outage from being evidence."""
    said = [*_landing(seen), *_going(seen), *_blind_spots(seen)]
    trouble = [Doubt(kind="unsure", said=one.message) for one in seen.history.of(Trouble)]
    return [Doubt(kind=kind, said=words) for kind, words in said] + trouble


def cell_doubts(case: Case, *, failures: bool) -> list[Doubt]:
    """Return what keeps one cell from being evidence; `failures`: whether it broke a rule."""
    if case.part.role == "reference":
        return []
    said = [*_steadiness(case), *_watching(case), *as_meant(case), *_gaps(case), *_unseen(case)]
    if case.part.role == "control" and not failures:
        said.append(("unbroken", f"the control did not break its rule: {case.part.breaks}"))
    return [Doubt(kind=kind, said=words) for kind, words in said]


def _landing(seen: Seen) -> Said:
    """The fault must be shown to have been in, from a steady state."""
    effects, history = seen.info.effects, seen.history
    moved, known = measures.start_moved(history), all(measures.server_starts(history))
    if seen.info.trouble:
        yield "unsure", seen.info.trouble
    if not seen.info.complete:
        yield "unsure", "the outage was not recorded to its end"
    if seen.asked_at is None:
        yield "void", "no fault was asked for"
    if measures.bad_before(history):
        yield "void", "no steady state before: fresh sessions did not work"
    if "landed" not in seen.steps:
        yield "void", "the fault is not shown to have landed"
    if effects.observed and seen.effects.cuts == "none":
        yield (
            "void",
            _NOTHING if seen.info.login else _NOTHING_READ,
        )
    if known and effects.restarts is True and not moved:
        yield "void", "expected a start of the server: its start did not move"
    if known and effects.restarts is False and moved:  # it was in: what failed under it stands
        yield "unsure", "expected the same server: its start moved"
    if read_on := ", ".join(_read_on(seen)):
        yield "void", f"established sessions read on through the fault: {read_on}"


def _read_on(seen: Seen) -> list[str]:
    """Return the contenders whose sessions from before answered while the fault was in.

    Where the same postmaster ended them also later: it gives no pid again so soon. Where it cuts
    those that idle, who reads all the time is no sign.
    """
    landed, healing, effects = seen.steps.get("landed"), seen.steps.get("healing"), seen.effects
    cut = effects.cuts in ("established", "idle", "both") and not effects.observed
    if not cut or landed is None or healing is None or seen.asked_at is None:
        return []
    starts = measures.events(seen.history, "start")
    if any(seen.asked_at <= at <= landed.at for at in starts):
        return []  # a container that was started again gives the same pids once more
    until = seen.end_at if effects.ends_sessions and not effects.restarts else healing.at
    found = set()
    for case in seen.cases:
        if effects.cuts == "idle" and case.job != "idle":
            continue
        known = {read.backend_pid for read in case.before() if read.ok} | case.warm_backends
        good = [read for read in case.reads if read.ok and (read.started_at or 0.0) > landed.at]
        answered = {read.backend_pid for read in good if (read.ended_at or 0.0) < until}
        if known & answered - {0}:
            found.add(case.cast.contender)
    return sorted(found)


def _going(seen: Seen) -> Said:
    if "back" not in seen.steps:
        yield "unsure", "the fault is not shown to be gone"
    if seen.ready is None:
        yield "unsure", "the server was not seen ready again"
        return
    later = (p for p in seen.history.of(Probe) if p.started_at >= seen.ready.late_at)
    again_at = next((p.started_at for p in later if measures.refused(p)), None)
    if (again_s := seen.after_ready_s(again_at)) is not None:
        yield "unsure", f"the server refused fresh sessions once more, {again_s:.1f} s after ready"


def _blind_spots(seen: Seen) -> Said:
    """What the record does not show of the server, and whether it has an end."""
    info, history = seen.info, seen.history
    told = any(line.at >= seen.origin for line in history.of(LogLine))
    if history.mark_at(measures.CLOSED) is None:
        yield "unsure", "the record was cut short: it has no end"
    if info.effects.restarts is not None and not all(measures.server_starts(history)):
        yield "unsure", "the server's start time is not known before and after the fault"
    if "server log" in info.capabilities and seen.effects.restarts and not told:
        yield "unsure", "the server's log was not read: it tells of no start"
    if info.daemon and seen.looked["database"] < 2:
        yield "unsure", "the containers were not looked at before the fault and after"
    if seen.asked_at is None or seen.ready is None or not info.login:
        return  # each a doubt of its own
    until = min(seen.ready.late_at + THRESHOLDS.steady_s, seen.end_at)
    starts = (probe.started_at for probe in history.of(Probe))
    unprobed_s = measures.silence_s(starts, seen.asked_at, until)
    if unprobed_s > THRESHOLDS.steady_s + info.effects.delays_s:
        yield "unsure", f"no fresh session was tried for {unprobed_s:.1f} s"


def _steadiness(case: Case) -> Said:
    before, hurt, samples = case.before(), len(case.hurt_before()), case.seen.history.of(Health)
    said = (s.status for s in reversed(samples) if s.ended_at < case.seen.origin)
    health = next(said, "nothing")
    if not case.reads:
        yield "unsure", "no read was due"
    enough = sum(read.ok for read in before) >= THRESHOLDS.baseline_reads
    if case.job not in ("idle", "cold") and not enough:
        yield "void", "no steady state before"
    if hurt:
        yield "void", f"no steady state before: {hurt} of {len(before)} reads not good"
    if case.needs_health and case.seen.asked_at is not None and health != "up":
        yield "void", f"no steady state before: System Health said {health}"
    if not case.met:
        yield "unsure", "it met nothing: no read was due in the fault, or delayed, no session cut"


def _watching(case: Case) -> Said:
    """A cell must have been watched to its bound, and its reads to their ends."""
    seen, subject, idle = case.seen, case.part.role == "subject", case.job == "idle"
    back_at = case.back_at if subject else case.recovered_at
    if not idle and back_at is None and not case.was_watched:
        watched_s = seen.after_ready_s(seen.stopped_at) or 0.0
        yield "unsure", f"censored {watched_s:.1f} s after ready, before {case.watch_s:g} s"
    least_s, since = THRESHOLDS.settled_s, "the idle pool was asked" if idle else "recovery"
    if subject and back_at is not None and (settled_s := seen.stopped_at - back_at) < least_s:
        yield "unsure", f"watched for {settled_s:.1f} s after {since}, wanted {least_s:g} s"
    if subject and (open_ends := sum(read.open for read in case.reads)):
        yield "unsure", f"{open_ends} reads still under way at the record's end"


def _gaps(case: Case) -> Said:
    seen, due = case.seen, len(case.reads)
    late, solo = sum(read.late for read in case.reads), seen.info.solo
    if late > due * (THRESHOLDS.late_start_share_solo if solo else THRESHOLDS.late_start_share):
        yield "late", f"the recorder missed its schedule: {late} of {due} reads began late"
    reads_per_s = max(seen.info.reads_per_s * case.cast.traits.workers, 0.01)
    since_at = seen.asked_at
    if case.job == "cold":  # it may wait for the others: all of them begin together
        since_at = next((read.due_at for read in case.reads), None)
    if case.job != "idle" and since_at is not None:
        dues = (read.due_at for read in case.reads)
        undue_s = measures.silence_s(dues, since_at, seen.stopped_at)
        if undue_s > THRESHOLDS.undue_s + 2.0 / reads_per_s:
            yield "unsure", f"no read was due for {undue_s:.1f} s: its schedule was not kept"
    if lost := lost_reads(case.records):
        yield "unsure", f"{lost} reads are missing from the record"


def _unseen(case: Case) -> Said:
    seen, capabilities = case.seen, case.seen.info.capabilities
    if case.has_pool and "pool" in capabilities and len(case.looks) < 2:
        yield "unsure", "its pool was not looked at before and after"
    if case.needs_health and (silent_s := seen.silent_s(Health)) > THRESHOLDS.unseen_s:
        yield "unsure", f"System Health was not asked for {silent_s:.1f} s"
    lives = case.is_application and "liveness" in capabilities
    if lives and (silent_s := seen.silent_s(Live)) > THRESHOLDS.unseen_s:
        yield "unsure", f"no liveness probe was made for {silent_s:.1f} s"
    # What measures one ends with its process, and begins with it.
    restarts = case.is_application and (seen.restarted or seen.restart_asked_at is not None)
    counts = seen.info.metered and not restarts and case.job != "cold"
    uncounted = uncounted_s(seen, case.cast.contender) if counts else 0
    if uncounted > THRESHOLDS.uncounted_s:
        yield "unsure", f"its connections were not counted for {uncounted:.1f} s"
    if case.is_application and seen.info.daemon and seen.looked["application"] < 2:
        yield "unsure", "the application's container was not looked at before the fault and after"

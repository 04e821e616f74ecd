"""Whether each job was played as it is meant: what the record must show of it, else a doubt."""

from recovery_lab.contenders.base import CROWD
from recovery_lab.judge import measures
from recovery_lab.judge.case import Case
from recovery_lab.judge.doubt import Said
from recovery_lab.judge.thresholds import THRESHOLDS


def as_meant(case: Case) -> Said:
    """Yield what keeps one cell from being a case of its job; `steady` needs no more."""
    match case.job:
        case "idle":
            yield from _idling(case)
        case "fresh":
            yield from _forgetting(case)
        case "cold":
            yield from _starting(case)
        case "crowd":
            yield from _crowding(case)


def _forgetting(case: Case) -> Said:
    """Each read of a fresh job must have had a session that no read had before."""
    good = [(read.server_started, read.backend_pid) for read in case.reads if read.ok]
    if again := len(good) - len({*good}):
        told = f"{again} of {len(good)} good reads had an old one"
        yield "unsure", f"its sessions were not new: {told}"


def _starting(case: Case) -> Said:
    """A cold client must have been started, and have read, while the fault was in."""
    born_at, steps = case.born_at, case.seen.steps
    landed, healing = steps.get("landed"), steps.get("healing")
    if born_at is None or landed is None or healing is None:
        yield "void", "its process is not shown to have started in the fault"
    elif not landed.at <= born_at <= healing.at:
        told = f"but {case.seen.after_asked_s(born_at):.3f} s after it was asked for"
        yield "void", f"its process was not started in the fault, {told}"
    elif early := sum(read.due_at < born_at for read in case.reads):
        yield "void", f"{early} reads before its process was started"


def _crowding(case: Case) -> Said:
    """A crowd is twice what its pool can serve, and waits in it where sessions fall silent."""
    silent_s = measures.longest_silence_s(case.seen.history)
    if case.readers < CROWD * case.served:
        told = f"{case.readers} readers, its pool serves {case.served}"
        yield "unsure", f"no crowd: {told}"
    elif silent_s >= THRESHOLDS.steady_s and not case.seen.effects.ends_sessions:
        most = measures.at_once(case.reads, case.seen.end_at)
        if most <= case.served:
            told = f"never over {most} reads at once, its pool serves {case.served}"
            yield "unsure", f"no crowd: {told}"


def _idling(case: Case) -> Said:
    """An idle pool must have been left alone for its time, and then asked for all that it held."""
    seen, usable_at, released_at = case.seen, case.seen.usable_at, case.released_at
    since = "the fault was in" if seen.effects.leaves_idle_silent else "ready"
    if (first := len(case.first_reads)) < max(case.held, 1):
        told = f"{first} of its first {case.held} reads"
        yield "unsure", f"the idle pool was not asked after {since}: {told}"
    if usable_at is None or released_at is None:
        return
    if usable_at <= released_at < usable_at + THRESHOLDS.release_s:
        alone = f"for {released_at - usable_at:.2f} s after {since}"
        yield "unsure", f"the idle pool was left alone {alone}, wanted {THRESHOLDS.release_s:g} s"
    if early := sum(read.due_at < released_at for read in case.reads):
        yield "unsure", f"the idle pool was not left alone: {early} reads before it was asked"
    healing = seen.steps.get("healing")
    if seen.effects.leaves_idle_silent and healing and released_at >= healing.at:
        yield "unsure", "the idle pool was asked when nothing was silent any more"

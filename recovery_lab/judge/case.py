"""One cell's case: its reads, accounted for, and all that was measured for its rules."""

from collections.abc import Callable, Iterable
from functools import cached_property

from recovery_lab.judge import measures
from recovery_lab.judge.account import Read, account, hang_bound_s
from recovery_lab.judge.roles import Part, part_of, watched_s
from recovery_lab.outage import Cast, JobName, OutageInfo
from recovery_lab.record.history import FaultEvent, Health, History, Warmed


class Seen:
    """What holds for all cells of an outage, measured once."""

    def __init__(self, info: OutageInfo, history: History) -> None:
        self.info = info
        self.history = history
        self.asked_at = history.mark_at(measures.ASKED)
        self.ready = measures.ready(history)
        self.lost_at = measures.lost(history)
        self.end_at = measures.end_at(history)  # of the whole record
        stopped_at = history.mark_at(measures.STOPPED)
        self.stopped_at = self.end_at if stopped_at is None else stopped_at  # nothing due after
        self.effects = measures.effects_seen(history, info.effects)
        self.steps = {step.name: step for step in history.of(FaultEvent)}

    @cached_property
    def health_at(self) -> float | None:
        """When System Health was back."""
        if self.ready is None:
            return None
        moved = measures.start_moved(self.history)
        return measures.health_back(self.history, self.ready.early_at, moved=moved)

    @cached_property
    def unsampled_s(self) -> float:
        """The longest time since the fault in which System Health was not asked."""
        starts = (sample.started_at for sample in self.history.of(Health))
        begin_at = self.stopped_at if self.asked_at is None else self.asked_at
        return measures.silence_s(starts, begin_at, self.stopped_at)

    @property
    def away_s(self) -> float:
        """How long the database was gone, at the least."""
        if self.lost_at is None or self.ready is None:
            return 0.0
        return max(0.0, self.ready.early_at - self.lost_at)

    def after_ready_s(self, at: float | None) -> float | None:
        """Return an instant counted from ready's early end."""
        return None if at is None or self.ready is None else at - self.ready.early_at


class Case:
    """One contender's job in one outage."""

    def __init__(self, seen: Seen, cast: Cast, job: JobName) -> None:
        self.seen = seen
        self.cast = cast
        self.job = job
        self.part: Part = part_of(cast, job, seen.effects, seen.info.hold_s)
        records = seen.history.cell(cast.contender, job)
        bound_s = hang_bound_s(cast.traits.deadline_s)
        self.reads = account(records, bound_s, seen.end_at)

    @property
    def is_application(self) -> bool:
        """Whether this is the running application, which has probes and a process."""
        return self.cast.contender == self.seen.info.application

    @property
    def watch_s(self) -> float:
        """How long after ready it must be watched before "no recovery" is known."""
        return watched_s(self.cast) if self.part.role == "control" else self.seen.info.limit_s

    @property
    def was_watched(self) -> bool:
        """Whether it was watched so long."""
        return (self.seen.after_ready_s(self.seen.stopped_at) or 0.0) >= self.watch_s

    @cached_property
    def recovered(self) -> Read | None:
        """The first good read from which on all was good for 2 s; the idle job has none."""
        if self.seen.ready is None or self.job == "idle":
            return None
        return measures.recovery(self.reads, self.seen.ready.early_at)

    @property
    def recovered_at(self) -> float | None:
        """When that read had ended."""
        return self.recovered.ended_at if self.recovered else None

    @cached_property
    def first_reads(self) -> list[Read]:
        """The first reads of an idle pool: as many at once as it held; none asked before ready."""
        released_at, ready = self.seen.history.mark_at(measures.RELEASED), self.seen.ready
        asked = released_at is not None and ready is not None and released_at >= ready.late_at
        if self.job != "idle" or not asked:
            return []
        return self.due_from(released_at)[: self.held]

    @cached_property
    def warmed(self) -> Warmed | None:
        """Its pool before the fault."""
        own = (w for w in self.seen.history.of(Warmed) if w.contender == self.cast.contender)
        return next((warmed for warmed in own if warmed.job == self.job), None)

    @property
    def held(self) -> int:
        """How many idle connections it held, by its own count."""
        return self.warmed.checked_in if self.warmed else 0

    @property
    def warm_backends(self) -> list[int]:
        """The sessions that it held before the fault, where they are known."""
        return self.warmed.backends if self.warmed else []

    def before(self) -> list[Read]:
        """Return the reads due before the fault."""
        asked_at = self.seen.asked_at
        return [] if asked_at is None else [r for r in self.reads if r.due_at < asked_at]

    def hurt_before(self) -> list[Read]:
        """Return the reads whose users were hurt before the fault, not by it."""
        asked_at = self.seen.asked_at or 0.0
        return [read for read in self.before() if read.hurt and read.hurt_at < asked_at]

    def due_from(self, at: float | None) -> list[Read]:
        """Return the reads due from an instant on; none where it is not known."""
        return [] if at is None else [read for read in self.reads if read.due_at >= at]

    def in_outage(self) -> list[Read]:
        """Return the reads due from the fault to ready's late end."""
        ready = self.seen.ready
        return [r for r in self.since_asked() if ready is None or r.due_at < ready.late_at]

    def after_ready(self) -> list[Read]:
        """Return the reads due from ready's late end on."""
        return self.due_from(self.seen.ready.late_at if self.seen.ready else None)

    def since_asked(self) -> list[Read]:
        """Return the reads due from the fault on."""
        return self.due_from(self.seen.asked_at)

    @cached_property
    def could_meet(self) -> bool:
        """Whether by the fault's effects this cell can meet anything."""
        effects = self.seen.effects
        return self.job == "steady" or effects.cuts == "none" or effects.ends_sessions

    @cached_property
    def met(self) -> bool:
        """Whether a read of its own was due while the fault was in, or a session of its own cut."""
        if self.seen.effects.cuts == "none":
            return bool(self.since_asked())
        if self.job == "idle":
            return self._sessions_ended()
        lost_at = self.seen.lost_at
        end = measures.injection_end(self.seen.history)
        ready_at = self.seen.ready.late_at if self.seen.ready else end
        if lost_at is None or ready_at is None:
            return False
        return self._sessions_ended() or any(lost_at <= r.due_at < ready_at for r in self.reads)

    def _sessions_ended(self) -> bool:
        if measures.start_moved(self.seen.history):
            return bool(self.warm_backends)
        named = {line.pid for line in measures.ended_sessions(self.seen.history)}
        return bool(named & set(self.warm_backends))


def kinds(reads: Iterable[Read], which: Callable[[Read], bool]) -> dict[str, int]:
    """Count the reads of which something holds, by their kind, else by their outcome."""
    found: dict[str, int] = {}
    for read in filter(which, reads):
        word = read.kind or read.outcome
        found[word] = found.get(word, 0) + 1
    return dict(sorted(found.items()))

"""One cell's case: its reads, accounted for, and all that was measured for its rules."""

from collections import Counter
from functools import cached_property
from typing import Any

from recovery_lab.judge import green, loss, measures
from recovery_lab.judge.account import Read, account, hang_bound_s
from recovery_lab.judge.roles import part_of, spared, watched_s
from recovery_lab.judge.thresholds import THRESHOLDS
from recovery_lab.outage import TOGETHER, Cast, JobName, OutageInfo
from recovery_lab.record.history import (
    Born,
    Container,
    FaultEvent,
    Health,
    History,
    Look,
    Probe,
    Warmed,
)


class Seen:
    """What holds for all cells of an outage, measured once."""

    def __init__(self, info: OutageInfo, history: History) -> None:
        self.info = info
        self.history = history
        self.asked_at = history.mark_at(measures.ASKED)
        self.origin = self.asked_at or 0.0  # of the instants that people read
        self.ready = measures.ready(history) if info.login else measures.returned(history)
        stopped_at, closed_at = map(history.mark_at, (measures.STOPPED, measures.CLOSED))
        last_at = max((probe.ended_at for probe in history.of(Probe)[-1:]), default=0.0)
        self.end_at = max(last_at, stopped_at or 0.0, closed_at or 0.0)  # of the whole record
        self.stopped_at = self.end_at if stopped_at is None else stopped_at  # nothing due after
        hurt_at = None if info.login else self._first_hurt_at()
        self.lost_at = loss.lost(history, info.effects) if info.login else hurt_at
        self.effects = loss.effects_seen(history, info.effects, hurt=hurt_at is not None)
        self.steps = {step.name: step for step in history.of(FaultEvent)}
        before_s = self.after_ready_s(self.lost_at)  # below zero
        # How long the database was gone, at the least; None where it is not known.
        self.away_s = None if before_s is None else max(0.0, -before_s)
        self.first_away_s = measures.first_away_s(history, self.lost_at, self.away_s)
        self.looked = Counter(one.role for one in history.of(Container))  # how often, by role
        containers = [one for one in history.of(Container) if one.role == "application"]
        self.restart_asked_at = measures.restart_asked(history)
        self.restarted = len({(one.id, one.started) for one in containers}) > 1  # or another one

    def _first_hurt_at(self) -> float | None:
        """Return when a user was first hurt since the fault, where nobody else tells of a loss."""
        info, history = self.info, self.history
        reads = [
            read
            for cast, job in info.cells
            for read in account(
                history.cell(cast.contender, job), hang_bound_s(cast.traits.deadline_s), self.end_at
            )
        ]
        return min((r.hurt_at for r in reads if r.hurt and r.due_at >= self.origin), default=None)

    @cached_property
    def cases(self) -> list["Case"]:
        """Each contender's jobs."""
        return [Case(self, cast, job) for cast, job in self.info.cells]

    @cached_property
    def health_at(self) -> float | None:
        """When System Health was back."""
        return measures.health_back(self.history, self.ready.early_at) if self.ready else None

    @property
    def usable_at(self) -> float | None:
        """From when on idle pools may be asked: ready; where they hang, while they do."""
        if self.effects.leaves_idle_silent:
            return self.steps["landed"].at if "landed" in self.steps else None
        return self.ready.late_at if self.ready else None

    @property
    def sampled(self) -> bool:
        """Whether System Health was seen all the time; else its silence is a doubt."""
        return self.silent_s(Health) <= THRESHOLDS.unseen_s

    def silent_s(self, kind: type[Any]) -> float:
        """Return the longest time since the fault without a probe of a kind: Health or Live."""
        starts = (probe.started_at for probe in self.history.of(kind))
        begin_at = self.stopped_at if self.asked_at is None else self.asked_at
        return measures.silence_s(starts, begin_at, self.stopped_at)

    def after_asked_s(self, at: float | None) -> float | None:
        """Return an instant counted from the fault, to the microsecond."""
        return None if at is None else round(at - self.origin, 6)

    def after_ready_s(self, at: float | None) -> float | None:
        """Return an instant counted from ready's early end, to the microsecond."""
        return None if at is None or self.ready is None else round(at - self.ready.early_at, 6)


class Case:
    """One contender's job in one outage."""

    def __init__(self, seen: Seen, cast: Cast, job: JobName) -> None:
        cell, history = (cast.contender, job), seen.history
        self.records = history.cell(*cell)  # of its reads
        self.seen = seen
        self.cast = cast
        self.job = job
        self.part = part_of(cast, job, seen.effects, seen.info.hold_s)
        self.is_application = cast.contender == seen.info.application  # has probes and a process
        self.needs_health = self.is_application and seen.info.health is not None
        # Where the target shows pools; one from before the fault, that goes on after it.
        self.has_pool = job in (*TOGETHER, "crowd") and (cast.traits.pools or self.is_application)
        # How long after ready it must be watched before "no recovery" is known.
        self.watch_s = watched_s(cast) if self.part.role == "control" else seen.info.limit_s
        self.was_watched = (seen.after_ready_s(seen.stopped_at) or 0.0) >= self.watch_s
        # Before the fault: its idle connections by its own count, the sessions behind them.
        warmed = [one for one in history.of(Warmed) if (one.contender, one.job) == cell][:1]
        self.held = sum(one.checked_in for one in warmed)
        self.warm_backends = {pid for one in warmed for pid in one.backends}
        self.released_at = history.mark_at(measures.RELEASED) if job == "idle" else None
        self.looks = [one for one in history.of(Look) if (one.contender, one.job) == cell]
        self.readers = sum(one.readers for one in warmed)
        # How many of them its pool can serve at once; by its traits where it tells no limit.
        self.served = max((one.most for one in self.looks), default=0) or cast.traits.workers
        born = (one.at for one in history.of(Born) if (one.contender, one.job) == cell)
        self.born_at = next(born, None)  # a cold one's process

    @cached_property
    def reads(self) -> list[Read]:
        """Every read that was due, in the order of the schedule."""
        return account(self.records, hang_bound_s(self.cast.traits.deadline_s), self.seen.end_at)

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
    def restarted_back_at(self) -> float | None:
        """When its reads were good again after the application was told to restart."""
        if self.seen.restart_asked_at is None or self.job == "idle":
            return None
        back = measures.recovery(self.reads, self.seen.restart_asked_at)
        return back.ended_at if back else None

    @property
    def back_at(self) -> float | None:
        """When its reads were back, and System Health where it has one; an idle pool, once used."""
        if self.job == "idle":
            ready, used_at = self.seen.ready, self.released_at
            return None if ready is None or used_at is None else max(used_at, ready.late_at)
        needed = [self.recovered_at]
        if self.needs_health:
            needed.append(self.seen.health_at)
        if self.is_application and self.seen.restart_asked_at is not None:
            needed.append(self.restarted_back_at)
        known = [at for at in needed if at is not None]
        return max(known) if len(known) == len(needed) else None

    @cached_property
    def first_reads(self) -> list[Read]:
        """The first reads of an idle pool: as many at once as it held; none asked too early."""
        usable_at, released_at = self.seen.usable_at, self.released_at
        if usable_at is None or released_at is None or released_at < usable_at:
            return []
        return self.due_from(released_at)[: self.held]

    def before(self) -> list[Read]:
        """Return the reads due before the fault."""
        return [read for read in self.reads if read.due_at < self.seen.origin]

    def hurt_before(self) -> list[Read]:
        """Return the reads whose users were hurt before the fault, not by it."""
        return [read for read in self.before() if read.hurt and read.hurt_at < self.seen.origin]

    def green_s(self, begin_at: float, end_at: float) -> float:
        """Return for how many s between two instants System Health was green while users waited."""
        return green.green_s(self.seen.history, self.reads, (begin_at, end_at))

    def due_from(self, at: float | None) -> list[Read]:
        """Return the reads due from an instant on; none where it is not known."""
        return [] if at is None else [read for read in self.reads if read.due_at >= at]

    def in_outage(self) -> list[Read]:
        """Return the reads due from the fault to ready's late end."""
        ready, since = self.seen.ready, self.due_from(self.seen.asked_at)
        return [read for read in since if ready is None or read.due_at < ready.late_at]

    def after_ready(self) -> list[Read]:
        """Return the reads due from ready's late end on."""
        return self.due_from(self.seen.ready.late_at if self.seen.ready else None)

    def bearable_s(self, read: Read) -> float:
        """Return how long a user may wait: longer by its bound while it may meet silence."""
        seen, bound_s = self.seen, self.cast.traits.silent_s or 0.0
        healed = seen.steps.get("healed")
        silent = seen.effects.leaves_idle_silent and (healed is None or read.due_at < healed.at)
        return THRESHOLDS.long_wait_s + (bound_s if silent else 0.0)

    @property
    def could_meet(self) -> bool:
        """Whether by the fault's effects this cell can meet anything."""
        # What a busy pool has to spare idles as well: its reads tell whether one came upon that.
        spare = self.seen.effects.cuts == "idle" and any(read.hurt for read in self.in_outage())
        return spare or not spared(self.cast.traits, self.job, self.seen.effects)

    @property
    def met(self) -> bool:
        """Whether a read was due while the fault was in, or a session of its own was cut."""
        seen = self.seen
        if seen.effects.cuts == "none":
            # Who reads on as ever through a long delay does not read what is delayed.
            waits = seen.effects.delays_s > THRESHOLDS.long_wait_s and self.job == "steady"
            if waits:
                return any(read.hurt for read in self.in_outage())
            return bool(self.due_from(seen.asked_at))
        end_at = seen.ready.late_at if seen.ready else measures.injection_end(seen.history)
        if self.warm_backends & loss.lost_sessions(seen.history, seen.effects):
            return True
        # Of what an application holds nobody may tell the backends: a new server has none of them.
        untold = self.is_application and self.job == "idle" and not self.warm_backends
        if untold and measures.start_moved(seen.history):
            return self.held > 0
        used = self.job != "idle" or seen.effects.leaves_idle_silent
        if not used or seen.lost_at is None or end_at is None:
            return False
        return any(seen.lost_at <= read.due_at < end_at for read in self.reads)

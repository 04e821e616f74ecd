"""When there is nothing more to record: the judge's measures, asked while an outage goes on.

Each look measures only what is not known yet, so that a look stays cheap.
"""

from recovery_lab.judge.account import hang_bound_s
from recovery_lab.judge.case import Case, Seen
from recovery_lab.judge.measures import RETURNED, STOPPED
from recovery_lab.judge.roles import part_of, watched_s
from recovery_lab.judge.thresholds import THRESHOLDS
from recovery_lab.outage import Cast, JobName, OutageInfo
from recovery_lab.record.history import Began, Clock, Ended, History, Look, Probe

LATE_NEWS_S = 1.0  # the daemon's events, fetched later, may move ready: watched past the limit
IDLE_S = 2.5  # after the idle pools were asked, for the sake of those that are no subjects


def newest_at(history: History) -> float:
    """Return the newest instant of the observer: its own now."""
    probes, clocks = history.of(Probe)[-1:], history.of(Clock)[-1:]
    return max([*(p.ended_at for p in probes), *(c.at for c in clocks)], default=0.0)


class Attending:
    """What an outage still waits for."""

    def __init__(self, info: OutageInfo, history: History) -> None:
        self._info = info
        self._history = history
        self._released_at: float | None = None
        self._back: dict[tuple[str, JobName], float] = {}

    def may_release(self) -> bool:
        """Tell, once, that ready has stood for 3 s: the idle pools are to be used."""
        ready = Seen(self._info, self._history).ready
        now = newest_at(self._history)
        if self._released_at is not None or ready is None:
            return False
        if now < ready.late_at + THRESHOLDS.release_s:
            return False
        self._released_at = now
        return True

    def is_over(self) -> bool:
        """Tell whether every subject has recovered and settled, or the limit has passed."""
        seen = Seen(self._info, self._history)
        now = newest_at(self._history)
        if seen.ready is None:
            returned_at = self._history.mark_at(RETURNED)
            return returned_at is not None and now > returned_at + self._info.limit_s
        if now > seen.ready.late_at + self._info.limit_s + LATE_NEWS_S:
            return True
        if self._released_at is None or now < self._earliest(seen):
            return False
        back = [self._back_at(seen, cast, job) for cast, job in self._subjects(seen)]
        known = [at for at in back if at is not None]
        return len(known) == len(back) and now > max(known, default=0.0) + THRESHOLDS.settled_s

    def reads_have_ended(self) -> bool:
        """Tell whether no subject's read is under way that could still end in time."""
        now = newest_at(self._history)
        subjects = self._subjects(Seen(self._info, self._history))
        return not any(self._under_way(cast, job, now) for cast, job in subjects)

    def pools_are_whole(self) -> bool:
        """Tell whether each subject's pool has everything back, seen after its readers stopped."""
        looks = self._history.of(Look)
        stopped_at = self._history.mark_at(STOPPED) or 0.0
        before = {(look.contender, look.job) for look in looks if look.at < stopped_at}
        last = {(look.contender, look.job): look for look in looks if look.at >= stopped_at}
        seen = Seen(self._info, self._history)
        cells = before & {(cast.contender, str(job)) for cast, job in self._subjects(seen)}
        return all(cell in last and not last[cell].checked_out for cell in cells)

    def _under_way(self, cast: Cast, job: JobName, now: float) -> bool:
        records = self._history.cell(cast.contender, job)
        bound_s = hang_bound_s(cast.traits.deadline_s)
        ended = {record.op for record in records if isinstance(record, Ended)}
        open_dues = [r.due_at for r in records if isinstance(r, Began) and r.op not in ended]
        return any(now - due_at <= bound_s for due_at in open_dues)

    def _subjects(self, seen: Seen) -> list[tuple[Cast, JobName]]:
        """Return whose recovery is waited for: the subjects', and that of one alone."""
        return [
            (cast, job)
            for cast, job in self._info.cells
            if cast.contender == self._info.solo
            or part_of(cast, job, seen.effects, self._info.hold_s).role == "subject"
        ]

    def _earliest(self, seen: Seen) -> float:
        """Return until when the outage lasts for the sake of its controls and idle pools."""
        ready_at = seen.ready.late_at if seen.ready else 0.0
        never_back = [
            watched_s(cast)
            for cast, job in self._info.cells
            if part_of(cast, job, seen.effects, self._info.hold_s).breaks == "recovers"
        ]
        return max(ready_at + max(never_back, default=0.0), (self._released_at or 0.0) + IDLE_S)

    def _back_at(self, seen: Seen, cast: Cast, job: JobName) -> float | None:
        """Return when a cell was back; once known it is not measured again."""
        if (cast.contender, job) not in self._back:
            at = Case(seen, cast, job).back_at
            if at is None:
                return None
            self._back[cast.contender, job] = at
        return self._back[cast.contender, job]

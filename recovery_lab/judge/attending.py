"""When there is nothing more to record: the judge's measures, asked while an outage goes on."""

from recovery_lab.judge import measures
from recovery_lab.judge.account import hang_bound_s
from recovery_lab.judge.case import Case, Seen
from recovery_lab.judge.thresholds import THRESHOLDS
from recovery_lab.outage import JobName, OutageInfo
from recovery_lab.record.history import Began, Clock, Ended, History, Probe

LATE_NEWS_S = 1.0  # the daemon's events, fetched later, may move ready: watched past the limit
TOLD_S = 2.5  # by then they are there: fetched every second, up to a clock that is a second old
USED_S = 2.5  # recorded on after the idle pools were asked, also where none is a subject's


def newest_at(history: History) -> float:
    """Return the newest instant of the observer: its own now."""
    probes, clocks = history.of(Probe)[-1:], history.of(Clock)[-1:]
    return max([*(one.ended_at for one in probes), *(one.at for one in clocks)], default=0.0)


class Attending:
    """What an outage still waits for."""

    def __init__(self, info: OutageInfo, history: History) -> None:
        self._info = info
        self._history = history
        self._has_idle = any(job == "idle" for _, job in info.cells)
        self._released_at: float | None = None
        self._back: dict[tuple[str, JobName], float] = {}

    def may_release(self) -> bool:
        """Tell, once, that idle pools may be used since 3 s: by ready, or by a fault that is in."""
        if not self._has_idle or self._released_at is not None:
            return False
        usable_at, now = Seen(self._info, self._history).usable_at, newest_at(self._history)
        returned_at = self._history.mark_at(measures.RETURNED)
        # Until then the end of the last of many injections may not be told.
        untold = returned_at is not None and now < returned_at + TOLD_S
        if usable_at is None or untold or now < usable_at + THRESHOLDS.release_s:
            return False
        self._released_at = now
        return True

    def is_over(self) -> bool:
        """Tell whether every subject has recovered and settled, or the limit has passed."""
        seen, now = Seen(self._info, self._history), newest_at(self._history)
        if seen.ready is None:
            returned_at = self._history.mark_at(measures.RETURNED)
            return returned_at is not None and now > returned_at + self._info.limit_s
        if now > seen.ready.late_at + self._info.limit_s + LATE_NEWS_S:
            return True
        never_back = [one.watch_s for one in seen.cases if one.part.breaks == "recovers"]
        known_at = seen.ready.late_at + max(never_back, default=0.0)
        # Until then nobody knows whether the application was restarted at the command's end.
        returned_at = self._history.mark_at(measures.RETURNED) or 0.0
        known_at = max(known_at, returned_at + TOLD_S)
        if self._has_idle:
            if self._released_at is None:
                return False
            known_at = max(known_at, self._released_at + USED_S)
        if now < known_at:
            return False
        back = [self._back_at(case) for case in self._subjects(seen)]
        known = [at for at in back if at is not None]
        settled_at = max(known, default=seen.ready.late_at) + THRESHOLDS.settled_s
        return len(known) == len(back) and now > settled_at

    def reads_have_ended(self) -> bool:
        """Tell whether no subject's read is under way that could still end in time."""
        seen, now = Seen(self._info, self._history), newest_at(self._history)
        return not any(self._under_way(case, now) for case in self._subjects(seen))

    def pools_are_whole(self) -> bool:
        """Tell whether each subject's pool has everything back, seen after its readers stopped."""
        seen = Seen(self._info, self._history)
        looks = [case.looks for case in self._subjects(seen) if case.looks]
        pools = [own[-1] for own in looks if own[0].at < seen.stopped_at]
        return all(last.at >= seen.stopped_at and not last.checked_out for last in pools)

    def _subjects(self, seen: Seen) -> list[Case]:
        """Return whose recovery is waited for: the subjects', and that of one alone."""
        solo = self._info.solo
        return [c for c in seen.cases if c.part.role == "subject" or c.cast.contender == solo]

    def _under_way(self, case: Case, now: float) -> bool:
        bound_s = hang_bound_s(case.cast.traits.deadline_s)
        ended = {record.op for record in case.records if isinstance(record, Ended)}
        began = [one for one in case.records if isinstance(one, Began) and one.op not in ended]
        return any(now - one.due_at <= bound_s for one in began)

    def _back_at(self, case: Case) -> float | None:
        """Return when a cell was back; once known it is not measured again."""
        cell = (case.cast.contender, case.job)
        if cell not in self._back and (at := case.back_at) is not None:
            self._back[cell] = at
        return self._back.get(cell)

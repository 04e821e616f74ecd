"""The database's state as a pure function of the monitor's samples and of their age.

Instants `*_s` are seconds of the monotonic clock; wall time is only for display.
"""

from collections import deque
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from dashboard.errors import Trouble

Status = Literal["starting", "up", "down", "stale"]

KEPT_OUTAGES = 50
KEPT_POINTS = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """What the server says about itself."""

    version: str
    started_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One check of the database: good when it has a server, bad when it has trouble."""

    began_s: float
    ended_s: float
    ended_at: datetime
    latency_ms: float | None = None
    server: Server | None = None
    trouble: Trouble | None = None
    driver_line: str | None = None  # for the log only: it may hold addresses
    session_lost: bool = False  # the monitor's own, since the sample before

    @property
    def good(self) -> bool:
        """Tell whether the server answered."""
        return self.server is not None

    def wall(self, instant_s: float) -> datetime:
        """Return the wall time of a nearby instant of the monotonic clock."""
        return self.ended_at + timedelta(seconds=instant_s - self.ended_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """One absence of the server, with the bounds that sampling leaves for its length.

    The server answered at some instant of the last good sample and not at some instant of the
    first bad one: its loss lies between, and is taken to be in the middle. So is its return.
    While the outage lasts, `ended_at` and the durations are None.
    """

    began_at: datetime
    ended_at: datetime | None = None
    duration_s: float | None = None
    duration_min_s: float | None = None
    duration_max_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One sample of the latency's history."""

    at: datetime
    latency_ms: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """All that the samples so far tell; replaced whole, so that readers need no lock."""

    started_at: datetime
    sample: Sample | None = None
    server: Server | None = None
    since: datetime
    outages: tuple[Outage, ...] = ()
    outages_total: int = 0
    outage_seconds_total: float = 0.0
    points: tuple[Point, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """The state at one instant: what is known, and how old that knowledge is."""

    status: Status
    age_s: float | None
    since: datetime
    history: History

    @property
    def last_outage(self) -> Outage | None:
        """Return the latest outage of this process, also one that still lasts."""
        return self.history.outages[-1] if self.history.outages else None


def stale_after_s(interval_s: float) -> float:
    """Return the age at which a sample is too old to trust: three intervals and a second."""
    return 3 * interval_s + 1


def health_at(history: History, *, now_s: float, interval_s: float) -> Health:
    """Judge `history` at the instant `now_s`."""
    sample = history.sample
    if sample is None:
        return Health(status="starting", age_s=None, since=history.since, history=history)
    age_s = max(0.0, now_s - sample.ended_s)
    if age_s > stale_after_s(interval_s):
        return Health(status="stale", age_s=age_s, since=sample.ended_at, history=history)
    away: Status = "starting" if history.server is None else "down"
    status: Status = "up" if sample.good else away
    return Health(status=status, age_s=age_s, since=history.since, history=history)


class HealthTracker:
    """Turn samples, in their order, into a history.

    What was never seen cannot be lost: outages begin with the first good sample.
    """

    def __init__(self, *, started_s: float, started_at: datetime) -> None:
        self.history = History(started_at=started_at, since=started_at)
        self._good_began_s = started_s
        self._first_bad: Sample | None = None
        self._last_bad: Sample | None = None
        self._points: deque[Point] = deque(maxlen=KEPT_POINTS)

    def add(self, sample: Sample) -> History:
        """Take in the next sample and return the history with it."""
        if self.history.server is None:
            if sample.good:
                self.history = replace(self.history, since=sample.ended_at)
        elif sample.server is None:
            self._lose(sample)
        elif self._first_bad is not None:
            self._return(sample, self._first_bad, self._last_bad or self._first_bad)
        elif sample.session_lost or sample.server.started_at != self.history.server.started_at:
            self._record_unseen(sample)
        if sample.server is not None:
            self._good_began_s = sample.began_s
        self._points.append(Point(at=sample.ended_at, latency_ms=sample.latency_ms))
        self.history = replace(
            self.history,
            sample=sample,
            server=sample.server or self.history.server,
            points=tuple(self._points),
        )
        return self.history

    def _lose(self, sample: Sample) -> None:
        self._last_bad = sample
        if self._first_bad is not None:
            return
        self._first_bad = sample
        began_at = sample.wall((self._good_began_s + sample.ended_s) / 2)
        self._append(Outage(began_at=began_at))

    def _return(self, sample: Sample, first: Sample, last: Sample) -> None:
        most_s = sample.ended_s - self._good_began_s
        least_s = max(0.0, last.began_s - first.ended_s)
        ended_at = sample.wall((last.began_s + sample.ended_s) / 2)
        began_at = self.history.outages[-1].began_at
        outage = Outage(
            began_at=began_at,
            ended_at=ended_at,
            duration_s=(ended_at - began_at).total_seconds(),
            duration_min_s=least_s,
            duration_max_s=most_s,
        )
        self._first_bad = self._last_bad = None
        self._finish(outage, replaces=True)

    def _record_unseen(self, sample: Sample) -> None:
        """Record an absence that fitted between two good samples: nothing shorter is excluded.

        A moved start tells a restart; a session that is gone though the start stands tells that
        the server threw out its sessions (it does when one backend is killed).
        """
        most_s = sample.ended_s - self._good_began_s
        middle_s = (self._good_began_s + sample.ended_s) / 2
        outage = Outage(
            began_at=sample.wall(middle_s - most_s / 4),
            ended_at=sample.wall(middle_s + most_s / 4),
            duration_s=most_s / 2,
            duration_min_s=0.0,
            duration_max_s=most_s,
        )
        self._finish(outage, replaces=False)

    def _append(self, outage: Outage) -> None:
        self.history = replace(
            self.history,
            since=outage.began_at,
            outages=(*self.history.outages, outage)[-KEPT_OUTAGES:],
            outages_total=self.history.outages_total + 1,
        )

    def _finish(self, outage: Outage, *, replaces: bool) -> None:
        if not replaces:
            self._append(outage)
        self.history = replace(
            self.history,
            since=outage.ended_at or self.history.since,
            outages=(*self.history.outages[:-1], outage),
            outage_seconds_total=self.history.outage_seconds_total + (outage.duration_s or 0.0),
        )

"""Hand-written histories: one outage as a script, each part of which a test can change.

All instants are seconds after the command was asked, on a clock that starts at ORIGIN.
"""

from dataclasses import dataclass, field

from recovery_lab.judge.measures import ASKED, RETURNED
from recovery_lab.record.history import (
    AnyRecord,
    Began,
    Clock,
    Container,
    Ended,
    Event,
    Health,
    LogLine,
    Mark,
    Probe,
    Warmed,
)

ORIGIN = 1000.0
BEFORE, AFTER = "2026-01-01T09:00:00.000000Z", "2026-01-01T09:14:31.000000Z"


@dataclass(kw_only=True)
class Script:
    """One outage: lost at 0.04 s, ready at 0.48 s, first good read just after."""

    lost_s: float = 0.04
    start_event_s: float | None = 0.30
    ready_s: float = 0.48
    recovered_s: float = 0.50
    health_up_s: float = 0.95
    end_s: float = 8.0
    server_after: str = AFTER
    backends: tuple[int, ...] = (71, 72, 73, 74, 75)
    fatal_lines: bool = True
    dashboard_starts: tuple[str, str] = ("one", "one")
    extra: list[AnyRecord] = field(default_factory=list)

    def history(self) -> list[AnyRecord]:
        """Return the records, in the order of their making."""
        return [
            Clock(at=ORIGIN, wall=5000.0),
            Warmed(
                at=ORIGIN - 2.5,
                wanted=len(self.backends),
                checked_in=len(self.backends),
                backends=list(self.backends),
            ),
            *self._containers(),
            Mark(at=ORIGIN, name=ASKED),
            Mark(at=ORIGIN + 1.0, name=RETURNED),
            *self._events(),
            *self._log(),
            *self._probes(),
            *self._reads(),
            *self._health(),
            *self.extra,
        ]

    def _containers(self) -> list[AnyRecord]:
        return [
            Container(at=ORIGIN, role="dashboard", id="d", started=started)
            for started in self.dashboard_starts
        ]

    def _events(self) -> list[AnyRecord]:
        if self.start_event_s is None:
            return []
        return [
            Event(at=ORIGIN + self.lost_s + 0.1, action="die"),
            Event(at=ORIGIN + self.start_event_s, action="start"),
        ]

    def _log(self) -> list[AnyRecord]:
        if not self.fatal_lines:
            return []
        return [
            LogLine(
                at=ORIGIN + self.lost_s,
                pid=pid,
                sqlstate="57P01",
                application="dashboard-pool",
                severity="FATAL",
                message="terminating connection due to administrator command",
            )
            for pid in self.backends
        ]

    def _probes(self) -> list[AnyRecord]:
        return [
            Probe(
                started_at=ORIGIN + at_s,
                ended_at=ORIGIN + at_s + 0.005,
                ok=not self.lost_s <= at_s < self.ready_s,
                server_started=BEFORE if at_s < self.lost_s else self.server_after,
                server_version="17.6",
            )
            for at_s in steps(-1.0, self.end_s, 0.02)
        ]

    def _reads(self) -> list[AnyRecord]:
        records: list[AnyRecord] = []
        for op, at_s in enumerate(steps(-2.0, self.end_s, 0.05), start=1):
            records += read(op, at_s, ok=not self.lost_s <= at_s < self.recovered_s)
        return records

    def _health(self) -> list[AnyRecord]:
        return [
            Health(
                started_at=ORIGIN + at_s,
                ended_at=ORIGIN + at_s + 0.002,
                status="down" if self.lost_s <= at_s < self.health_up_s else "up",
                policy="adopted",
                shown_as="plan 18-03",
            )
            for at_s in steps(-2.0, self.end_s, 0.1)
        ]


def read(op: int, at_s: float, *, ok: bool, took_s: float = 0.003) -> list[AnyRecord]:
    """Return a read's two records; it starts on schedule."""
    at = ORIGIN + at_s
    return [
        Began(op=op, scheduled_at=at, started_at=at),
        Ended(
            op=op,
            at=at + took_s,
            outcome="ok" if ok else "error",
            kind="" if ok else "connection_lost",
            backend_pid=102 if ok else 0,
        ),
    ]


def steps(begin: float, end: float, step: float) -> list[float]:
    """Return evenly spaced instants, free of accumulated rounding."""
    return [round(begin + index * step, 6) for index in range(round((end - begin) / step))]

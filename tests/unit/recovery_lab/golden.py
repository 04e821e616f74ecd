"""Golden histories of the matrix: one contender's job in one outage, each part changeable.

Instants are seconds after the fault was asked for, on a clock that starts at ORIGIN.
"""

from dataclasses import dataclass, field

from recovery_lab.judge.cell import Cell
from recovery_lab.judge.measures import ASKED, RETURNED
from recovery_lab.judge.verdict import OutageVerdict, judge_history
from recovery_lab.record.history import (
    AnyRecord,
    Began,
    Clock,
    Ended,
    FaultEvent,
    Health,
    LogLine,
    Look,
    Mark,
    Missed,
    Probe,
    Warmed,
    encode,
)
from recovery_lab.runs import OutageInfo
from tests.unit.recovery_lab.histories import AFTER, BEFORE, ORIGIN, steps

STEPS = {
    "injecting": 0.0,
    "injected": 0.05,
    "landed": 0.2,
    "healing": 1.2,
    "healed": 1.5,
    "back": 1.7,
}


@dataclass(kw_only=True)
class Golden:
    """Lost at 0.05 s, ready at 2.0 s, read again at 2.1 s, watched for 9 s."""

    fault: str = "restart"
    cuts: str = "both"
    contender: str = "adopted"
    job: str = "steady"
    begin_s: float = -2.0
    lost_s: float = 0.05
    ready_s: float = 2.0
    recovered_s: float = 2.1
    end_s: float = 9.0
    every_s: float = 0.05
    late_s: float = 0.0
    limit_s: float = 120.0
    health_up_s: float = 2.5
    steps: tuple[str, ...] = tuple(STEPS)
    backend_before: int = 71
    looks: tuple[tuple[int, int], ...] = ((5, 0), (5, 0))
    complete: bool = True
    trouble: str = ""
    others: tuple[str, ...] = ()
    solo: str = ""
    extra: list[AnyRecord] = field(default_factory=list)

    def info(self) -> OutageInfo:
        """Return what the outage was planned as."""
        return OutageInfo(
            fault=self.fault,
            cuts=self.cuts,
            repeat=1,
            contenders=[self.contender, *self.others],
            reads_per_s=5.0,
            hold_s=1.0,
            seed=1,
            limit_s=self.limit_s,
            solo=self.solo,
            complete=self.complete,
            trouble=self.trouble,
        )

    def history(self) -> list[AnyRecord]:
        """Return the records."""
        return [
            Clock(at=ORIGIN, wall=5000.0),
            Warmed(
                at=ORIGIN - 2.5,
                wanted=5,
                checked_in=5,
                backends=[self.backend_before],
                contender=self.contender,
                job=self.job,
            ),
            *self._looks(),
            *self._fault(),
            *self._probes(),
            *self._reads(),
            *self._health(),
            *self.extra,
            Mark(at=ORIGIN + self.end_s, name="stopped"),
        ]

    def encoded(self) -> bytes:
        """Return the records as a history file holds them."""
        return b"".join(map(encode, self.history()))

    def judged(self) -> OutageVerdict:
        """Judge it."""
        return judge_history(self.info(), self.history())

    def cell(self) -> Cell:
        """Judge it, and return the cell it is about."""
        return next(c for c in self.judged().cells if (c.contender, c.job) == self._who())

    def read(self, op: int, at_s: float, outcome: str, took_s: float = 0.003) -> list[AnyRecord]:
        """Return one read's records; `unfinished` has no end."""
        at = ORIGIN + at_s
        who = {"contender": self.contender, "job": self.job}
        began = Began(op=op, scheduled_at=at, started_at=at + self.late_s, **who)
        if outcome == "unfinished":
            return [began]
        ok = outcome == "ok"
        backend = self.backend_before if at_s < self.lost_s else 102
        return [
            began,
            Ended(
                op=op,
                at=at + took_s,
                outcome=outcome,
                kind="" if ok else "connection_lost",
                backend_pid=backend if ok else 0,
                **who,
            ),
        ]

    def missed(self, at_s: float) -> Missed:
        """Return one missed operation."""
        return Missed(scheduled_at=ORIGIN + at_s, contender=self.contender, job=self.job)

    def log(self, severity: str, sqlstate: str) -> LogLine:
        """Return one line of the server's log."""
        return LogLine(
            at=ORIGIN + 0.1,
            pid=71,
            sqlstate=sqlstate,
            application="",
            severity=severity,
            message="told by the server",
        )

    def _who(self) -> tuple[str, str]:
        return self.contender, self.job

    def _looks(self) -> list[AnyRecord]:
        return [
            Look(
                at=ORIGIN,
                contender=self.contender,
                job=self.job,
                size=size,
                checked_in=5 - checked_out,
                checked_out=checked_out,
            )
            for size, checked_out in self.looks
        ]

    def _fault(self) -> list[AnyRecord]:
        told = [
            FaultEvent(at=ORIGIN + STEPS[name], fault=self.fault, name=name, evidence="seen")
            for name in self.steps
        ]
        marks = {"injecting": ASKED, "healed": RETURNED}
        return told + [
            Mark(at=ORIGIN + STEPS[name], name=marks[name]) for name in self.steps if name in marks
        ]

    def _probes(self) -> list[AnyRecord]:
        return [
            Probe(
                started_at=ORIGIN + at_s,
                ended_at=ORIGIN + at_s + 0.005,
                ok=not self.lost_s <= at_s < self.ready_s,
                server_started=BEFORE if at_s < self.lost_s else AFTER,
                server_version="17.6",
            )
            for at_s in steps(-1.0, self.end_s, 0.02)
        ]

    def _reads(self) -> list[AnyRecord]:
        records: list[AnyRecord] = []
        for op, at_s in enumerate(steps(self.begin_s, self.end_s, self.every_s), start=1):
            ok = not self.lost_s <= at_s < self.recovered_s
            records += self.read(op, at_s, "ok" if ok else "error")
        return records

    def _health(self) -> list[AnyRecord]:
        return [
            Health(
                started_at=ORIGIN + at_s,
                ended_at=ORIGIN + at_s + 0.002,
                status="down" if self.lost_s <= at_s < self.health_up_s else "up",
            )
            for at_s in steps(-2.0, self.end_s, 0.1)
        ]


def idle(**changed: object) -> Golden:
    """Return an idle pool's job: nothing until 3 s after ready, then reads at a steady rate."""
    return Golden(**{"job": "idle", "begin_s": 5.01, "recovered_s": 0.0, **changed})


def untouched(**changed: object) -> Golden:
    """Return an outage that cuts nobody: all probes and reads are good."""
    away = {"lost_s": 99.0, "ready_s": 99.0, "recovered_s": 99.0, "health_up_s": 99.0}
    return Golden(**{"fault": "none", "cuts": "none", **away, **changed})

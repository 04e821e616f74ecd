"""A small made-up outage of the application, each part of which a test can change.

Instants are seconds after the fault was asked for, on a clock that starts at ORIGIN.
"""

from dataclasses import dataclass, field
from pathlib import Path

from recovery_lab.faults import FAULTS
from recovery_lab.folder import SHAPE, RunInfo, save
from recovery_lab.judge.verdict import OutageVerdict, RunVerdict, judge_outage, judge_run
from recovery_lab.outage import Cast, OutageInfo
from recovery_lab.plan import TWIN
from recovery_lab.record.history import (
    Began,
    Clock,
    Container,
    Ended,
    Event,
    FaultEvent,
    Health,
    History,
    Live,
    LogLine,
    Look,
    Mark,
    Missed,
    Probe,
    Record,
    Warmed,
    encode,
)
from recovery_lab.target import Health as HealthRoute
from recovery_lab.target import Traits

ORIGIN = 1000.0
BEFORE, AFTER = "2026-01-01T09:00:00.000000Z", "2026-01-01T09:14:31.000000Z"
STEPS = {"injecting": 0.0, "injected": 0.1, "landed": 0.2, "healing": 0.3, "healed": 0.4, "back": 1}
LOG = "2026 read failed: kind=connection_lost sqlstate=None phase=read op={} driver={}\n"


@dataclass(kw_only=True)
class Played:
    """Lost at 0.1 s, ready from 0.6 to 0.62 s, read again at 0.7 s, watched for 9 s."""

    fault: str = "command"
    contender: str = "dashboard"
    job: str = "steady"
    part: str = ""
    repeat: int = 1
    solo: str = ""
    policy: str = ""
    ready_s: float = 0.6
    recovered_s: float = 0.7
    end_s: float = 9.0
    limit_s: float = 120.0
    missed: tuple[float, ...] = ()
    first_failed: int = 0
    capabilities: tuple[str, ...] = ("application", "health", "liveness", "pool", "server log")
    log: str = ""
    waived: list[str] = field(default_factory=list)
    extra: list[Record] = field(default_factory=list)

    def info(self) -> OutageInfo:
        """Return what the outage was planned as, and that it was recorded to its end."""
        traits = Traits(pools=True, pings=self.contender != "naive", deadline_s=5)
        cast = Cast(
            contender=self.contender,
            traits=traits,
            jobs=[self.job],
            parts={self.job: self.part} if self.part else {},
            deciding=self.contender != TWIN,
        )
        return OutageInfo(
            fault=self.fault,
            effects=FAULTS[self.fault].effects,
            repeat=self.repeat,
            cast=[cast],
            reads_per_s=5.0,
            hold_s=0.0,
            seed=7,
            limit_s=self.limit_s,
            solo=self.solo,
            policy=self.policy,
            application="dashboard" if self.contender == "dashboard" else "",
            capabilities=sorted(self.capabilities),
            health=HealthRoute(path="/", live_path="/l") if "health" in self.capabilities else None,
            waived=self.waived,
            complete=True,
        )

    def judged(self) -> OutageVerdict:
        """Judge it."""
        return judge_outage(self.info(), self.history())

    def history(self) -> History:
        """Return the whole record."""
        return History(sorted(self.records(), key=when))

    def records(self) -> list[Record]:
        """Return the records, in no order."""
        marks = {"asked": 0.0, "returned": 0.4, "stopped": self.end_s, "closed": self.end_s}
        pool = {"contender": self.contender, "job": self.job}
        return [
            Clock(at=ORIGIN - 3, wall=5000.0),
            Warmed(at=ORIGIN - 2.5, wanted=5, checked_in=5, backends=[*range(71, 76)], **pool),
            *(Mark(at=ORIGIN + at_s, name=name) for name, at_s in marks.items()),
            *([Mark(at=ORIGIN + 4.0, name="released")] if self.job == "idle" else []),
            *(FaultEvent(at=ORIGIN + s, fault=self.fault, name=n) for n, s in STEPS.items()),
            Event(at=ORIGIN + 0.12, action="die"),
            Event(at=ORIGIN + 0.35, action="start"),
            *(
                Container(at=ORIGIN + at_s, role=role, id="d", started="one")
                for at_s in (-1.0, 8.0)
                for role in ("database", "application")
            ),
            *(Look(at=ORIGIN, size=5, checked_in=5, checked_out=0, **pool) for _ in range(2)),
            *(self._ended(pid) for pid in range(71, 76)),
            *(self._probe(at_s) for at_s in steps(-2.0, self.end_s, 0.02)),
            *(record for at_s in steps(-2.0, self.end_s, 0.1) for record in self._health(at_s)),
            *self._reads(),
            *self.extra,
        ]

    def _ended(self, pid: int) -> LogLine:
        return LogLine(
            at=ORIGIN + 0.1,
            pid=pid,
            sqlstate="57P01",
            application="dashboard-pool",
            severity="FATAL",
            message="terminating connection due to administrator command",
        )

    def _probe(self, at_s: float) -> Probe:
        return Probe(
            started_at=ORIGIN + at_s,
            ended_at=ORIGIN + at_s + 0.005,
            ok=not 0.1 <= at_s < self.ready_s,
            server_started=BEFORE if at_s < 0.1 else AFTER,
            server_version="17.6",
        )

    def _health(self, at_s: float) -> list[Record]:
        if "health" not in self.capabilities:
            return []
        at, away = ORIGIN + at_s, 0.1 <= at_s < self.ready_s + 0.3
        return [
            Health(
                started_at=at,
                ended_at=at + 0.002,
                status="down" if away else "up",
                policy=self.policy or "adopted",
                shown_as="plan 18-03",
                server_started=BEFORE if at_s < 0.5 else AFTER,
            ),
            Live(started_at=at, ended_at=at + 0.002, ok=True),
        ]

    def _reads(self) -> list[Record]:
        who = {"contender": self.contender, "job": self.job}
        found: list[Record] = [Missed(due_at=ORIGIN + at_s, **who) for at_s in self.missed]
        idle = self.job == "idle"
        dues = [4.0] * 5 + steps(4.05, self.end_s, 0.05)
        for op, at_s in enumerate(dues if idle else steps(-2.0, self.end_s, 0.05), start=1):
            at = ORIGIN + at_s
            ok = op > self.first_failed if idle else not 0.1 <= at_s < self.recovered_s
            found += [
                Began(op=op, due_at=at, started_at=at, **who),
                Ended(
                    op=op,
                    at=at + 0.003,
                    outcome="ok" if ok else "error",
                    kind="" if ok else "connection_lost",
                    message="" if ok else "The connection was lost.",
                    operation_id="" if ok else f"id{op}",
                    backend_pid=102 if ok else 0,
                    **who,
                ),
            ]
        return found


def keep(run: Path, played: list[Played]) -> RunVerdict:
    """Write a run's folder as a run leaves it behind; return its verdict."""
    for one in played:
        folder = run / "outages" / one.info().name
        folder.mkdir(parents=True)
        save(folder / "outage.json", one.info())
        (folder / "history.jsonl").write_bytes(
            b"".join(map(encode, sorted(one.records(), key=when)))
        )
        (folder / "application.log").write_text(one.log)
    info = RunInfo(
        shape=SHAPE,
        name="restart",
        began="2026-01-01T09:00:00Z",
        seed=7,
        twin="adopted" if TWIN in {one.contender for one in played} else "",
        planned=[one.info() for one in played],
        target="target.toml",
        commit="0123456789ab+",
        images={"postgres": "recovery-lab/postgres:local sha256:77"},
        host={"processors": "2", "kernel": "6.1"},
        versions={"sqlalchemy": "2.1.9"},
        settings={},
    )
    verdict = judge_run([one.judged() for one in played], [one.info().name for one in played])
    save(run / "run.json", info)
    save(run / "verdict.json", verdict)
    return verdict


def when(record: Record) -> float:
    """Return when a record was made."""
    for name in ("ended_at", "at", "started_at", "due_at"):
        if hasattr(record, name):
            return getattr(record, name)
    raise AssertionError(record)


def steps(begin: float, end: float, step: float) -> list[float]:
    """Return evenly spaced instants, free of accumulated rounding."""
    return [round(begin + index * step, 6) for index in range(round((end - begin) / step))]

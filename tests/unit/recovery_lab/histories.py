"""Scripted histories: one outage as a script, each part of which a test can change.

Instants are seconds after the fault was asked for, on a clock that starts at ORIGIN.
"""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields

import msgspec

from recovery_lab.faults import FAULTS
from recovery_lab.faults.base import Effects
from recovery_lab.judge.measures import ASKED, CLOSED, RELEASED, RETURNED, STOPPED
from recovery_lab.judge.verdict import Cell, OutageVerdict, judge_outage
from recovery_lab.outage import Cast, OutageInfo
from recovery_lab.record.history import (
    AnyRecord,
    Began,
    Born,
    Clock,
    Container,
    Ended,
    Event,
    FaultEvent,
    Health,
    History,
    Live,
    Logged,
    LogLine,
    Look,
    Mark,
    Missed,
    Probe,
    Usage,
    Warmed,
    encode,
)
from recovery_lab.target import Health as HealthProbe
from recovery_lab.target import Traits

ORIGIN = 1000.0
BEFORE, AFTER = "2026-01-01T09:00:00.000123Z", "2026-01-01T09:14:31.000456Z"
NEVER = 9999.0
MARKS = {"injecting": ASKED, "healed": RETURNED}
STEPS = {
    "injecting": 0.0,
    "injected": 0.05,
    "landed": 0.2,
    "healing": 1.2,
    "healed": 1.5,
    "back": 1.7,
}
CAPABILITIES = ["application", "contenders", "health", "liveness", "pool", "server log"]
TRAITS = {
    "adopted": Traits(pools=True, pings=True, fresh=True),
    "bounded": Traits(pools=True, pings=True, fresh=True, silent_s=3.0),
    "naive": Traits(pools=True, fresh=True),
    "dispose": Traits(pools=True, monitored=True, fresh=True),
    "pinned": Traits(reconnects=False),
    "quitter": Traits(reconnects=False, fresh=True, deadline_s=1.0),
    "faithful": Traits(fresh=True, resolves=False, deadline_s=1.0, workers=1),
    "canary": Traits(pings=True, workers=1),
    "dashboard": Traits(pings=True, deadline_s=5.0),
}


@dataclass(kw_only=True)
class Reads:
    """One contender's job: bad from the loss until it recovers, good before and after.

    `added` are more reads (due, outcome, length in s); `gap` is a time in which none was due.
    """

    contender: str = "adopted"
    job: str = "steady"
    traits: Traits | None = None
    part: str = ""
    deciding: bool = True
    begin_s: float = -2.0
    every_s: float = 0.05
    recovered_s: float = 2.1
    took_s: float = 0.003
    late_s: float = 0.0
    bad: str = "failed"
    bad_took_s: float = 0.003
    backends: tuple[int, ...] = (71, 72, 73, 74, 75)
    keeps_session_s: float | None = None  # until when its sessions from before answer
    looks: tuple[tuple[int, int], ...] = ((5, 0), (5, 0))  # size, checked out
    readers: int = 4
    most: int = 0  # sessions that its pool can hold
    born_s: float | None = None  # when its process was there: of a cold one
    anew: bool = False  # each read has a session of its own
    first: int = 5  # of an idle pool
    first_took_s: float = 0.003
    first_outcome: str = "ok"
    late: int = 0  # how many of its reads began over 20 ms late
    added: list[tuple[float, str, float]] = field(default_factory=list)
    gap: tuple[float, float] = (NEVER, NEVER)
    opens: list[tuple[float, int]] = field(default_factory=list)  # connections begun, when
    logs: list[tuple[float, int]] = field(default_factory=list)  # lines of 100 bytes, when
    uncounted: tuple[float, float] = (NEVER, NEVER)  # when its meter told nothing

    def cast(self) -> Cast:
        """Return what it is in the outage."""
        return Cast(
            contender=self.contender,
            traits=self.traits or TRAITS[self.contender],
            jobs=[self.job],
            parts={self.job: self.part} if self.part else {},
            deciding=self.deciding,
        )

    def records(self, outage: "Script") -> Iterator[AnyRecord]:
        """Yield its records: warmed, looked at, read through."""
        who = {"contender": self.contender, "job": self.job}
        held = len(self.backends)
        if self.job != "cold":
            warm = {"wanted": held, "checked_in": held, "backends": list(self.backends)}
            yield Warmed(at=ORIGIN - 2.9, readers=self.readers, **warm, **who)
        elif self.born_s is not None:
            yield Born(at=ORIGIN + self.born_s, **who)
        for size, out in self.looks:
            told = {"size": size, "checked_in": size - out, "checked_out": out}
            yield Look(at=ORIGIN, most=self.most, **told, **who)
        ops = itertools.count(1)  # each read that is sent has its number
        for at_s, outcome, took_s in self._schedule(outage):
            if outcome == "missed":
                yield Missed(due_at=ORIGIN + at_s, **who)
            else:
                yield from self.read(next(ops), at_s, outcome, took_s, outage.lost_s)

    def usages(self, end_s: float) -> Iterator[AnyRecord]:
        """Yield what its container has used, five times a second: a tenth of a processor."""
        for at_s in steps(-2.1, end_s, 0.2):
            if not self.uncounted[0] <= at_s < self.uncounted[1]:
                yield Usage(
                    at=ORIGIN + at_s,
                    contender=self.contender,
                    opens=7 + sum(count for begun_s, count in self.opens if begun_s <= at_s),
                    cpu_s=round(5.0 + 0.1 * at_s, 6),
                    memory=50_000_000 + round(1_000_000 * at_s),
                )
        for at_s, lines in self.logs:
            logged = {"lines": lines, "bytes": 100 * lines}
            yield Logged(at=ORIGIN + at_s, contender=self.contender, **logged)

    def _schedule(self, outage: "Script") -> list[tuple[float, str, float]]:
        begin_s, planned = self.begin_s, []
        if self.job == "idle":
            released_s = outage.released_at_s
            planned = [(released_s + 0.01, self.first_outcome, self.first_took_s)] * self.first
            begin_s = released_s + 0.06
        for at_s in steps(begin_s, outage.end_s, self.every_s):
            bad = self.job != "idle" and outage.lost_s <= at_s < self.recovered_s
            if not self.gap[0] <= at_s < self.gap[1]:
                took_s = self.bad_took_s if bad else self.took_s
                planned.append((at_s, self.bad if bad else "ok", took_s))
        return sorted([*planned, *self.added])

    def read(
        self, op: int, at_s: float, outcome: str, took_s: float = 0.003, lost_s: float = 0.05
    ) -> list[AnyRecord]:
        """Return the records of one read that was sent."""
        at = ORIGIN + at_s
        who = {"contender": self.contender, "job": self.job}
        late_s = 0.021 if op <= self.late else self.late_s
        began = Began(op=op, due_at=at, started_at=at + late_s, **who)
        if outcome == "endless":
            return [began]
        kept_s = lost_s if self.keeps_session_s is None else self.keeps_session_s
        backend = self.backends[0] if self.backends and at_s < kept_s else 102
        backend = 200 + op if self.anew else backend
        ok = outcome == "ok"
        ended = Ended(
            op=op,
            at=at + took_s,
            outcome="ok" if ok else "error",
            kind="" if ok else "connection_lost",
            backend_pid=backend if ok else 0,
            **who,
        )
        return [began, ended]


@dataclass(kw_only=True)
class Script:
    """Lost at 0.05 s, ready at 2.0 s, read again at 2.1 s, nothing due after 9 s, closed later."""

    cells: list[Reads]
    fault: str = "restart"
    effects: Effects | None = None
    lost_s: float = 0.05
    start_event_s: float | None = 1.5
    ready_s: float = 2.0
    again: tuple[float, float] = (NEVER, NEVER)  # when it was away once more
    bad_probe: str = "refused"
    health_red_s: float | None = None
    health_up_s: float = 2.5
    health_names_s: float = 2.3  # from when it names the new server
    green_again: tuple[float, float] = (NEVER, NEVER)  # when it said `up` meanwhile
    health_age_s: float = 0.05
    last_outage_s: float = 2.4
    live_took_s: float = 0.01
    live_ok: bool = True
    released_s: float | None = None
    end_s: float = 9.0
    closed_s: float | None = None
    server_after: str = AFTER
    named: bool = True  # the server's log names the sessions that it ended
    steps: tuple[str, ...] = tuple(STEPS)
    longer_s: float = 0.0  # it heals so much later
    starts: tuple[str, ...] = ("one", "one")
    limit_s: float = 120.0
    hold_s: float = 1.2
    solo: str = ""
    reads_per_s: float = 5.0
    capabilities: list[str] = field(default_factory=lambda: list(CAPABILITIES))
    waived: list[str] = field(default_factory=list)
    metered: bool = True
    daemon: bool = True
    login: bool = True
    complete: bool = True
    trouble: str = ""
    moves: bool | None = None  # the server's start; as the fault declares where it is None
    without: tuple[type, ...] = ()
    drop: Callable[[AnyRecord], bool] = lambda _: False
    extra: list[AnyRecord] = field(default_factory=list)

    @property
    def released_at_s(self) -> float:
        """When the idle pools are asked: 3 s after ready's late end where a test says nothing."""
        after_s = min(self.ready_s, 2.0) + 3.01
        return after_s if self.released_s is None else self.released_s

    @property
    def seen_effects(self) -> Effects:
        """What the fault declares, or what the test says instead."""
        return self.effects or FAULTS[self.fault].effects

    @property
    def starts_anew(self) -> bool:
        """Whether the server after the fault is another start."""
        return bool(self.seen_effects.restarts if self.moves is None else self.moves)

    def info(self) -> OutageInfo:
        """Return what the outage was planned as."""
        casts: dict[str, Cast] = {}
        for cell in self.cells:
            one = cell.cast()
            known = casts.get(one.contender)
            casts[one.contender] = one if known is None else _joined(known, one)
        return OutageInfo(
            fault=self.fault,
            effects=self.seen_effects,
            repeat=1,
            cast=list(casts.values()),
            reads_per_s=self.reads_per_s,
            hold_s=self.hold_s,
            seed=1,
            limit_s=self.limit_s,
            solo=self.solo,
            policy="adopted",
            application="dashboard" if "application" in self.capabilities else "",
            capabilities=self.capabilities,
            health=HealthProbe(path="/health") if "health" in self.capabilities else None,
            waived=self.waived,
            metered=self.metered,
            daemon=self.daemon,
            login=self.login,
            complete=self.complete,
            trouble=self.trouble,
        )

    def records(self) -> list[AnyRecord]:
        """Return the records of the history."""
        closed_s = self.end_s + 0.5 if self.closed_s is None else self.closed_s
        marks = [(RELEASED, self.released_at_s), (STOPPED, self.end_s), (CLOSED, closed_s)]
        found: list[AnyRecord] = [
            Clock(at=ORIGIN, wall=5000.0),
            *self._fault(),
            *self._server(),
            *self._probes(),
            *(record for cell in self.cells for record in cell.records(self)),
            *(one for cell in self._each_contender() for one in cell.usages(closed_s)),
            *self._health(),
            *self._live(closed_s),
            *self._containers(),
            *(Mark(at=ORIGIN + at_s, name=name) for name, at_s in marks),
            *self.extra,
        ]
        return [r for r in found if not isinstance(r, self.without) and not self.drop(r)]

    def history(self) -> History:
        """Return it as the judge gets it."""
        return History(self.records())

    def encoded(self) -> bytes:
        """Return the records as a history file holds them."""
        return b"".join(map(encode, self.records()))

    def judged(self) -> OutageVerdict:
        """Judge it."""
        return judge_outage(self.info(), self.history())

    def cell(self, number: int = 0) -> Cell:
        """Judge it, and return one of its cells as scripted."""
        who = (self.cells[number].contender, self.cells[number].job)
        return next(cell for cell in self.judged().cells if (cell.contender, cell.job) == who)

    def log(
        self,
        severity: str,
        sqlstate: str,
        pid: int = 71,
        at_s: float = 0.1,
        message: str = "told by the server",
    ) -> LogLine:
        """Return one line of the server's log."""
        return LogLine(
            at=ORIGIN + at_s,
            pid=pid,
            sqlstate=sqlstate,
            application="",
            severity=severity,
            message=message,
        )

    def _fault(self) -> Iterator[AnyRecord]:
        for name in self.steps:
            at = ORIGIN + STEPS[name] + (self.longer_s if STEPS[name] > 1.0 else 0.0)
            yield FaultEvent(at=at, fault=self.fault, name=name, evidence="seen")
            if name in MARKS:
                yield Mark(at=at, name=MARKS[name])

    def _server(self) -> Iterator[AnyRecord]:
        if not self.starts_anew:
            return
        yield Event(at=ORIGIN + self.lost_s, action="die")
        if self.start_event_s is not None:
            yield Event(at=ORIGIN + self.start_event_s, action="start")
        yield self.log("LOG", "00000", pid=1, at_s=self.ready_s)
        pids = {pid for cell in self.cells for pid in cell.backends}
        yield from (self.log("FATAL", "57P01", pid) for pid in sorted(pids) if self.named)

    def _probes(self) -> Iterator[AnyRecord]:
        hurried_s = min(self.ready_s, 8.0) + 0.1
        raster = steps(-1.0, hurried_s, 0.02) + steps(hurried_s, self.end_s + 0.5, 0.1)
        for at_s in raster:
            away = self.lost_s <= at_s < self.ready_s
            ok = not away and not self.again[0] <= at_s < self.again[1]
            after = self.starts_anew and at_s >= self.lost_s
            yield probe(
                at_s,
                "ok" if ok else self.bad_probe,
                started=(self.server_after if after else BEFORE) if ok else "",
            )

    def _each_contender(self) -> list[Reads]:
        """Return one cell of each contender: a container plays all of its jobs."""
        return list({cell.contender: cell for cell in reversed(self.cells)}.values())

    def _health(self) -> Iterator[AnyRecord]:
        red_s = self.lost_s + 0.5 if self.health_red_s is None else self.health_red_s
        for at_s in steps(-2.0, self.end_s, 0.1):
            moved = self.starts_anew and at_s >= self.health_names_s
            red, again = red_s <= at_s < self.health_up_s, _within(at_s, self.green_again)
            yield Health(
                started_at=ORIGIN + at_s,
                ended_at=ORIGIN + at_s + 0.002,
                status="down" if red and not again else "up",
                age_s=self.health_age_s,
                policy="adopted",
                shown_as="plan 18-03",
                # It is written to the millisecond there.
                server_started=(self.server_after if moved else BEFORE)[:-4] + "Z",
                last_outage="2026-01-01T09:14:30.000Z" if at_s >= self.last_outage_s else "",
            )

    def _live(self, closed_s: float) -> Iterator[AnyRecord]:
        for at_s in steps(-2.0, closed_s, 1.0):
            at = ORIGIN + at_s
            yield Live(started_at=at, ended_at=at + self.live_took_s, ok=self.live_ok)

    def _containers(self) -> Iterator[AnyRecord]:
        for started in self.starts:
            yield Container(at=ORIGIN, role="database", id="p", started="x")
            yield Container(at=ORIGIN, role="application", id="d", started=started)


def outage(**changed: object) -> Script:
    """Return an outage met by one contender; each word changes the outage or its cell."""
    own = {one.name for one in fields(Reads)}
    cell = Reads(**{name: value for name, value in changed.items() if name in own})
    return Script(cells=[cell], **{name: v for name, v in changed.items() if name not in own})


def idle(**changed: object) -> Script:
    """Return an idle pool's outage: nothing until 3 s after ready, then reads at a steady rate."""
    return outage(**{"job": "idle", "end_s": 10.5, **changed})


def fresh(**changed: object) -> Script:
    """Return an outage met by readers of a new session for each read."""
    return outage(**{"job": "fresh", "anew": True, "backends": (), "looks": (), **changed})


def cold(**changed: object) -> Script:
    """Return an outage met by a process that was started in it, and reads at once."""
    began = {"born_s": 0.5, "begin_s": 0.6, "backends": (), "looks": ()}
    return outage(**{"job": "cold", **began, **changed})


def crowd(**changed: object) -> Script:
    """Return an outage met by twice as many readers as a pool can hold."""
    return outage(**{"job": "crowd", "readers": 30, "most": 15, **changed})


def untouched(**changed: object) -> Script:
    """Return an outage that cuts nobody: all probes and reads are good."""
    away = dict.fromkeys(
        ("lost_s", "ready_s", "recovered_s", "health_up_s", "health_names_s", "last_outage_s"),
        NEVER,
    )
    return outage(**{"fault": "none", **away, **changed})


def forgotten(**changed: object) -> Script:
    """Return an outage of idle sessions alone, silent until 7.5 s: an idle pool is asked in it."""
    bounded = Traits(pools=True, pings=True, silent_s=3.0)
    own = {"job": "idle", "traits": bounded, "keeps_session_s": 0.0, "first_took_s": 3.01}
    words = {"fault": "idle-drop", "released_s": 3.25, "longer_s": 6.0, "end_s": 13.0}
    return untouched(**{**own, **words, **changed})


def application(**changed: object) -> Script:
    """Return an outage met by the running application."""
    return outage(**{"contender": "dashboard", "looks": ((5, 0), (5, 0)), **changed})


def changed(script: Script, *, cell: int = 0, **values: object) -> Script:
    """Change a script in place, and return it: fields of a cell, else of the outage."""
    for name, value in values.items():
        setattr(script.cells[cell] if hasattr(Reads(), name) else script, name, value)
    return script


def with_read(script: Script, at_s: float, outcome: str, took_s: float = 0.003) -> Script:
    """Add one read to a script's first cell: ok, failed, missed or endless."""
    script.cells[0].added.append((at_s, outcome, took_s))
    return script


def probe(at_s: float, result: str, *, took_s: float = 0.005, started: str = BEFORE) -> Probe:
    """Return one probe: ok, refused or timed out."""
    return Probe(
        started_at=ORIGIN + at_s,
        ended_at=ORIGIN + at_s + took_s,
        ok=result == "ok",
        timed_out=result == "timed out",
        error="" if result == "ok" else result,
        server_started=started if result == "ok" else "",
        server_version="17.6" if result == "ok" else "",
    )


def steps(begin: float, end: float, step: float) -> list[float]:
    """Return evenly spaced instants, free of accumulated rounding."""
    return [round(begin + index * step, 6) for index in range(round((end - begin) / step))]


def _within(at_s: float, span: tuple[float, float]) -> bool:
    return span[0] <= at_s < span[1]


def _joined(one: Cast, other: Cast) -> Cast:
    jobs, parts = [*one.jobs, *other.jobs], {**one.parts, **other.parts}
    return msgspec.structs.replace(one, jobs=jobs, parts=parts)

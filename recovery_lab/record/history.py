"""The history: a JSON line a record, its instants in s of the observer's CLOCK_MONOTONIC."""

from collections.abc import Iterable
from typing import Any, Literal, TypeVar

import msgspec

Role = Literal["database", "application"]
R = TypeVar("R", bound="Record")


class Record(msgspec.Struct, frozen=True, kw_only=True, tag_field="record", omit_defaults=True):
    """Base of every line in a history."""


class OfCell(Record, frozen=True, kw_only=True):
    """Base of what one contender did in one of its jobs."""

    contender: str
    job: str


class Clock(Record, frozen=True, kw_only=True, tag="clock"):
    """The observer's two clocks read together: `at` monotonic, `wall` Unix time, in seconds."""

    at: float
    wall: float


class Mark(Record, frozen=True, kw_only=True, tag="mark"):
    """Something the runner did, stamped by the observer as it heard of it."""

    at: float
    name: str


class FaultEvent(Record, frozen=True, kw_only=True, tag="fault"):
    """A step of a fault, in the order `injecting injected landed healing healed back`."""

    at: float  # of the daemon's event or the helper that `evidence` names, else of the witness
    fault: str
    name: str
    evidence: str = ""


class Event(Record, frozen=True, kw_only=True, tag="event"):
    """The Docker daemon's event about a container, at the daemon's own time."""

    at: float
    action: str
    role: Role = "database"


class LogLine(Record, frozen=True, kw_only=True, tag="log"):
    """One line of the server's log."""

    at: float
    pid: int
    sqlstate: str
    application: str
    severity: str
    message: str


class Probe(Record, frozen=True, kw_only=True, tag="probe"):
    """A fresh session over the clients' own path."""

    started_at: float
    ended_at: float
    ok: bool  # has read a row, from a server that is not in recovery; else it was refused
    timed_out: bool = False  # or nobody answered, which may be one lost packet
    error: str = ""
    backend_pid: int = 0
    server_started: str = ""
    server_version: str = ""


class Began(OfCell, frozen=True, kw_only=True, tag="began"):
    """A read, written before it starts; `nonce` is what a good answer must echo."""

    op: int
    due_at: float
    started_at: float
    nonce: str = ""


class Ended(OfCell, frozen=True, kw_only=True, tag="ended"):
    """The same read's end; `operation_id` is what an answer and the application's log share."""

    op: int
    at: float
    outcome: Literal["ok", "error"]
    kind: str = ""
    message: str = ""
    backend_pid: int = 0
    phase: str = ""
    error_class: str = ""
    sqlstate: str = ""
    said: str = ""  # by the server before, where the driver's error leaves it out
    driver: str = ""  # with its version
    server_started: str = ""
    operation_id: str = ""


class Missed(OfCell, frozen=True, kw_only=True, tag="missed"):
    """A read that was due while all workers were busy: never sent."""

    due_at: float


class Health(Record, frozen=True, kw_only=True, tag="health"):
    """The application's own word; `age_s` of its check, and when the `last_outage` began."""

    started_at: float
    ended_at: float
    status: str
    age_s: float = 0.0
    policy: str = ""
    shown_as: str = ""
    server_started: str = ""
    checked_in: int = 0
    checked_out: int = 0
    last_outage: str = ""


class Live(Record, frozen=True, kw_only=True, tag="live"):
    """One liveness probe: does the application's process answer?"""

    started_at: float
    ended_at: float
    ok: bool


class Container(Record, frozen=True, kw_only=True, tag="container"):
    """A container of the target as Docker describes it."""

    at: float
    role: Role
    id: str
    started: str


class Warmed(OfCell, frozen=True, kw_only=True, tag="warmed"):
    """The pool before the fault: idle connections by its own count, backends by the server's."""

    at: float
    wanted: int
    checked_in: int
    backends: list[int]
    readers: int = 0  # how many read at once, at most


class Born(OfCell, frozen=True, kw_only=True, tag="born"):
    """The process of a cold contender is there; it makes and reads its adapter when told."""

    at: float


class Look(OfCell, frozen=True, kw_only=True, tag="look"):
    """A contender's pool when its readers had stopped, by its own count."""

    at: float
    size: int
    checked_in: int
    checked_out: int
    most: int = 0  # sessions that it opens at most; 0: it tells no limit


class Sessions(Record, frozen=True, kw_only=True, tag="sessions"):
    """The server's own count of this role's sessions by application, and how many it allows."""

    at: float
    by_application: dict[str, int]
    max_connections: int


class Usage(Record, frozen=True, kw_only=True, tag="usage"):
    """What a contender's container has used so far: connections begun, processor time, memory."""

    at: float
    contender: str
    opens: int
    cpu_s: float
    memory: int  # resident, in bytes, now


class Logged(Record, frozen=True, kw_only=True, tag="logged"):
    """What a contender has logged since it last told."""

    at: float
    contender: str
    lines: int
    bytes: int


class Trouble(Record, frozen=True, kw_only=True, tag="trouble"):
    """A helper of the lab could not do what it was asked."""

    at: float
    message: str


OfRead = Began | Ended | Missed
_OfObserver = Clock | Mark | Probe | Health | Live | Sessions
_OfEngine = FaultEvent | Event | LogLine | Container
AnyRecord = OfRead | Warmed | Born | Look | Usage | Logged | _OfObserver | _OfEngine | Trouble
_DECODER: msgspec.json.Decoder[AnyRecord] = msgspec.json.Decoder(AnyRecord)
decode = _DECODER.decode  # of one line; raises msgspec.DecodeError when it is no record


class History:
    """The records of one outage, found by their kind and by their cell; only ever appended to."""

    def __init__(self, records: Iterable[AnyRecord] = ()) -> None:
        self._kinds: dict[type[Record], list[Any]] = {}
        self.all: list[AnyRecord] = []  # in the order of their making
        self._cells: dict[tuple[str, str], list[OfRead]] = {}
        for record in records:
            self.append(record)

    def append(self, record: AnyRecord) -> None:
        """Add one record."""
        self.all.append(record)
        self._kinds.setdefault(type(record), []).append(record)
        if isinstance(record, OfRead):
            self._cells.setdefault((record.contender, record.job), []).append(record)

    def of(self, kind: type[R]) -> list[R]:
        """Return the records of one kind, in the order of their making."""
        return self._kinds.get(kind, [])

    def cell(self, contender: str, job: str) -> list[OfRead]:
        """Return the records of one contender's reads in one job."""
        return self._cells.get((contender, job), [])

    def mark_at(self, name: str) -> float | None:
        """Return when the runner made a mark, or None."""
        return next((mark.at for mark in self.of(Mark) if mark.name == name), None)


def encode(record: Record) -> bytes:
    """Return one line of a history, newline included."""
    return msgspec.json.encode(record) + b"\n"


def to_monotonic(wall: float, clocks: Iterable[Clock]) -> float:
    """Map a wall time onto the observer's clock by the nearest pair: a step moves what is near."""
    nearest = min(clocks, key=lambda clock: abs(clock.wall - wall))
    return nearest.at + (wall - nearest.wall)

"""What a fault is, and the scene it is played on."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

import msgspec

from recovery_lab.docker import Stack
from recovery_lab.errors import BadInputError
from recovery_lab.faults.witness import Witness
from recovery_lab.record.history import FaultEvent

Cuts = Literal["established", "new", "both", "none"]

# SQLSTATEs of FATAL lines. What only a client brings that hangs up, or asks for its query's end:
HUNG_UP = ("57014", "08006", "08P01")
SHUT_DOWN = ("57P01", "57P03")  # sessions ended; new ones refused as it goes and as it starts
CRASHED = ("57P02", *SHUT_DOWN)  # a backend that outlives its postmaster says 57P01 too


class Effects(msgspec.Struct, frozen=True, kw_only=True):
    """What a fault does to its clients; a contender's role follows from it."""

    cuts: Cuts  # whose sessions, while it is in
    heal_cuts: Cuts = "none"  # and as it heals
    ends_sessions: bool = False  # established sessions are ended, not only left silent
    delays_s: float = 0.0  # what a fresh session or a read takes longer while it is in
    denies: tuple[str, ...] = ()  # "reads", "writes"
    explains: tuple[str, ...] = ()  # SQLSTATEs of the FATAL lines that it brings
    restarts: bool | None = False  # whether the server's start must move; None: not known before
    observed: bool = False  # a user's command: what it cut is read from the record


class Before(msgspec.Struct, frozen=True, kw_only=True):
    """The database before the fault, which everything after is compared with."""

    container: str
    started: str
    server_started: str


NOTHING = Before(container="", started="", server_started="")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Where a fault is played: `run_fault` adds `before`, and a `witness` where none is given.

    `note` appends to the history (`recorder.append`); all instants are on the containers' clock.
    `pace` is called at least every 0.2 s in every wait; where it raises, the fault is healed.
    `begin` returns when the fault may begin; its watchdog is there by then. `command` is what the
    fault `command` runs.
    """

    stack: Stack
    hold_s: float
    note: Callable[[FaultEvent], None]
    pace: Callable[[], None] = lambda: None
    begin: Callable[[], None] = lambda: None
    command: tuple[str, ...] = ()
    before: Before = NOTHING
    witness: Witness | None = None

    @property
    def seen(self) -> Witness:
        """The witness on the clients' network, for a fault's evidence."""
        if self.witness is None:
            raise RuntimeError("a fault is played by run_fault or healed by heal_open, not alone")
        return self.witness


class Fault(Protocol):
    """One way to cause an outage of the database; without state, so that any process can heal it.

    Its length (`hold_s`) is from `min_hold_s`, what its evidence needs, to `max_hold_s`, after
    which the watchdog ends it.
    """

    @property
    def name(self) -> str:
        """What it is called everywhere."""
        ...

    @property
    def effects(self) -> Effects:
        """What it does to its clients."""
        ...

    @property
    def min_hold_s(self) -> float:
        """Its shortest length."""
        ...

    @property
    def max_hold_s(self) -> float:
        """Its longest length."""
        ...

    @property
    def hold_s(self) -> float:
        """Its usual length."""
        ...

    def inject(self, scene: Scene) -> None:
        """Break the database's service; returns when the fault is in."""
        ...

    def verify_landed(self, scene: Scene) -> str:
        """Return the evidence that it is in; raises InconclusiveError when it is not."""
        ...

    def heal(self, scene: Scene) -> None:
        """Bring the database back; idempotent, also from a fresh process."""
        ...

    def verify_healed(self, scene: Scene) -> str:
        """Return the evidence that all is back; raises HealError when it is not."""
        ...


def checked(fault: Fault, hold_s: float) -> float:
    """Return a fault's length in seconds; raises BadInputError when the fault can't have it."""
    if not fault.min_hold_s <= hold_s <= fault.max_hold_s:
        raise BadInputError(
            f"HOLD={hold_s:g}: {fault.name} takes from {fault.min_hold_s:g} "
            f"to {fault.max_hold_s:g} seconds"
        )
    return hold_s


def note(
    scene: Scene, fault: str, name: str, *, at: float | None = None, evidence: str = ""
) -> None:
    """Append a step of a fault to the history; without `at` the witness stamps it now."""
    instant = scene.seen.clock().at if at is None else at
    scene.note(FaultEvent(at=instant, fault=fault, name=name, evidence=evidence))

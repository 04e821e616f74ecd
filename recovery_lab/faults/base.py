"""What a fault is, and the scene it is played on."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

import msgspec

from recovery_lab.errors import BadInputError
from recovery_lab.faults.witness import Witness
from recovery_lab.record.history import FaultEvent
from recovery_lab.target import Target

Cuts = Literal["established", "new", "both", "none"]


class Before(msgspec.Struct, frozen=True, kw_only=True):
    """The database before the fault, which everything after is compared with."""

    container: str
    started: str
    server_started: str


NOTHING = Before(container="", started="", server_started="")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Where a fault is played: the caller gives the first four, `run_fault` adds the others.

    `note` appends to the history (`recorder.append`); all instants are on the containers' clock.
    """

    target: Target
    project: str
    hold_s: float
    note: Callable[[FaultEvent], None]
    before: Before = NOTHING
    witness: Witness | None = None

    @property
    def seen(self) -> Witness:
        """The witness on the clients' network, for a fault's evidence."""
        if self.witness is None:
            raise RuntimeError("a fault is played by run_fault or healed by heal_open, not alone")
        return self.witness


class Fault(Protocol):
    """One way to take the database away; without state, so that any process can heal it.

    Its length (`hold_s`) is from `min_hold_s`, what its evidence needs, to `max_hold_s`, after
    which the watchdog ends it.
    """

    @property
    def name(self) -> str:
        """What it is called everywhere."""
        ...

    @property
    def cuts(self) -> Cuts:
        """Whose sessions it cuts."""
        ...

    @property
    def restarts(self) -> bool:
        """Whether the server's own start time must move."""
        ...

    @property
    def min_hold_s(self) -> float:
        """Its shortest length."""
        ...

    @property
    def max_hold_s(self) -> float:
        """Its longest length."""
        ...

    def inject(self, scene: Scene) -> None:
        """Take the database away; returns when the fault is in."""
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

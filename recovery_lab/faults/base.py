"""What a fault is: what it does to its clients, how it lands, and how it heals."""

from abc import ABC, abstractmethod
from typing import Literal

import msgspec

from recovery_lab.errors import BadInputError, InconclusiveError
from recovery_lab.faults.scene import Scene

# `idle`: of the established ones those that nobody uses.
Cuts = Literal["established", "idle", "new", "both", "none"]
# SQLSTATEs of FATAL lines: sessions ended; new ones refused as it goes and as it starts.
SHUT_DOWN = ("57P01", "57P03")
CRASHED = ("57P02", *SHUT_DOWN)  # a backend that outlives its postmaster says 57P01 too
ANSWER_LIMIT_S = 5.0  # of a server that is back: a loaded machine is slow


class Effects(msgspec.Struct, frozen=True, kw_only=True):
    """What a fault does to its clients; a contender's role follows from it."""

    cuts: Cuts  # whose sessions, while it is in
    heal_cuts: Cuts = "none"  # and as it heals
    ends_sessions: bool = False  # established ones are gone by then, not only left silent
    moves: bool = False  # the server has another address after it; whoever was there, nobody tells
    marks: bool = False  # sessions opened in it keep for good what it set
    delays_s: float = 0.0  # what a fresh session or a read takes longer while it is in
    denies: tuple[Literal["reads", "writes", "names"], ...] = ()
    explains: tuple[str, ...] = ()  # SQLSTATEs of the FATAL lines that it brings
    restarts: bool | None = False  # whether the server's start must move; None: not known before
    observed: bool = False  # a user's command: what it cut is read from the record

    @property
    def strands(self) -> bool:
        """Whether a pool that met it is no good for the next outage."""
        return self.moves or self.marks

    @property
    def leaves_idle_silent(self) -> bool:
        """Whether idle sessions hang while it is in, and may live on after it."""
        return self.cuts == "idle" and not self.ends_sessions


class Fault(ABC):
    """One way to cause an outage; without state, so that any process can heal it."""

    name: str
    effects: Effects
    hold_s: float  # its usual length
    min_hold_s = 0.0  # what its evidence needs
    max_hold_s = 600.0
    needs: tuple[str, ...] = ()  # capabilities of the target, by name
    prepares = False  # something before the pools are warmed

    def effects_of(self, hold_s: float) -> Effects:  # noqa: ARG002 # for who delays by its length
        """Return its effects where it has a length."""
        return self.effects

    def prepare(self, scene: Scene) -> None:  # noqa: B027 # most need not
        """Do what sessions must find that the pools open; healing undoes it as well."""

    @abstractmethod
    def inject(self, scene: Scene) -> None:
        """Break the database's service; returns when the fault is in."""

    @abstractmethod
    def verify_landed(self, scene: Scene) -> str:
        """Return the evidence that it is in; raises InconclusiveError when it is not."""

    def heal(self, scene: Scene) -> None:
        """Bring the database back; idempotent, also from a fresh process."""
        scene.bring_back()

    def verify_healed(self, scene: Scene) -> str:
        """Return the evidence that all is back; raises HealError when it is not."""
        return scene.verify_back(self.heal)

    def landed(self, *, is_in: bool, evidence: str, instead: str) -> str:
        """Return the evidence; raises InconclusiveError with what is seen instead, where not in."""
        if not is_in:
            raise InconclusiveError(f"{self.name} did not land: {instead}")
        return evidence

    def verify_start(self, scene: Scene) -> None:
        """Raise InconclusiveError unless the server's start moved, or did not, as declared."""
        restarts, before = self.effects.restarts, scene.server_started
        if restarts is None:
            return
        after = scene.reached(ANSWER_LIMIT_S).server_started
        if (after != before) != restarts:
            due = "a start of the server" if restarts else "the same server"
            raise InconclusiveError(f"{self.name}: expected {due}; before {before}, now {after}")


def checked(fault: Fault, hold_s: float) -> float:
    """Return a fault's length in seconds; raises BadInputError when the fault can't have it."""
    least, most = fault.min_hold_s, fault.max_hold_s
    if not least <= hold_s <= most:
        momentary = "no length: leave HOLD out, or this fault"
        allowed = f"from {least:g} to {most:g} seconds" if least < most else momentary
        raise BadInputError(f"HOLD={hold_s:g}: {fault.name} takes {allowed}")
    return hold_s

"""Where a fault is played, and how its steps get into the history."""

from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from recovery_lab.docker import Stack
from recovery_lab.faults.witness import Witness
from recovery_lab.record.history import FaultEvent


class Before(msgspec.Struct, frozen=True, kw_only=True):
    """When container and server had started before the fault; all after is compared with it."""

    started: str = ""
    server_started: str = ""


NOTHING = Before()


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Where a fault is played: `run_fault` adds `before` and `witness`, the caller gives the rest.

    `note` appends to the history (`recorder.append`); all instants are on the containers' clock.
    `pace` is called at least every 0.2 s in every wait; where it raises, the fault is healed.
    `command` is what the fault `command` runs.
    """

    stack: Stack
    hold_s: float
    note: Callable[[FaultEvent], None] = lambda _: None
    pace: Callable[[], None] = lambda: None
    command: tuple[str, ...] = ()
    before: Before = NOTHING
    witness: Witness | None = None

    @property
    def seen(self) -> Witness:
        """The witness on the clients' network, for a fault's evidence."""
        if self.witness is None:
            raise RuntimeError("a fault is played by run_fault or healed by heal_open, not alone")
        return self.witness

    def step(self, fault: str, name: str, *, at: float | None = None, evidence: str = "") -> None:
        """Append a step of a fault to the history; without `at` the witness stamps it now."""
        instant = self.seen.clock().at if at is None else at
        self.note(FaultEvent(at=instant, fault=fault, name=name, evidence=evidence))

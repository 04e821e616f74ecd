"""Run one fault: name it in the journal, watch over it, inject, prove, hold, heal, prove again."""

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace

from recovery_lab import docker
from recovery_lab.errors import BadInputError, HealError, InconclusiveError
from recovery_lab.faults import command, journal, server
from recovery_lab.faults.base import Fault, Scene, checked, note
from recovery_lab.faults.journal import FAULT, OpenFault
from recovery_lab.faults.watchdog import Watchdog
from recovery_lab.faults.witness import Witness
from recovery_lab.interrupts import Interrupts
from recovery_lab.record.history import FaultEvent

GRACE_S = 30.0  # to inject, prove and heal; past the fault's length and this the watchdog heals
PACE_S = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """The evidence of one fault: that it was in, and that it is gone."""

    landed: str
    healed: str


def run_fault(fault: Fault, scene: Scene) -> Done:
    """Play one fault from a steady state to a steady state.

    Raises BadInputError (length out of range, remote daemon, a fault open already),
    InconclusiveError (not landed, no steady state before), HealError (not back: stop everything).
    Whatever is raised, the fault is healed, or named in the journal still.
    """
    checked(fault, scene.hold_s)
    docker.refuse_remote()
    path = journal.path_of(scene.stack, FAULT)
    with journal.held(path, OpenFault) as held, closing(Witness(scene.stack)) as witness:
        open_already = held.entry()
        if open_already:
            raise BadInputError(
                f"{scene.stack.project}: fault {open_already.fault!r} of a dead run is open; "
                "run: make heal"
            )
        seen = replace(scene, witness=witness)
        seen = replace(seen, before=server.look_before(seen))
        limit_s = scene.hold_s + GRACE_S + (command.LIMIT_S if scene.command else 0.0)
        with (
            Watchdog(path, limit_s) as watchdog,
            Interrupts() as interrupts,
            _journalled(fault, seen, held),
        ):
            watched = _Watched(seen, watchdog, interrupts)
            landed = _play(fault, watched)
            healed = _verify_healed(fault, watched.scene)
            server.verify_start(seen, fault)
            held.remove()
            watched.verify()
    return Done(landed=landed, healed=healed)


class _Watched:
    """The scene, in each of whose waits the caller's pace and both helpers' lives are looked at.

    While it heals nothing breaks in: what is found then waits for `verify`.
    """

    def __init__(self, scene: Scene, watchdog: Watchdog, interrupts: Interrupts) -> None:
        self.scene = replace(scene, pace=self._pace)
        self._callers = scene.pace


def _noting(steps: list[str], scene: Scene) -> Callable[[FaultEvent], None]:
    def noted(event: FaultEvent) -> None:
        steps.append(event.name)
        scene.note(event)

    return noted


def _note_unless(steps: list[str], scene: Scene, fault: Fault, step: str) -> None:
    """Note a step that the fault itself had no better instant for."""
    if step not in steps:
        note(scene, fault.name, step, evidence="as the witness heard of it")


def _verify_healed(fault: Fault, scene: Scene) -> str:
    try:
        healed = fault.verify_healed(scene)
    except InconclusiveError as error:
        raise HealError(f"{scene.project}: cannot see {fault.name} healed: {error}") from error
    note(scene, fault.name, "back", evidence=healed)
    return healed

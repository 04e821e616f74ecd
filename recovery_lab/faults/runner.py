"""Run one fault: name it in the journal, watch over it, inject, prove, hold, heal, prove again."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace

from recovery_lab import docker
from recovery_lab.errors import BadInputError, HealError, InconclusiveError
from recovery_lab.faults import journal, server
from recovery_lab.faults.base import Fault, Scene, checked, note
from recovery_lab.faults.journal import FAULT, Held, OpenFault
from recovery_lab.faults.watchdog import Watchdog
from recovery_lab.faults.witness import Witness
from recovery_lab.record.history import FaultEvent

GRACE_S = 30.0  # to inject, prove and heal; past the fault's length and this the watchdog heals


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
    path = journal.path_of(scene.target, scene.project, FAULT)
    with (
        journal.held(path, OpenFault) as held,
        closing(Witness(scene.target, scene.project)) as witness,
    ):
        open_already = held.entry()
        if open_already:
            raise BadInputError(
                f"{scene.project}: fault {open_already.fault!r} of a dead run is open; "
                "run: make heal"
            )
        seen = replace(scene, witness=witness)
        seen = replace(seen, before=server.look_before(seen))
        with Watchdog(path, scene.hold_s + GRACE_S) as watchdog, _journalled(fault, seen, held):
            landed = _play(fault, seen, watchdog)
            healed = _verify_healed(fault, seen)
            server.verify_start(seen, fault)
            held.remove()
    return Done(landed=landed, healed=healed)


@contextmanager
def _journalled(fault: Fault, scene: Scene, held: Held[OpenFault]) -> Iterator[None]:
    """Name the fault before it is injected; take its name out only when it is seen healed."""
    held.write(
        OpenFault(
            fault=fault.name,
            project=scene.project,
            hold_s=scene.hold_s,
            target=scene.target,
            before=scene.before,
            docker=docker.endpoint()[1],
            pid=os.getpid(),
        )
    )
    try:
        yield
    except BaseException as error:  # also Ctrl-C, and pytest's own word that time is up
        if not isinstance(error, HealError):
            _verify_healed(fault, scene)
            held.remove()
        raise


def _play(fault: Fault, scene: Scene, watchdog: Watchdog) -> str:
    """Inject, prove, hold, heal; healed also when any of it fails."""
    steps: list[str] = []
    scene = replace(scene, note=_noting(steps, scene))
    note(scene, fault.name, "injecting")
    try:
        fault.inject(scene)
        _note_unless(steps, scene, fault, "injected")
        ends_at = time.monotonic() + scene.hold_s  # this host's clock paces; it measures nothing
        landed = fault.verify_landed(scene)
        note(scene, fault.name, "landed", evidence=landed)
        time.sleep(max(0.0, ends_at - time.monotonic()))  # the fault's length
        watchdog.verify_watching()
    finally:
        note(scene, fault.name, "healing")
        fault.heal(scene)
        _note_unless(steps, scene, fault, "healed")
    return landed


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

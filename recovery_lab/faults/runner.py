"""Run one fault: name it in the journal, watch over it, inject, prove, hold, heal, prove again."""

import os
import time
from contextlib import closing, suppress
from dataclasses import dataclass, replace

from recovery_lab import docker
from recovery_lab.errors import BadInputError, DockerError, HealError, InconclusiveError, LabError
from recovery_lab.faults import command, journal
from recovery_lab.faults.base import Fault, checked
from recovery_lab.faults.journal import FAULT, OpenFault
from recovery_lab.faults.scene import Scene
from recovery_lab.faults.watchdog import Watchdog
from recovery_lab.faults.witness import Witness
from recovery_lab.interrupts import Interrupts
from recovery_lab.record.history import FaultEvent

GRACE_S = 90.0  # to inject, prove, heal and recover; past the length and this the watchdog heals
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
    with journal.held(path), closing(Witness(scene.stack)) as witness:
        if open_already := journal.read(path, OpenFault):
            raise BadInputError(
                f"{scene.stack.project}: fault {open_already.fault!r} of a dead run is open; "
                "run: make heal"
            )
        scene = replace(scene, fault=fault.name).seen_by(witness)
        limit_s = scene.hold_s + GRACE_S + (command.LIMIT_S if scene.command else 0.0)
        with Watchdog(path, limit_s) as watchdog, Interrupts() as interrupts:
            run = _Run(fault, scene, watchdog, interrupts)
            journal.write(path, _named(fault, scene))
            try:
                landed = run.play()
            finally:  # also at Ctrl-C, and at pytest's own word that time is up
                healed = run.verify_healed()
                path.unlink(missing_ok=True)
            fault.verify_start(scene)
            run.verify_paced()
    return Done(landed=landed, healed=healed)


def _named(fault: Fault, scene: Scene) -> OpenFault:
    return OpenFault(
        fault=fault.name,
        stack=scene.stack,
        hold_s=scene.hold_s,
        before=scene.before,
        docker=docker.endpoint()[1],
        pid=os.getpid(),
    )


class _Run:
    """One fault while it may be in: each wait looks at the caller's pace and at both helpers.

    While it heals nothing breaks in: what is found then waits for `verify_paced`.
    """

    def __init__(
        self, fault: Fault, scene: Scene, watchdog: Watchdog, interrupts: Interrupts
    ) -> None:
        self._fault = fault
        self._scene = replace(scene, note=self._note, pace=self._pace)
        self._given = scene
        self._watchdog = watchdog
        self._interrupts = interrupts
        self._steps: list[str] = []
        self._healing = False
        self._trouble: LabError | None = None

    def play(self) -> str:
        """Inject, prove, hold, heal; healed also when any of it fails."""
        scene = self._scene
        try:
            self._step("injecting")
            self._fault.inject(scene)
            self._step_unless("injected")
            ends_at = time.monotonic() + scene.hold_s  # this host's clock: it only paces
            landed = self._fault.verify_landed(scene)
            self._step("landed", landed)
            while (left_s := ends_at - time.monotonic()) > 0:
                scene.pace()
                time.sleep(min(PACE_S, left_s))  # the fault's length
            self._watchdog.verify_watching()
        finally:
            self._heal()
        return landed

    def verify_healed(self) -> str:
        """Return the evidence that it is back; raises HealError when it is not."""
        try:
            self._scene.seen.revive()
            healed = self._fault.verify_healed(self._scene)
        except (InconclusiveError, DockerError) as error:
            raise HealError(
                f"{self._scene.stack.project}: cannot see {self._fault.name} healed: {error}"
            ) from error
        self._step("back", healed)
        return healed

    def verify_paced(self) -> None:
        """Raise what a wait has found while nothing was to break in."""
        if self._trouble:
            raise self._trouble

    def _heal(self) -> None:
        self._interrupts.hold_back()
        self._healing = True
        with suppress(Exception):  # whatever it is: healing must not depend on the witness
            self._scene.seen.revive()
            self._step("healing")
        self._fault.heal(self._scene)
        self._step_unless("healed")

    def _step(self, name: str, evidence: str = "") -> None:
        self._scene.step(name, evidence=evidence)

    def _step_unless(self, name: str) -> None:
        """Note a step that the fault itself had no better instant for."""
        if name not in self._steps:
            self._step(name, "as the witness heard of it")

    def _note(self, event: FaultEvent) -> None:
        self._steps.append(event.name)
        self._given.note(event)

    def _pace(self) -> None:
        if self._trouble:
            return
        try:
            self._given.pace()
            self._watchdog.verify_watching()
            self._scene.seen.verify_alive()
        except LabError as error:
            if not self._healing:
                raise
            self._trouble = error

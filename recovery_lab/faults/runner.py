"""Run one fault: name it in the journal, watch over it, inject, prove, hold, heal, prove again."""

import os
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext, suppress
from dataclasses import dataclass, replace

from recovery_lab import docker
from recovery_lab.errors import BadInputError, DockerError, HealError, InconclusiveError, LabError
from recovery_lab.faults import command, journal, server
from recovery_lab.faults.base import Fault, Scene, checked, note
from recovery_lab.faults.journal import FAULT, Held, OpenFault
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
    own = nullcontext(scene.witness) if scene.witness else closing(Witness(scene.stack))
    with journal.held(path, OpenFault) as held, own as witness:
        open_already = held.entry()
        if open_already:
            raise BadInputError(
                f"{scene.stack.project}: fault {open_already.fault!r} of a dead run is open; "
                "run: make heal"
            )
        seen = replace(scene, witness=witness)
        seen = replace(seen, before=server.look_before(seen))
        limit_s = scene.hold_s + GRACE_S + (command.LIMIT_S if scene.command else 0.0)
        with Watchdog(path, limit_s) as watchdog, Interrupts() as interrupts:
            scene.begin()
            run = _Run(fault, seen, watchdog, interrupts)
            with _journalled(run, held):
                landed = run.play()
                healed = run.verify_healed()
                server.verify_start(seen, fault)
            run.verify_paced()
    return Done(landed=landed, healed=healed)


class _Run:
    """One fault while it may be in: each wait looks at the caller's pace and at both helpers.

    While it heals nothing breaks in: what is found then waits for `verify_paced`.
    """

    def __init__(
        self, fault: Fault, scene: Scene, watchdog: Watchdog, interrupts: Interrupts
    ) -> None:
        self.fault = fault
        self.scene = replace(scene, note=self._note, pace=self._pace)
        self._given = scene
        self._watchdog = watchdog
        self._interrupts = interrupts
        self._steps: list[str] = []
        self._healing = False
        self._trouble: LabError | None = None

    def play(self) -> str:
        """Inject, prove, hold, heal; healed also when any of it fails."""
        scene, name = self.scene, self.fault.name
        try:
            note(scene, name, "injecting")
            self.fault.inject(scene)
            self._note_unless("injected")
            ends_at = time.monotonic() + scene.hold_s  # this host's clock: it only paces
            landed = self.fault.verify_landed(scene)
            note(scene, name, "landed", evidence=landed)
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
            self.scene.seen.revive()
            healed = self.fault.verify_healed(self.scene)
        except (InconclusiveError, DockerError) as error:
            raise HealError(
                f"{self.scene.stack.project}: cannot see {self.fault.name} healed: {error}"
            ) from error
        note(self.scene, self.fault.name, "back", evidence=healed)
        return healed

    def verify_paced(self) -> None:
        """Raise what a wait has found while nothing was to break in."""
        if self._trouble:
            raise self._trouble

    def _heal(self) -> None:
        self._interrupts.hold_back()
        self._healing = True
        with suppress(Exception):  # whatever it is: healing must not depend on the witness
            self.scene.seen.revive()
            note(self.scene, self.fault.name, "healing")
        self.fault.heal(self.scene)
        self._note_unless("healed")

    def _note(self, event: FaultEvent) -> None:
        self._steps.append(event.name)
        self._given.note(event)

    def _note_unless(self, step: str) -> None:
        """Note a step that the fault itself had no better instant for."""
        if step not in self._steps:
            note(self.scene, self.fault.name, step, evidence="as the witness heard of it")

    def _pace(self) -> None:
        if self._trouble:
            return
        try:
            self._given.pace()
            self._watchdog.verify_watching()
            self.scene.seen.verify_alive()
        except LabError as error:
            if not self._healing:
                raise
            self._trouble = error


@contextmanager
def _journalled(run: _Run, held: Held[OpenFault]) -> Iterator[None]:
    """Name the fault before it is injected; take its name out only when it is seen healed."""
    held.write(
        OpenFault(
            fault=run.fault.name,
            stack=run.scene.stack,
            hold_s=run.scene.hold_s,
            before=run.scene.before,
            docker=docker.endpoint()[1],
            pid=os.getpid(),
        )
    )
    try:
        yield
    except BaseException as error:  # also Ctrl-C, and pytest's own word that time is up
        if not isinstance(error, HealError):
            run.verify_healed()
            held.remove()
        raise
    held.remove()

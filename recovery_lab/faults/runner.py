"""Run one fault: name it in the journal, watch over it, inject, prove, hold, heal, prove again."""

import time
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from recovery_lab import docker
from recovery_lab.errors import BadInputError, DockerError, HealError, InconclusiveError, LabError
from recovery_lab.faults import command, journal
from recovery_lab.faults.base import Fault, checked
from recovery_lab.faults.scene import Scene
from recovery_lab.faults.watchdog import Watchdog
from recovery_lab.interrupts import Interrupts
from recovery_lab.record.history import FaultEvent

GRACE_S = 90.0  # to warm, inject, prove, heal, recover; past the length and this it is healed
PACE_S = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """The evidence of one fault: that it was in, and that it is gone."""

    landed: str
    healed: str


def run_fault(fault: Fault, scene: Scene) -> Done:
    """Play one fault; whatever is raised, it is healed, or named in the journal still.

    Raises BadInputError (length out of range, remote daemon, a fault open already),
    InconclusiveError (not landed, no steady state before), HealError (not back: stop everything).
    """
    checked(fault, scene.hold_s)
    docker.refuse_remote()
    path = journal.path_of(scene.stack, journal.FAULT)
    with journal.held(path), scene.witnessed() as witness:
        if left := journal.read(path, journal.OpenFault):
            of = f"{scene.stack.project}: fault {left.fault!r} of a dead run"
            raise BadInputError(f"{of} is open; run: make heal")
        witness.revive()  # it may have ended since the outage before
        scene = replace(scene, fault=fault.name).seen_by(witness)
        limit_s = scene.hold_s + GRACE_S + (command.LIMIT_S if scene.command else 0.0)
        with Watchdog(path, limit_s) as watchdog, Interrupts() as interrupts:
            run = _Run(fault, scene, watchdog, interrupts, path)
            try:
                landed = run.play()
            finally:  # also at Ctrl-C, and at pytest's own word that time is up
                if run.opened:
                    healed = run.verify_healed()
                    path.unlink(missing_ok=True)
            fault.verify_start(scene)
            if run.trouble:
                raise run.trouble
    return Done(landed=landed, healed=healed)


@dataclass(slots=True)
class _Run:
    """One fault while it may be in: each wait looks at the caller's pace and at both helpers."""

    fault: Fault
    given: Scene
    watchdog: Watchdog
    interrupts: Interrupts
    path: Path  # of the journal
    steps: list[str] = field(default_factory=list)
    opened: bool = False  # it is named in the journal
    healing: bool = False
    trouble: LabError | None = None  # found while it heals, when nothing may break in

    @property
    def scene(self) -> Scene:
        return replace(self.given, note=self._note, pace=self._pace)

    def play(self) -> str:
        """Prepare, inject, prove, hold, heal; healed also when any of it fails."""
        scene = self.scene
        try:
            if self.fault.prepares:
                self._open()
                self.fault.prepare(scene)
            self.given.begin()
            self._open()
            scene.step("injecting")
            self.fault.inject(scene)
            self._step_unless("injected")
            ends_at = time.monotonic() + scene.hold_s  # this host's clock: it only paces
            landed = self.fault.verify_landed(scene)
            scene.step("landed", evidence=landed)
            while (left_s := ends_at - time.monotonic()) > 0:
                scene.pace()
                time.sleep(min(PACE_S, left_s))  # the fault's length
            self.watchdog.verify_watching()
        finally:
            if self.opened:
                self._heal()
        return landed

    def verify_healed(self) -> str:
        """Return the evidence that it is back; raises HealError when it is not."""
        scene = self.scene
        try:
            scene.seen.revive()
            healed = self.fault.verify_healed(scene)
        except (InconclusiveError, DockerError) as error:
            said = f"{scene.stack.project}: cannot see {scene.fault} healed: {error}"
            raise HealError(said) from error
        scene.step("back", evidence=healed)
        return healed

    def _open(self) -> None:
        """Name it in the journal, once: from here on any process heals it."""
        if self.opened:
            return
        self.opened = True
        stack, before = self.given.stack, self.given.server_started
        entry = journal.OpenFault(stack=stack, fault=self.fault.name, server_started=before)
        journal.write(self.path, entry)

    def _heal(self) -> None:
        self.interrupts.hold_back()
        self.healing = True
        with suppress(Exception):  # whatever it is: healing must not depend on the witness
            self.scene.seen.revive()
            self.scene.step("healing")
        self.fault.heal(self.scene)
        self._step_unless("healed")

    def _step_unless(self, name: str) -> None:
        """Note a step that the fault itself had no better instant for."""
        if name not in self.steps:
            self.scene.step(name, evidence="as the witness heard of it")

    def _note(self, event: FaultEvent) -> None:
        self.steps.append(event.name)
        self.given.note(event)

    def _pace(self) -> None:
        if self.trouble:
            return
        try:
            self.given.pace()
            self.watchdog.verify_watching()
            self.given.seen.verify_alive()
        except LabError as error:
            if not self.healing:
                raise
            self.trouble = error

"""Heal what a dead run has left open, from a fresh process; what a living one holds is its own."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from recovery_lab import docker
from recovery_lab.errors import BadInputError, LabError
from recovery_lab.faults import journal, server
from recovery_lab.faults.base import Scene
from recovery_lab.faults.journal import FAULT, STACK, Held, OpenFault, OpenStack
from recovery_lab.faults.registry import FAULTS
from recovery_lab.faults.witness import Witness
from recovery_lab.record.history import FaultEvent
from recovery_lab.target import Target


def heal_open(target: Target, *, keep: bool) -> Iterator[str]:
    """Heal every open fault and remove every dead run's stack; yield a line for each.

    `keep` leaves the stacks standing, and a living run's stack stands anyway. All are tried; then
    raises the first trouble: HeldError where a living run holds a fault, HealError, DockerError.
    """
    troubles: list[LabError] = []
    for path in _files(target, FAULT):
        try:
            with journal.held(path, OpenFault) as fault:
                yield heal_held(fault)
        except LabError as error:
            troubles.append(error)
    for path in _files(target, STACK):
        try:
            with journal.held(path, OpenStack) as stack:
                yield _remove(stack, keep=keep)
        except journal.HeldError:
            continue
        except LabError as error:
            troubles.append(error)
    if troubles:
        raise troubles[0]


def _files(target: Target, suffix: str) -> list[Path]:
    return sorted((target.root / journal.FOLDER).glob(f"*{suffix}"))


def heal_held(held: Held[OpenFault]) -> str:
    """Heal the fault of a journal's file that this process holds, see it healed, and say so.

    Raises HealError when the database is not back in time.
    """
    entry = held.entry()
    if entry is None:
        held.remove()
        return f"{held.path.stem}: named, never injected"
    said = heal_now(entry)
    if server.find(_scene(entry)):
        said = _see_healed(entry)
    held.remove()
    return f"{entry.project}: healed {entry.fault}: {said}"


def _see_healed(entry: OpenFault) -> str:
    """Heal until it is back: a command of the dead run may still be on its way to the daemon."""
    fault, scene = FAULTS[entry.fault], _scene(entry)
    with closing(Witness(entry.target, entry.project)) as witness:

        def back() -> bool:
            fault.heal(scene)
            return witness.probe().session == "ok"

        server.wait_until(back, server.BACK_LIMIT_S)
        return fault.verify_healed(replace(scene, witness=witness))


def heal_now(entry: OpenFault) -> str:
    """Heal without waiting for the database; idempotent."""
    _same_daemon(entry)
    scene = _scene(entry)
    if server.find(scene) is None:
        return "its container is gone"
    FAULTS[entry.fault].heal(scene)
    return f"healed {entry.fault}"


def _remove(held: Held[OpenStack], *, keep: bool) -> str:
    entry = held.entry()
    if entry is None:
        held.remove()
        return f"{held.path.stem}: named, never started"
    if keep:
        return f"{entry.project}: kept (KEEP=1)"
    _same_daemon(entry)
    for name in docker.helpers(entry.project):
        docker.run("rm", "--force", name)
    words = ("--project-name", entry.project, "down", "--volumes", "--remove-orphans")
    docker.compose(entry.target, *words, "--timeout", "2")
    held.remove()
    return f"{entry.project}: removed the stack of a dead run"


def _same_daemon(entry: OpenFault | OpenStack) -> None:
    """Raise BadInputError on another daemon: there the container would only seem to be gone."""
    address = docker.endpoint()[1]
    if address != entry.docker:
        raise BadInputError(
            f"{entry.project}: opened on the daemon {entry.docker}, this one is {address}; "
            "choose that context, then run: make heal"
        )


def _scene(entry: OpenFault) -> Scene:
    return Scene(
        target=entry.target,
        project=entry.project,
        hold_s=entry.hold_s,
        note=_nowhere,
        before=entry.before,
    )


def _nowhere(event: FaultEvent) -> None:
    """Keep nothing: the history belongs to the run that is gone."""

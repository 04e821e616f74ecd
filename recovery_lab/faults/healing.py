"""Heal what a dead run has left open, from a fresh process; what a living one holds is its own."""

import logging
import os
import select
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path

import msgspec

from recovery_lab import docker
from recovery_lab.errors import BadInputError, LabError
from recovery_lab.faults import journal
from recovery_lab.faults.journal import FAULT, STACK, HeldError, OpenFault, OpenStack
from recovery_lab.faults.registry import FAULTS
from recovery_lab.faults.scene import Scene
from recovery_lab.faults.witness import Witness
from recovery_lab.interrupts import Interrupts
from recovery_lab.target import Target

LATE_S = 2.0  # a command of a dead run may reach the daemon so much later: healed once more
LIVES_S = 2.0  # a run that still holds its fault then is no dying one
LOCK_LIMIT_S = 10.0  # a dying process closes its pipe to the watchdog, and later its lock
OTHER_LIMIT_S = 90.0  # another process heals: a container's start, and BACK_LIMIT_S


def heal_open(target: Target, down: Callable[[docker.Stack], None] | None) -> Iterator[str]:
    """Heal every open fault; remove dead runs' stacks by `down`, if given; yield a line for each.

    All are tried, then raises the first trouble: HeldError of a living run's fault, or LabError.
    """
    troubles: list[LabError] = []
    busy: set[str] = set()
    for path in journal.paths(target, FAULT):
        try:
            yield heal_free(path, LIVES_S) or f"{path.stem}: healed by its watchdog"
        except LabError as error:
            troubles.append(error)
            if isinstance(error, HeldError):
                busy.add(path.stem)
    for path in journal.paths(target, STACK):
        try:
            if path.stem not in busy:
                with journal.held(path):
                    yield _remove(path, down)
        except HeldError:
            continue
        except LabError as error:
            troubles.append(error)
    if troubles:
        raise troubles[0]


def open_faults(target: Target) -> list[OpenFault]:
    """Return every fault that may be in, of living and of dead runs; Docker is not asked."""
    entries = [journal.read(path, OpenFault) for path in journal.paths(target, FAULT)]
    return [entry for entry in entries if entry]


def heal_free(path: Path, lives_s: float) -> str:
    """Heal one fault once nobody holds it; return how, "" without one. HeldError: a run lives."""
    began = time.monotonic()
    while path.exists():
        try:
            with journal.held(path):
                return _heal(path)
        except HeldError:
            entry = journal.read(path, OpenFault)  # who heals it already is waited for
            limit_s = OTHER_LIMIT_S if entry and entry.healing else lives_s
            if time.monotonic() > began + limit_s:
                raise
            time.sleep(0.1)  # polled: a lock tells nobody
    return ""


def heal_now(entry: OpenFault) -> str:
    """Heal without waiting for the database; idempotent."""
    _verify_daemon(entry)
    scene = _scene(entry)
    if scene.find() is None:
        return "its container is gone"
    FAULTS[entry.fault].heal(scene)
    return f"healed {entry.fault}"


def watch(path: Path, limit_s: float) -> str:
    """Wait for the runner's end, or the fault's; heal what is open, and say so. Raises LabError."""
    if select.select([sys.stdin], [], [], limit_s)[0]:
        healed = heal_free(path, LOCK_LIMIT_S)
        return f"the runner is gone: {healed}" if healed else "nothing open"
    _say("healing")  # before it is true: the runner must not take it for its own heal
    entry = journal.read(path, OpenFault)
    return f"{limit_s:.0f} s have passed: {heal_now(entry)}" if entry else "nothing open"


def _heal(path: Path) -> str:
    entry = journal.read(path, OpenFault)
    if entry is None:
        return f"{path.stem}: named, never injected"
    journal.write(path, msgspec.structs.replace(entry, pid=os.getpid(), healing=True))
    with Interrupts(held_back=True):
        _seen_healed(entry)
        time.sleep(LATE_S)  # nothing tells of a command that the dead run had sent
        said = _seen_healed(entry)
        path.unlink(missing_ok=True)
    return f"{entry.stack.project}: healed {entry.fault}: {said}"


def _seen_healed(entry: OpenFault) -> str:
    said, scene = heal_now(entry), _scene(entry)
    if scene.find():
        with closing(Witness(entry.stack)) as witness:
            said = FAULTS[entry.fault].verify_healed(replace(scene, witness=witness))
    return said


def _remove(path: Path, down: Callable[[docker.Stack], None] | None) -> str:
    entry = journal.read(path, OpenStack)
    if entry is None:
        return f"{path.stem}: named, never started"
    if down is None:
        return f"{entry.stack.project}: kept (KEEP=1)"
    _verify_daemon(entry)
    down(entry.stack)
    path.unlink(missing_ok=True)
    return f"{entry.stack.project}: removed the stack of a dead run"


def _verify_daemon(entry: OpenStack) -> None:
    """Raise BadInputError on another daemon: there the container would only seem to be gone."""
    address = docker.endpoint()[1]
    if address != entry.docker:
        other = f"opened on the daemon {entry.docker}, this one is {address}"
        todo = "choose that context, then run: make heal"
        raise BadInputError(f"{entry.stack.project}: {other}; {todo}")


def _scene(entry: OpenFault) -> Scene:
    return Scene(stack=entry.stack, server_started=entry.server_started)


def _say(word: str) -> None:
    with suppress(OSError):  # the runner may be gone
        sys.stdout.write(f"{word}\n")
        sys.stdout.flush()


def main() -> int:
    """Watch over one fault, as the watchdog: `healing JOURNAL-FILE LIMIT-S`; log what was done."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s [%(process)d] %(message)s")
    log, path, limit_s = logging.getLogger(__name__), Path(sys.argv[1]), float(sys.argv[2])
    _say("watching")
    try:
        log.info("%s: %s", path.stem, watch(path, limit_s))
    except LabError:
        log.exception("%s: not healed; run: make heal", path.stem)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

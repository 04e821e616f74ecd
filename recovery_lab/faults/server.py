"""The database's container: found by its labels, acted on, and seen back.

Only the container whose labels name the scene's project, the target's service and this checkout is
ever touched.
"""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from recovery_lab import docker
from recovery_lab.errors import HealError, InconclusiveError
from recovery_lab.faults.answers import Answer
from recovery_lab.faults.base import Before, Fault, Scene, note
from recovery_lab.record.history import Clock, to_monotonic

BACK_LIMIT_S = 60.0  # crash recovery included
AGAIN_S = 2.0  # not back for so long: healed again
HALF_SHUT_S = 3.0  # a fast shutdown is over sooner
SHUTTING_DOWN = "the database system is shutting down"
_FOLDER = "com.docker.compose.project.working_dir"


def find(scene: Scene) -> dict[str, Any] | None:
    """Return what `docker inspect` says of the database's container; None where there is none.

    Raises InconclusiveError when a stack of another folder has the same project's name.
    """
    stack = scene.stack
    ids = docker.containers(stack, stack.target.database.service)
    if not ids:
        return None
    found: dict[str, Any] = json.loads(docker.run("inspect", ids[0]))[0]
    folder = Path(found["Config"]["Labels"].get(_FOLDER, ""))
    if folder.resolve() != stack.target.root.resolve():
        raise InconclusiveError(f"project {stack.project!r} belongs to {folder}: not touched")
    return found


def present(scene: Scene) -> dict[str, Any]:
    """Return the database's container; raises InconclusiveError when there is none."""
    found = find(scene)
    if found is None:
        service = scene.stack.target.database.service
        raise InconclusiveError(f"{scene.stack.project}: service {service!r} has no container")
    return found


def look_before(scene: Scene) -> Before:
    """Return the database as it is; raises InconclusiveError unless it is in its steady state."""
    found, answer = present(scene), scene.seen.probe()
    if answer.session != "ok":
        raise InconclusiveError(
            f"no steady state before the fault: a fresh session: {_how(answer)}"
        )
    return Before(
        container=found["Id"],
        started=found["State"]["StartedAt"],
        server_started=answer.server_started,
    )


def act(scene: Scene, fault: str, steps: Mapping[str, str], *words: str) -> None:
    """Run one `docker` command on the container; note each step at the daemon's own event.

    Without a witness that speaks nothing is noted: healing must not depend on one.
    """
    before = _clock(scene)
    docker.run(*words, present(scene)["Id"], pace=scene.pace)
    after = _clock(scene)
    if before is None or after is None:
        return
    stack = scene.stack
    events = docker.events(stack, stack.target.database.service, before.wall, after.wall)
    walls = {word: at for at, word in events}
    for step, action in steps.items():
        if action in walls:
            at, evidence = to_monotonic(walls[action], [before]), f"the daemon's event {action!r}"
            note(scene, fault, step, at=at, evidence=evidence)


def _clock(scene: Scene) -> Clock | None:
    try:
        return scene.witness.clock() if scene.witness else None
    except InconclusiveError:
        return None


def bring_back(scene: Scene, fault: str) -> None:
    """Thaw or start the container, whichever it needs; idempotent."""
    found = find(scene)
    if found is None or (found["State"]["Running"] and not found["State"]["Paused"]):
        return
    if found["State"]["Paused"]:
        act(scene, fault, {"healed": "unpause"}, "unpause")
    else:
        act(scene, fault, {"healed": "start"}, "start")


def wait_until(scene: Scene, holds: Callable[[], bool], limit_s: float) -> bool:
    """Poll until something holds; tell whether it did in time."""
    deadline = time.monotonic() + limit_s
    while not holds():
        if time.monotonic() > deadline:
            return False
        scene.pace()
        time.sleep(0.05)  # polled: the daemon announces nothing that can be waited for
    return True


def verify_back(scene: Scene, heal: Callable[[Scene], None]) -> str:
    """Wait for a fresh session, healing again while there is none; return the evidence.

    Raises HealError when there is none in time.
    """
    back = _Back(scene, heal)
    if not wait_until(scene, back.seen, BACK_LIMIT_S):
        raise HealError(
            f"{scene.stack.project}: not back after {BACK_LIMIT_S:.0f} s: "
            f"a fresh session: {_how(back.answer)}"
        )
    before, after = scene.before.server_started, back.answer.server_started
    moved = "as before" if after == before else f"not {before} as before"
    return f"{back.mended}a fresh session reads; server start {after}, {moved}"


class _Back:
    """Looks for a fresh session; where none works, heals again, or what stands half-shut."""

    def __init__(self, scene: Scene, heal: Callable[[Scene], None]) -> None:
        self._scene = scene
        self._heal = heal
        self._healed_at = self._not_shutting_at = time.monotonic()
        self.mended = ""

    def seen(self) -> bool:
        """Try a fresh session; tell whether it worked."""
        self.answer = self._scene.seen.probe()
        if self.answer.session == "ok":
            return True
        now = time.monotonic()
        if SHUTTING_DOWN not in self.answer.session:
            self._not_shutting_at = now
        unnoted = replace(self._scene, witness=None)
        if now > self._not_shutting_at + HALF_SHUT_S:
            self._end_half_shut(unnoted)
        elif now > self._healed_at + AGAIN_S:  # a broken-off command may have reached the daemon
            self._heal(unnoted)
            self._healed_at = time.monotonic()
        return False

    def _end_half_shut(self, scene: Scene) -> None:
        """End a server that keeps its old sessions and takes no new ones, and start it.

        Docker calls it running, and it stays so for as long as a pool holds a session.
        """
        docker.run("stop", present(scene)["Id"])
        bring_back(scene, "")
        self.mended = f"half-shut for {HALF_SHUT_S:.0f} s, so stopped fast and started; "
        self._not_shutting_at = time.monotonic()


def verify_start(scene: Scene, fault: Fault) -> None:
    """Verify that the server's start moved, or did not, as the fault has it.

    Raises InconclusiveError.
    """
    restarts = fault.effects.restarts
    if restarts is None:
        return
    after = scene.seen.probe().server_started
    if (after != scene.before.server_started) != restarts:
        expected = "a start of the server" if restarts else "the same server"
        raise InconclusiveError(
            f"{fault.name}: expected {expected}; before {scene.before.server_started}, now {after}"
        )


def _how(answer: Answer) -> str:
    return f"{answer.session!r}" + (f" (tcp {answer.tcp!r})" if answer.tcp else "")

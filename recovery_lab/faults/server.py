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
from recovery_lab.faults.scene import Before, Scene
from recovery_lab.faults.witness import Answer
from recovery_lab.record.history import Clock, to_monotonic

BACK_LIMIT_S = 60.0  # crash recovery included
AGAIN_S = 2.0  # not back for so long: healed again
POLL_S = 0.05  # polled: the daemon announces nothing that can be waited for
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
    return Before(started=found["State"]["StartedAt"], server_started=answer.server_started)


def act(scene: Scene, fault: str, steps: Mapping[str, str], *words: str) -> None:
    """Run one `docker` command on the container; note each step at the daemon's own event.

    Without a witness that speaks nothing is noted: healing must not depend on one.
    """
    before = _clock(scene)
    docker.run(*words, present(scene)["Id"], pace=scene.pace)
    after = _clock(scene)
    if before is None or after is None:
        return
    service = scene.stack.target.database.service
    events = docker.events(scene.stack, service, before.wall, after.wall)
    walls = {word: at for at, word in events}
    for step, action in steps.items():
        if action in walls:
            at, evidence = to_monotonic(walls[action], [before]), f"the daemon's event {action!r}"
            scene.step(fault, step, at=at, evidence=evidence)


def _clock(scene: Scene) -> Clock | None:
    try:
        return scene.witness.clock() if scene.witness else None
    except InconclusiveError:
        return None


def bring_back(scene: Scene, fault: str) -> None:
    """Thaw or start the container, whichever it needs; idempotent."""
    found = find(scene)
    if found and found["State"]["Paused"]:
        act(scene, fault, {"healed": "unpause"}, "unpause")
    elif found and not found["State"]["Running"]:
        act(scene, fault, {"healed": "start"}, "start")


def wait_until(
    scene: Scene, holds: Callable[[], bool], limit_s: float, every_s: float = POLL_S
) -> bool:
    """Poll until something holds; tell whether it did in time."""
    deadline = time.monotonic() + limit_s
    while not holds():
        if time.monotonic() > deadline:
            return False
        scene.pace()
        time.sleep(every_s)
    return True


def verify_back(scene: Scene, heal: Callable[[Scene], None]) -> str:
    """Wait for a fresh session; return the evidence. Raises HealError when there is none in time.

    While there is none it heals again: a command that was broken off may have reached the daemon.
    A server that keeps its old sessions and takes no new ones is stopped and started: Docker calls
    it running, and it stays so for as long as a pool holds a session.
    """
    unnoted, mended = replace(scene, witness=None), ""
    healed_at = not_shutting_at = time.monotonic()
    deadline = healed_at + BACK_LIMIT_S
    while (answer := scene.seen.probe()).session != "ok":
        now = time.monotonic()
        if SHUTTING_DOWN not in answer.session:
            not_shutting_at = now
        if now > not_shutting_at + HALF_SHUT_S:
            docker.run("stop", present(scene)["Id"])
            bring_back(unnoted, "")
            mended = f"half-shut for {HALF_SHUT_S:.0f} s, so stopped fast and started; "
            not_shutting_at = time.monotonic()
        elif now > healed_at + AGAIN_S:
            heal(unnoted)
            healed_at = time.monotonic()
        if time.monotonic() > deadline:
            raise HealError(
                f"{scene.stack.project}: not back after {BACK_LIMIT_S:.0f} s: "
                f"a fresh session: {_how(answer)}"
            )
        scene.pace()
        time.sleep(POLL_S)
    before, after = scene.before.server_started, answer.server_started
    moved = "as before" if after == before else f"not {before} as before"
    return f"{mended}a fresh session reads; server start {after}, {moved}"


def _how(answer: Answer) -> str:
    return f"{answer.session!r}" + (f" (tcp {answer.tcp!r})" if answer.tcp else "")

"""The database's container: found by its labels, acted on, and seen back.

Only the container whose labels name the scene's project, the target's service and this checkout is
ever touched.
"""

import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from recovery_lab import docker
from recovery_lab.errors import HealError, InconclusiveError
from recovery_lab.faults.answers import Answer
from recovery_lab.faults.base import Before, Fault, Scene, note
from recovery_lab.record.history import to_monotonic

BACK_LIMIT_S = 60.0  # crash recovery included
_COMPOSE = "com.docker.compose"


def find(scene: Scene) -> dict[str, Any] | None:
    """Return what `docker inspect` says of the database's container; None where there is none.

    Raises InconclusiveError when a stack of another folder has the same project's name.
    """
    labels = {"project": scene.project, "service": scene.target.database.service}
    words = [f"label={_COMPOSE}.{name}={value}" for name, value in labels.items()]
    filters = [word for label in words for word in ("--filter", label)]
    ids = docker.run("ps", "--all", "--quiet", "--no-trunc", *filters).split()
    if not ids:
        return None
    found: dict[str, Any] = json.loads(docker.run("inspect", ids[0]))[0]
    folder = Path(found["Config"]["Labels"].get(f"{_COMPOSE}.project.working_dir", ""))
    if folder.resolve() != scene.target.root.resolve():
        raise InconclusiveError(f"project {scene.project!r} belongs to {folder}: not touched")
    return found


def present(scene: Scene) -> dict[str, Any]:
    """Return the database's container; raises InconclusiveError when there is none."""
    found = find(scene)
    if found is None:
        service = scene.target.database.service
        raise InconclusiveError(f"{scene.project}: service {service!r} has no container")
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

    Without a witness nothing is noted: healing must not depend on one.
    """
    if scene.witness is None:
        docker.run(*words, present(scene)["Id"])
        return
    clock = scene.witness.clock()
    docker.run(*words, present(scene)["Id"])
    until, service = scene.witness.clock().wall, scene.target.database.service
    walls = {word: at for at, word in docker.events(service, scene.project, clock.wall, until)}
    for step, action in steps.items():
        if action in walls:
            at, evidence = to_monotonic(walls[action], [clock]), f"the daemon's event {action!r}"
            note(scene, fault, step, at=at, evidence=evidence)


def bring_back(scene: Scene, fault: str) -> None:
    """Thaw or start the container, whichever it needs; idempotent."""
    found = find(scene)
    if found is None or (found["State"]["Running"] and not found["State"]["Paused"]):
        return
    if found["State"]["Paused"]:
        act(scene, fault, {"healed": "unpause"}, "unpause")
    else:
        act(scene, fault, {"healed": "start"}, "start")


def wait_until(holds: Callable[[], bool], limit_s: float) -> bool:
    """Poll until something holds; tell whether it did in time."""
    deadline = time.monotonic() + limit_s
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)  # polled: the daemon announces nothing that can be waited for
    return True


def verify_back(scene: Scene) -> str:
    """Wait for a fresh session; raises HealError when there is none in time."""
    answers: list[Answer] = []

    def answers_again() -> bool:
        answers.append(scene.seen.probe())
        return answers[-1].session == "ok"

    if not wait_until(answers_again, BACK_LIMIT_S):
        raise HealError(
            f"{scene.project}: not back after {BACK_LIMIT_S:.0f} s: "
            f"a fresh session: {_how(answers[-1])}"
        )
    before, after = scene.before.server_started, answers[-1].server_started
    moved = "as before" if after == before else f"not {before} as before"
    return f"a fresh session reads; server start {after}, {moved}"


def verify_start(scene: Scene, fault: Fault) -> None:
    """Verify that the server's start moved, or did not, as the fault has it.

    Raises InconclusiveError.
    """
    after = scene.seen.probe().server_started
    if (after != scene.before.server_started) != fault.restarts:
        expected = "a start of the server" if fault.restarts else "the same server"
        raise InconclusiveError(
            f"{fault.name}: expected {expected}; before {scene.before.server_started}, now {after}"
        )


def _how(answer: Answer) -> str:
    return f"{answer.session!r}" + (f" (tcp {answer.tcp!r})" if answer.tcp else "")

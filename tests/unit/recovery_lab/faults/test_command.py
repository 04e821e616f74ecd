"""A user's own command: run to its end or ended, and the service brought back whatever it left."""

import sys
from dataclasses import replace

import pytest

from recovery_lab.errors import BadInputError, InconclusiveError
from recovery_lab.faults import FAULTS, Scene, command, run_fault
from recovery_lab.faults import scene as scenes
from tests.unit.recovery_lab.faults.conftest import World

COMMAND = FAULTS["command"]


def _scene(world: World, *words: str) -> Scene:
    return replace(world.seen_scene(0.0), command=words)


def test_command_is_observed() -> None:
    """Nobody knows beforehand what it interrupts, nor whether the server starts anew."""
    assert (True, None) == (COMMAND.effects.observed, COMMAND.effects.restarts)


def test_command_means_the_scenes_own_stack(world: World, tmp_path) -> None:
    """It gets the stack's environment, nothing on its input, and a session of its own."""
    said = tmp_path / "said"
    program = (
        "import os, sys; open(sys.argv[1], 'w').write("
        "f\"{os.environ['COMPOSE_PROJECT_NAME']} {os.environ['POLICY']} "
        '{sys.stdin.read()!r} {os.getsid(0) == os.getpid()}")'
    )
    scene = _scene(world, sys.executable, "-c", program, str(said))
    scene = replace(scene, stack=replace(world.stack, environment={"POLICY": "naive"}))
    COMMAND.inject(scene)
    assert f"{world.stack.project} naive '' True" == said.read_text()


def test_command_that_fails_proves_nothing(world: World) -> None:
    """Its status is named; the database is brought back by the run."""
    scene = replace(world.scene, hold_s=0.0, command=("sh", "-c", "exit 3"))
    with pytest.raises(InconclusiveError, match="sh -c exit 3: exit status 3"):
        run_fault(COMMAND, scene)


@pytest.mark.parametrize("words", [(), ("/no/such/program",)])
def test_command_that_cannot_be_run_is_bad_input(world: World, words: tuple[str, ...]) -> None:
    """Named, with the system's own reason."""
    with pytest.raises(BadInputError, match="command" if not words else "/no/such/program"):
        COMMAND.inject(_scene(world, *words))


def test_command_that_takes_too_long_is_ended(world: World, monkeypatch) -> None:
    """Every fault is bounded."""
    monkeypatch.setattr(command, "LIMIT_S", 0.05)
    monkeypatch.setattr(scenes.time, "sleep", lambda _: None)
    with pytest.raises(InconclusiveError, match="sleep still runs after 0 s: ended"):
        COMMAND.inject(_scene(world, "sleep", "60"))


def test_command_is_ended_when_a_helper_is_dead(world: World, tmp_path) -> None:
    """Its wait is paced: a minute's command does not outlive the engine's dead observer."""
    ended = tmp_path / "ended"
    words = ("sh", "-c", f"trap 'touch {ended}; exit' TERM; sleep 60 & wait")
    world.trouble = "the observer ended: killed"
    scene = replace(world.scene, hold_s=0.0, command=words)
    with pytest.raises(InconclusiveError, match="the observer ended"):
        run_fault(COMMAND, scene)
    assert "back" == world.events[-1].name


def test_command_that_left_no_container_is_healed_by_a_new_one(world: World) -> None:
    """`docker compose rm` is a command too."""
    scene = _scene(world, "true")
    world.exists = world.state["Running"] = False
    assert "a fresh session reads" in (COMMAND.heal(scene) or COMMAND.verify_healed(scene))
    assert world.told("compose")[-1].endswith(f"--no-deps {world.target.database.service}")

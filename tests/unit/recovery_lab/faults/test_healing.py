"""A fresh process heals what a dead one left, and leaves the living alone."""

import json
import os
import signal

import msgspec
import pytest

from recovery_lab.errors import BadInputError, HealError
from recovery_lab.faults import FAULTS, healing, journal
from recovery_lab.faults import scene as scenes
from recovery_lab.faults.freeze import Freeze
from recovery_lab.faults.healing import heal_now, heal_open, open_faults
from recovery_lab.faults.journal import FAULT, STACK, HeldError, OpenFault, OpenStack
from recovery_lab.stack import down
from tests.unit.recovery_lab.faults.conftest import PROJECT, World
from tests.unit.recovery_lab.faults.test_journal import entry


def _leave_frozen(world: World) -> None:
    FAULTS["freeze"].inject(world.seen_scene())
    with journal.held(journal.path_of(world.stack, FAULT)):
        journal.write(journal.path_of(world.stack, FAULT), entry(world))


def _leave_stack(world: World) -> None:
    world.stacks = {PROJECT}
    with journal.named_stack(world.stack):
        pass


def _left(world: World) -> list[str]:
    return sorted(path.suffix for path in (world.target.root / journal.FOLDER).iterdir())


def test_heal_brings_back_what_is_open_and_only_once(world: World) -> None:
    """One line for the fault; the second time there is nothing to say."""
    _leave_frozen(world)
    [line] = heal_open(world.target, down)
    assert line.startswith(f"{PROJECT}: healed freeze: a fresh session reads")
    assert not world.state["Paused"]
    assert [] == list(heal_open(world.target, down))


def test_heal_where_nothing_was_ever_open(world: World) -> None:
    """A folder that does not exist is an empty one."""
    assert [] == list(heal_open(world.target, down))


def test_heal_takes_out_a_name_without_a_fault(world: World) -> None:
    """The run died before its entry was whole, so before it touched anything."""
    path = journal.path_of(world.stack, FAULT)
    path.parent.mkdir(parents=True)
    path.write_text('{"fault": "fre')
    assert [f"{PROJECT}: named, never injected"] == list(heal_open(world.target, down))
    assert [] == _left(world)


def test_heal_where_the_container_is_gone(world: World) -> None:
    """`make clean` has been quicker."""
    _leave_frozen(world)
    world.exists = False
    assert [f"{PROJECT}: healed freeze: its container is gone"] == list(
        heal_open(world.target, down)
    )


def test_heal_removes_a_dead_runs_stack_after_its_fault(world: World) -> None:
    """Healed first: Docker does not stop a frozen container. Helpers go with it."""
    _leave_frozen(world)
    _leave_stack(world)
    world.helpers["helper-1"] = []
    fault, stack = heal_open(world.target, down)
    assert "healed freeze" in fault
    assert f"{PROJECT}: removed the stack of a dead run" == stack
    assert ["rm --force helper-1"] == world.told("rm")
    compose = world.told("compose")[-1]
    assert f"--project-name {PROJECT}" in compose
    assert "down --volumes" in compose
    assert [] == _left(world)


def test_heal_keeps_a_stack_that_is_to_be_looked_at(world: World) -> None:
    """KEEP=1: it stands, and stays named for the next time."""
    _leave_stack(world)
    assert [f"{PROJECT}: kept (KEEP=1)"] == list(heal_open(world.target, None))
    assert [STACK] == _left(world)
    assert [] == world.told("compose")


def test_heal_leaves_the_living_alone(world: World) -> None:
    """A living run's fault is named as trouble; its stack is simply its own."""
    path = journal.path_of(world.stack, FAULT)
    living = journal.held(path), journal.named_stack(world.stack)
    refused = pytest.raises(BadInputError, match="held by a run that lives")
    with living[0], living[1], refused:
        list(heal_open(world.target, down))
    assert [] == world.told("compose") + world.told("unpause")


def test_heal_on_another_daemon_is_refused(world: World) -> None:
    """There the container only seems to be gone, and the name would be lost."""
    _leave_frozen(world)
    other = json.dumps([{"Name": "other", "Endpoints": {"docker": {"Host": "unix:///other"}}}])
    world._context = lambda *words: other
    with pytest.raises(BadInputError, match="opened on the daemon unix:///unit"):
        list(heal_open(world.target, down))
    assert [FAULT] == _left(world)


def test_heal_of_one_goes_on_past_the_trouble_of_another(world: World) -> None:
    """All are tried, then the first trouble is raised."""
    _leave_frozen(world)
    _leave_stack(world)
    world.folder = "/somewhere/else"
    healing = heal_open(world.target, down)
    assert f"{PROJECT}: removed the stack of a dead run" == next(healing)
    with pytest.raises(Exception, match="belongs to /somewhere/else"):
        next(healing)


def test_heal_that_does_not_bring_it_back_keeps_the_name(world: World, monkeypatch) -> None:
    """What is not seen healed is open."""
    _leave_frozen(world)
    monkeypatch.setattr(Freeze, "heal", lambda self, scene: None)
    with pytest.raises(HealError, match="not back after"):
        list(heal_open(world.target, down))
    assert [FAULT] == _left(world)


def test_heal_goes_on_until_it_is_back(world: World, monkeypatch) -> None:
    """A dead run's last command may reach the daemon after the first heal."""
    _leave_frozen(world)
    heal, calls = Freeze.heal, []

    def late(self, scene) -> None:
        calls.append(1)
        heal(self, scene)
        if len(calls) == 1:
            world.state["Paused"] = True

    monkeypatch.setattr(Freeze, "heal", late)
    monkeypatch.setattr(scenes, "AGAIN_S", 0.0)
    [line] = heal_open(world.target, down)
    assert "a fresh session reads" in line
    assert not world.state["Paused"]


def test_heal_looks_again_for_what_a_dead_run_had_sent(world: World, monkeypatch) -> None:
    """A command that was on its way arrives once all is seen healed: healed once more."""
    _leave_frozen(world)

    def arrives(seconds: float) -> None:
        world.state["Paused"] |= seconds == healing.LATE_S

    monkeypatch.setattr(healing.time, "sleep", arrives)
    [line] = heal_open(world.target, down)
    assert "a fresh session reads" in line
    assert not world.state["Paused"]


def test_heal_now_waits_for_nobody(world: World, monkeypatch) -> None:
    """The watchdog heals a stuck run's fault without a witness."""
    _leave_frozen(world)
    monkeypatch.setattr("recovery_lab.faults.healing.Witness", None)
    assert "healed freeze" == heal_now(entry(world))
    assert not world.state["Paused"]


def test_stack_of_an_unfinished_name_was_never_started(world: World) -> None:
    """The name is whole before the first container is there."""
    path = journal.path_of(world.stack, STACK)
    path.parent.mkdir(parents=True)
    path.write_text("{")
    assert [f"{PROJECT}: named, never started"] == list(heal_open(world.target, down))
    assert journal.read(path, OpenStack) is None


@pytest.mark.parametrize("healed", [True, False])
def test_heal_waits_for_a_watchdog_that_heals(healed: bool, world: World, monkeypatch) -> None:
    """Not refused while a dead run's fault is in good hands, and its stack stands meanwhile."""
    _leave_frozen(world)
    _leave_stack(world)
    path = journal.path_of(world.stack, FAULT)
    watchdog = journal.held(path)
    watchdog.__enter__()
    journal.write(path, msgspec.structs.replace(entry(world), healing=True))

    def end(seconds: float) -> None:
        assert [] == world.told("compose")
        if healed:
            path.unlink()
        watchdog.__exit__(None, None, None)
        monkeypatch.setattr(scenes.time, "sleep", world.pass_time)

    monkeypatch.setattr(scenes.time, "sleep", end)
    monkeypatch.setattr("recovery_lab.faults.healing.LIVES_S", -1.0)
    fault, stack = heal_open(world.target, down)
    assert ("healed by its watchdog" if healed else "healed freeze") in fault
    assert stack.endswith("removed the stack of a dead run")
    assert [] == _left(world)


def test_heal_that_waits_is_bounded(world: World, monkeypatch) -> None:
    """A watchdog that never ends is named, and its stack is left to it."""
    monkeypatch.setattr("recovery_lab.faults.healing.OTHER_LIMIT_S", 0.02)
    _leave_stack(world)
    with journal.held(journal.path_of(world.stack, FAULT)):
        journal.write(
            journal.path_of(world.stack, FAULT), msgspec.structs.replace(entry(world), healing=True)
        )
        with pytest.raises(HeldError, match="process 4711"):
            list(heal_open(world.target, down))
    assert [] == world.told("compose")


def test_heal_says_who_heals(world: World, monkeypatch) -> None:
    """So that another one waits for it, and no one takes it for a living run."""
    _leave_frozen(world)
    seen: list[OpenFault | None] = []
    heal, path = Freeze.heal, journal.path_of(world.stack, FAULT)

    def look(self, scene) -> None:
        seen.append(journal.read(path, OpenFault))
        heal(self, scene)

    monkeypatch.setattr(Freeze, "heal", look)
    list(heal_open(world.target, down))
    assert {(True, os.getpid())} == {(one.healing, one.pid) for one in seen if one}


def test_heal_is_not_broken_off(world: World, monkeypatch) -> None:
    """Ctrl-C on `make heal` is answered when the database is back."""
    _leave_frozen(world)
    heal = Freeze.heal
    monkeypatch.setattr(
        Freeze,
        "heal",
        lambda self, scene: signal.raise_signal(signal.SIGINT) or heal(self, scene),
    )
    with pytest.raises(KeyboardInterrupt):
        list(heal_open(world.target, down))
    assert not world.state["Paused"]
    assert [] == _left(world)


def test_open_faults_are_those_of_living_and_dead_runs(world: World) -> None:
    """Read from the files alone; a file without an entry is none."""
    assert [] == open_faults(world.target)
    with journal.held(journal.path_of(world.stack, FAULT)):
        assert [] == open_faults(world.target)
        journal.write(journal.path_of(world.stack, FAULT), entry(world))
        assert [entry(world)] == open_faults(world.target)
    [left] = open_faults(world.target)
    assert f"{PROJECT}: fault 'freeze' is open; process 4711 injected it" in str(left)
    assert [] == world.calls

"""Only the container that the journal's project and the target's service name is touched."""

import pytest

from recovery_lab.errors import HealError, InconclusiveError
from recovery_lab.faults import FAULTS
from recovery_lab.faults import scene as scenes
from tests.unit.recovery_lab.faults.conftest import DATABASE, PROJECT, World


def test_container_is_found_by_its_labels_alone(world: World) -> None:
    """Project and service, exactly; every command names the id found so."""
    scene = world.seen_scene()
    FAULTS["freeze"].inject(scene)
    ps = world.told("ps")[0]
    assert f"label=com.docker.compose.project={PROJECT}" in ps
    assert f"label=com.docker.compose.service={world.target.database.service}" in ps
    assert [f"pause {DATABASE}"] == world.told("pause")


def test_container_of_another_folder_is_not_touched(world: World) -> None:
    """Two clones may share a project's name; the other's database is not this lab's to take."""
    world.folder = "/somewhere/else"
    with pytest.raises(InconclusiveError, match="belongs to /somewhere/else: not touched"):
        FAULTS["freeze"].heal(world.scene)


def test_fault_without_a_container_is_inconclusive(world: World) -> None:
    """There is no service to interrupt."""
    scene = world.seen_scene()
    world.exists = False
    with pytest.raises(InconclusiveError, match="has no container"):
        FAULTS["kill"].inject(scene)


def test_no_steady_state_before_is_inconclusive(world: World) -> None:
    """A fault on a database that is down already proves nothing."""
    world.state["Paused"] = True
    with pytest.raises(InconclusiveError, match="no steady state before the fault"):
        world.seen_scene()


def test_steady_state_is_waited_for(world: World, monkeypatch) -> None:
    """A machine on which contenders start is slow to answer."""
    world.state["Paused"] = True
    monkeypatch.setattr(World, "pace", lambda self: self.state.update(Paused=False))
    assert world.seen_scene().server_started


@pytest.mark.parametrize(("name", "restarted"), [("freeze", True), ("restart", False)])
def test_start_that_does_not_fit_the_fault_is_inconclusive(
    name: str, restarted: bool, world: World
) -> None:
    """A freeze that restarts the server was no freeze; a restart that does not, no restart."""
    scene = world.seen_scene()
    if restarted:
        world.run("restart", "db")
    with pytest.raises(InconclusiveError, match=f"{name}: expected "):
        FAULTS[name].verify_start(scene)


def test_half_shut_server_is_named_and_started(world: World, monkeypatch) -> None:
    """It runs, keeps its old sessions and takes no new ones: ended fast, and started."""
    monkeypatch.setattr(scenes, "HALF_SHUT_S", 0.0)
    scene = world.seen_scene()
    world.half_shut = True
    said = FAULTS["restart"].verify_healed(scene)
    assert said.startswith("half-shut for 0 s, so stopped fast and started; a fresh session reads")
    assert (1, 1) == (len(world.told("stop")), len(world.told("start")))


def test_server_that_shuts_down_is_left_some_seconds(world: World, monkeypatch) -> None:
    """A fast shutdown says the same for a moment."""
    scene = world.seen_scene()
    world.half_shut = True
    with pytest.raises(HealError, match="the database system is shutting down"):
        FAULTS["restart"].verify_healed(scene)
    assert [] == world.told("stop")


def test_heal_does_not_depend_on_a_witness(world: World) -> None:
    """One that is gone notes nothing; the database is thawed all the same."""
    scene = world.seen_scene()
    FAULTS["freeze"].inject(scene)
    scene.seen.lost = True
    FAULTS["freeze"].heal(scene)
    assert not world.state["Paused"]

"""Name and name-hangs: a helper in each client's network namespace, and no other change."""

import json
import re

import pytest

from recovery_lab.errors import DockerError, HealError, InconclusiveError
from recovery_lab.faults import FAULTS
from tests.unit.recovery_lab.faults.conftest import DATABASE, World

BOTH = ["name", "name-hangs"]
both = pytest.mark.parametrize("name", BOTH)
# The stand-in has one container of Compose's: it stands for the application's, too.
CLIENT = DATABASE


@both
def test_helpers_begin_at_once(name: str, world: World) -> None:
    """Each in a client's namespace, where alone it may set rules: the observer's, a contender's."""
    world.helpers["contender"] = []
    FAULTS[name].inject(world.seen_scene())
    calls = world.told("run")
    spaces = [re.search(r"--network container:(\S+)", call)[1] for call in calls]
    assert ["contender", CLIENT, "contender"] == spaces  # as observer and as contender
    assert all("--cap-drop ALL" in call and "--cap-add NET_ADMIN" in call for call in calls)
    told = {"fault": name, "host": "postgres", "port": 5432, "limit_s": 122.0}
    assert told == json.loads(calls[0].split()[-1])
    assert ["kill --signal USR1 helper-2 helper-3 helper-4"] == world.told("kill")


@both
def test_helper_that_cannot_enter_says_whose_namespace_and_why(name: str, world: World) -> None:
    """The outage is inconclusive for that reason."""
    world.helper_works = False
    with pytest.raises(InconclusiveError, match=f"{name}: .* namespace of d{{12}}: iptables-res"):
        FAULTS[name].inject(world.seen_scene())


@pytest.mark.parametrize(
    ("name", "said"), [("name", "hangs"), ("name-hangs", "Temporary failure in name resolution")]
)
def test_one_variant_is_not_the_other(name: str, said: str, world: World) -> None:
    """What clients meet differs: told at once, or after a long wait."""
    scene = world.seen_scene()
    FAULTS[name].inject(scene)
    world.helpers["helper-1"][-1]["said"] = said
    with pytest.raises(InconclusiveError, match=f"{name} did not land: look-ups in 1 .*: {said};"):
        FAULTS[name].verify_landed(scene)


@both
def test_server_that_is_gone_as_well_is_another_fault(name: str, world: World) -> None:
    """Only the name is taken away."""
    scene = world.seen_scene()
    FAULTS[name].inject(scene)
    world.kept = "server closed the connection"
    with pytest.raises(InconclusiveError, match="one from before 'server closed the connection'"):
        FAULTS[name].verify_landed(scene)


@both
def test_nobody_who_looks_up_has_met_nothing(name: str, world: World, monkeypatch) -> None:
    """A target without an application, and no contender yet."""
    monkeypatch.setattr("recovery_lab.faults.names.looking_up", lambda _: [])
    scene = world.seen_scene()
    FAULTS[name].inject(scene)
    with pytest.raises(InconclusiveError, match=f"{name} did not land: look-ups in 0 namespaces"):
        FAULTS[name].verify_landed(scene)


@both
def test_rules_of_a_killed_helper_are_cleared_by_another(name: str, world: World) -> None:
    """They outlive it in its client's namespace; once cleared there is nothing left to do."""
    scene = world.seen_scene()
    FAULTS[name].inject(scene)
    world.helpers.clear()
    FAULTS[name].heal(scene)
    FAULTS[name].heal(scene)
    _, clear = world.told("run")
    assert f"--network container:{CLIENT}" in clear
    assert 0.0 == json.loads(clear.split()[-1])["limit_s"]
    assert "ok" == world.look_up


@both
def test_client_that_ends_while_it_is_cleared_takes_the_rule_along(
    name: str, world: World, monkeypatch
) -> None:
    """A contender ends with its run, and the watchdog heals at that instant."""
    scene = world.seen_scene()
    FAULTS[name].inject(scene)
    world.helpers.clear()

    def ends(*words: str) -> str:
        world.ended = {CLIENT}
        raise DockerError(["docker", *words], 1, "No such container")

    monkeypatch.setattr(world, "_run", ends)
    FAULTS[name].heal(scene)
    monkeypatch.setattr(world, "_run", refuse)
    world.ended = set()
    with pytest.raises(DockerError):
        FAULTS[name].heal(scene)


def refuse(*words: str) -> str:
    """Start nothing, though whom it is for is there."""
    raise DockerError(["docker", *words], 125, "no such image")


@both
def test_name_that_stays_away_is_not_healed(name: str, world: World) -> None:
    """The witness is no client: its fresh session proves nothing here."""
    scene = world.seen_scene()
    FAULTS[name].inject(scene)
    world.said_after = "Temporary failure in name resolution"
    FAULTS[name].heal(scene)
    with pytest.raises(HealError, match="look-up of postgres: Temporary failure in name"):
        FAULTS[name].verify_healed(scene)


@both
def test_client_that_has_ended_is_not_waited_for(name: str, world: World) -> None:
    """A contender ends with its run; its namespace resolves nothing any more."""
    scene = world.seen_scene()
    FAULTS[name].inject(scene)
    world.said_after = "Temporary failure in name resolution"
    FAULTS[name].heal(scene)
    world.ended = {CLIENT}
    assert "resolves for its clients" in FAULTS[name].verify_healed(scene)

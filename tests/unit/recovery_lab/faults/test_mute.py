"""Mute: the old address is taken by a helper, and the database gets another one."""

import json

import pytest

from recovery_lab.errors import InconclusiveError
from recovery_lab.faults import FAULTS, mute
from tests.unit.recovery_lab.faults.conftest import DATABASE, NAMES, NETWORK, World, way

MUTE = FAULTS["mute"]
ALIASES = "--alias postgres --alias unit-postgres-1"


def _networks(world: World) -> list[str]:
    return [call.removeprefix("network ") for call in world.told("network")]


def test_helper_takes_the_old_address_and_all_names(world: World) -> None:
    """It stands above it first, so that of the free addresses the old one is the lowest."""
    MUTE.inject(world.seen_scene())
    last = f"helper-{len(world.helpers)}"
    assert [f"192.0.2.{number}" for number in (2, 3, 4, 5, 6, 7, 8, 9)] == [
        one["IPAddress"] for one in world.ways.values()
    ]
    assert f"disconnect {NETWORK} {DATABASE}" == _networks(world)[0]
    assert f"disconnect {NETWORK} {last}" == _networks(world)[1]
    assert f"connect {ALIASES} {NETWORK} {last}" == _networks(world)[2]
    assert "192.0.2.9" == world.named["IPAddress"]


def test_helper_is_a_host_of_its_own_that_may_set_rules(world: World) -> None:
    """On the clients' network, with the names in its label: whoever heals finds them there."""
    MUTE.inject(world.seen_scene())
    call = world.told("run")[0]
    assert f"--network {NETWORK}" in call
    assert "--cap-drop ALL" in call
    assert "--user 0:0 --cap-add NET_ADMIN --tmpfs /run" in call
    assert "--label recovery-lab.names=postgres,unit-postgres-1" in call
    told = {"address": "192.0.2.9", "port": 5432, "limit_s": 122.0}
    assert told == json.loads(call.split()[-1])


def test_database_is_connected_before_the_helper_goes(world: World) -> None:
    """Else it would be given the old address again; from a fresh process too, by the label."""
    MUTE.inject(world.seen_scene())
    begun = len(_networks(world))
    MUTE.heal(world.scene)
    first, *others = _networks(world)[begun:]
    assert f"connect {ALIASES} {NETWORK} {DATABASE}" == first
    assert {f"disconnect {NETWORK} {one}" for one in world.helpers} == set(others)
    assert "192.0.2.10" == world.named["IPAddress"]


@pytest.mark.parametrize(
    ("aliases", "kept"),
    [
        (["ddd", "postgres", DATABASE[:12]], "ddd,postgres"),
        ([DATABASE[:12]], "postgres"),
        (None, "postgres"),
    ],
)
def test_each_name_but_the_one_that_docker_adds_is_kept(aliases, kept: str, world: World) -> None:
    """A name may begin as the container's id does; one that has none is called by its service."""
    world.ways[DATABASE]["Aliases"] = aliases
    MUTE.inject(world.seen_scene())
    assert f"--label recovery-lab.names={kept} " in world.told("run")[0]


def test_helper_at_another_address_is_told(world: World, monkeypatch) -> None:
    """Docker may hand out addresses in another order; the database is connected again."""
    monkeypatch.setattr(world, "_connect", lambda name, *names: world.ways.update({name: way(20)}))
    with pytest.raises(
        InconclusiveError, match=r"is at 192\.0\.2\.20, the database was at 192\.0\.2\.9"
    ):
        MUTE.inject(world.seen_scene())


def test_database_whose_helpers_are_gone_is_connected_under_its_service(world: World) -> None:
    """Somebody has removed them, and nobody knows its other names."""
    MUTE.inject(world.seen_scene())
    for helper in list(world.helpers):
        world.run("rm", "--force", helper)
        world.ways.pop(helper)
    MUTE.heal(world.scene)
    assert f"connect --alias postgres {NETWORK} {DATABASE}" == _networks(world)[-1]


def test_database_at_its_old_address_proves_nothing(world: World) -> None:
    """The helper was killed, so the address was free."""
    scene = world.seen_scene()
    MUTE.inject(scene)
    MUTE.heal(scene)
    MUTE.verify_start(scene)
    world.ways[DATABASE] = way(9, *NAMES)
    with pytest.raises(InconclusiveError, match=r"mute: the database is at 192\.0\.2\.9, as befor"):
        MUTE.verify_start(scene)
    world.ways[DATABASE]["IPAddress"] = ""
    with pytest.raises(InconclusiveError, match="mute: the database is not seen at any address"):
        MUTE.verify_start(scene)


def test_fixed_address_is_told_before_anything_is_done(world: World) -> None:
    """It would have to be the same again."""
    world.ways[DATABASE]["IPAMConfig"] = {"IPv4Address": "192.0.2.9"}
    with pytest.raises(InconclusiveError, match=r"the Compose file fixes the address 192\.0\.2\.9"):
        MUTE.inject(world.seen_scene())
    assert ([], []) == (_networks(world), world.told("run"))


def test_database_on_no_network_of_the_clients_is_told(world: World) -> None:
    """Nobody can be cut off from it there."""
    scene = world.seen_scene()
    world.ways.clear()
    with pytest.raises(InconclusiveError, match=f"container is not on the network {NETWORK}"):
        MUTE.inject(scene)


def test_helper_that_cannot_stand_says_why(world: World) -> None:
    """For instance on a kernel without the tables; the database is left where it is."""
    world.helper_works = False
    with pytest.raises(InconclusiveError, match="its helper does not stand: iptables-restore"):
        MUTE.inject(world.seen_scene())
    assert [] == _networks(world)


def test_too_many_free_addresses_are_told(world: World, monkeypatch) -> None:
    """Each takes a helper."""
    monkeypatch.setattr(mute, "MOST", 3)
    with pytest.raises(InconclusiveError, match=r"mute: 3 helpers stand below 192\.0\.2\.9"):
        MUTE.inject(world.seen_scene())


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"kept": "server closed the connection"}, "one from before 'server closed the conn"),
        ({"state": {"Paused": True}}, "the server's container does not run"),
        ({"state": {"StartedAt": "later"}}, "the server's container does not run"),
    ],
)
def test_what_is_no_failover_has_not_landed(change: dict, said: str, world: World) -> None:
    """Who is told, was not left in silence; a frozen server, or another, is another fault."""
    scene = world.seen_scene()
    MUTE.inject(scene)
    world.kept = change.get("kept", "")
    world.state.update(change.get("state", {}))
    with pytest.raises(InconclusiveError, match=f"mute did not land: .*{said}"):
        MUTE.verify_landed(scene)

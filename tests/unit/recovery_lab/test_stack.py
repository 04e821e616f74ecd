"""A stack as a value: when it is settled, what a policy changes, and that a private one goes."""

import json
import os
import signal
from dataclasses import dataclass, field, replace
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import msgspec
import pytest

from recovery_lab import docker, stack
from recovery_lab.docker import Stack
from recovery_lab.errors import BadInputError, DockerError, HealError, InconclusiveError
from recovery_lab.faults import journal
from recovery_lab.target import Target, load_target
from tests import running
from tests.running import Running

ROOT = Path(__file__).parents[3]
READ = {"rows": [], "as_of": "now", "backend_pid": 1}


@dataclass
class World:
    """What Docker and the application answer, and what they were told."""

    status: str = "up"
    policy: str = "adopted"
    read_status: int = 200
    read: dict[str, Any] = field(default_factory=READ.copy)
    session: str = "ok"
    running: bool = True
    composed: list[str] = field(default_factory=list)
    mended_by: str = ""

    def compose(self, given: Stack, *words: str, limit_s: float = 0.0) -> str:
        """Stand in for `docker.compose`."""
        self.composed.append(" ".join(words))
        if words[0] == "up":
            self.policy = given.environment.get("DB_POOL_POLICY", self.policy)
        if self.mended_by and self.mended_by in words:
            self.read_status, self.session = 200, "ok"
        return "127.0.0.1:8765\n" if words[0] == "port" else ""

    def run(self, *words: str, **options: object) -> str:
        """Stand in for `docker.run`."""
        if words[0] == "ps":
            return "one\n" * ("com.docker.compose.service" in " ".join(words))
        if words[0] == "inspect":
            return json.dumps([{"State": {"Paused": False, "Running": self.running}}])
        return '[{"Name": "unit", "Endpoints": {"docker": {"Host": "unix:///unit"}}}]' * (
            words[0] == "context"
        )

    def get(self, url: str, **options: object) -> httpx.Response:
        """Stand in for the application."""
        if url.endswith("/api/system-health"):
            body = {"status": self.status, "pool": {"policy": self.policy}}
            return httpx.Response(200, json=body)
        return httpx.Response(self.read_status, json=self.read)


class Witness:
    """Tries a fresh session."""

    def __init__(self, world: World) -> None:
        self._world = world

    def probe(self) -> SimpleNamespace:
        return SimpleNamespace(session=self._world.session)

    def close(self) -> None:
        pass


@pytest.fixture
def target(tmp_path: Path) -> Target:
    """This repository's target, in a folder of its own."""
    return msgspec.structs.replace(load_target(ROOT / "target.toml"), root=tmp_path)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    """A steady stack."""
    made = World()
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    monkeypatch.setattr(docker, "compose", made.compose)
    monkeypatch.setattr(docker, "run", made.run)
    monkeypatch.setattr(httpx, "get", made.get)
    monkeypatch.setattr(stack, "Witness", lambda given: Witness(made))
    monkeypatch.setattr(stack.time, "sleep", lambda _: None)
    monkeypatch.setattr(running, "HEAL_LIMIT_S", 0.02)
    return made


@pytest.fixture
def own(target: Target) -> Stack:
    """The folder's own stack."""
    return Stack(target=target, project="mine")


def test_settled_is_up_and_a_good_live_read(world: World, own: Stack) -> None:
    """Both, with all that a good read must have."""
    stack.settle(own, 0.5)


@pytest.mark.parametrize(
    ("trouble", "said"),
    [
        ({"session": "the database system is shutting down"}, "a fresh session: the database sys"),
        ({"status": "down"}, "health says down"),
        ({"read_status": 503}, "NotLiveError: status 503"),
        ({"read": {"rows": []}}, "NotLiveError: no as_of, backend_pid"),
    ],
)
def test_trouble_is_not_settled(world: World, own: Stack, trouble: dict, said: str) -> None:
    """And is named."""
    vars(world).update(trouble)
    with pytest.raises(InconclusiveError, match=said):
        stack.settle(own, 0.02)


@pytest.mark.parametrize(
    ("at", "others", "fixed", "moved"),
    [
        (2, {"application": 3}, "", False),
        (3, {"application": 2}, "", False),
        (12, {"application": 2}, "", True),  # it would come back at .3
        (3, {"application": 4}, "", True),  # .2 is free
        (3, {"application": 4}, "172.20.0.3", False),  # it is always there
        (4, {"application": 2, "another": 3, "above": 5}, "", False),
    ],
)
def test_database_has_the_lowest_free_address(
    world: World, own: Stack, monkeypatch, at: int, others: dict[str, int], fixed: str, moved: bool
) -> None:
    """Then a restart brings it back where it was; it is moved where it would not."""
    told: list[str] = []
    held = {"gateway": 1, "db": at, **others}
    where = {name: IPv4Address(f"172.20.0.{last}") for name, last in held.items()}
    way = {"IPAMConfig": {"IPv4Address": fixed} if fixed else None}
    one = {"Id": "db", "NetworkSettings": {"Networks": {"mine_default": way}}}
    monkeypatch.setattr(docker, "container", lambda *_: one)
    monkeypatch.setattr(docker, "addresses", lambda _: (IPv4Network("172.20.0.0/16"), where))
    monkeypatch.setattr(docker, "run", lambda *words: told.append(" ".join(words)))
    stack.settle_address(own)
    assert ["restart db"] * moved == told


def test_settled_has_the_policy_asked_for(world: World, own: Stack) -> None:
    """A container that is just being replaced still answers with the old one."""
    with pytest.raises(InconclusiveError, match="health says up adopted"):
        stack.settle(replace(own, environment={"DB_POOL_POLICY": "naive"}), 0.02)


def test_settled_without_a_health_probe_takes_a_fresh_session(world: World, own: Stack) -> None:
    """A container that Docker calls healthy is not enough, nor is a read through an old session."""
    bare = replace(own, target=msgspec.structs.replace(own.target, health=None, pool=None))
    stack.settle(bare, 0.5)
    world.session = "the database system is shutting down"
    with pytest.raises(InconclusiveError, match="a fresh session: the database system is shut"):
        stack.settle(bare, 0.02)
    alone = replace(own, target=msgspec.structs.replace(bare.target, application=None))
    world.session, world.read_status = "ok", 503
    stack.settle(alone, 0.5)


def test_policy_is_a_new_value_and_recreates_the_application_alone(
    world: World, own: Stack
) -> None:
    """The stack that was given means what it meant; this process' environment too."""
    before = dict(os.environ)
    other = stack.use_policy(own, "naive")
    assert ({}, {"DB_POOL_POLICY": "naive"}) == (own.environment, other.environment)
    assert ["up --detach --no-build --no-deps --force-recreate dashboard"] == [
        words for words in world.composed if words.startswith("up")
    ]
    assert before == dict(os.environ)


def test_policy_needs_a_variable(own: Stack) -> None:
    """A target need not have policies."""
    private = msgspec.structs.replace(own.target.private, policy_variable="")
    bare = replace(own, target=msgspec.structs.replace(own.target, private=private))
    with pytest.raises(BadInputError, match="names no policy_variable"):
        stack.use_policy(bare, "naive")


def test_heal_starts_what_is_stopped(world: World, own: Stack) -> None:
    """Both services, and no more is done to them."""
    world.running = False
    Running(own).heal()
    assert ["start postgres", "start dashboard"] == [
        words for words in world.composed if words.startswith("start")
    ]


def test_heal_restarts_a_half_shut_server(world: World, own: Stack) -> None:
    """Old sessions live on and health may say `up`: only a restart ends it."""
    world.session, world.mended_by = "the database system is shutting down", "restart"
    Running(own).heal()
    assert "restart postgres" in world.composed


def test_heal_recreates_an_application_that_stays_unsteady(world: World, own: Stack) -> None:
    """A connection that is gone for good comes back with a new process alone."""
    world.read_status, world.mended_by = 503, "--force-recreate"
    Running(own).heal()
    assert 200 == world.read_status


def test_url_is_the_private_port_or_the_published_one(world: World, own: Stack) -> None:
    """Compose is asked only where the stack does not know it."""
    assert "http://127.0.0.1:8765" == stack.url(own)
    assert "http://127.0.0.1:9" == stack.url(replace(own, environment={"DASHBOARD_PORT": "9"}))


def test_private_stack_meets_no_other_and_goes(world: World, target: Target) -> None:
    """A project and a port of its own; named in the journal while it may stand."""
    before = dict(os.environ)
    with stack.private_stack(target, "unit", {"DB_POOL_POLICY": "naive"}) as made:
        assert f"recovery-lab-unit-{os.getpid()}" == made.project
        assert "naive" == made.environment["DB_POOL_POLICY"]
        assert "1.0" == made.environment["HEALTH_INTERVAL_S"]
        assert int(made.environment["DASHBOARD_PORT"]) > 1024
        assert journal.path_of(made, journal.STACK).exists()
    assert "down --volumes --remove-orphans --timeout 2" == world.composed[-1]
    assert not journal.path_of(made, journal.STACK).exists()
    assert before == dict(os.environ)


def test_private_stack_is_prepared_as_its_target_says(world: World, target: Target) -> None:
    """Once, before its first start: just as `make up` gives a new volume to the server."""
    with stack.private_stack(target, "unit"):
        first = world.composed[0]
    assert first.startswith("run --rm ")
    assert 1 == world.composed.count(first)
    scripts = (ROOT / "scripts/lib_postgres.sh").read_text()
    assert first in " ".join(scripts.replace("\\\n", " ").split())


def test_private_stack_of_a_target_without_such_words_is_just_started(
    world: World, target: Target
) -> None:
    """They are a capability as any."""
    private = msgspec.structs.replace(target.private, before_up=[])
    with stack.private_stack(msgspec.structs.replace(target, private=private), "unit"):
        assert world.composed[0].startswith("up ")


def test_private_stack_that_does_not_start_goes_too(
    world: World, target: Target, monkeypatch
) -> None:
    """Whatever broke its start off."""
    refused = DockerError(["docker"], 1, "no space left on device")

    def broken(given: Stack, *words: str) -> str:
        world.composed.append(" ".join(words))
        if words[0] == "up":
            raise refused
        return ""

    monkeypatch.setattr(docker, "compose", broken)
    with pytest.raises(DockerError, match="no space left"), stack.private_stack(target, "unit"):
        pytest.fail("started")
    assert world.composed[-1].startswith("down --volumes")


def test_private_stack_is_kept_for_who_wants_to_look(world: World, target: Target) -> None:
    """KEEP=1, passed in by who read it."""
    with stack.private_stack(target, "unit", keep=lambda: True):
        pass
    assert not any(words.startswith("down") for words in world.composed)


@pytest.mark.parametrize("kept", [True, False])
def test_fault_goes_with_its_stack(world: World, target: Target, kept: bool) -> None:
    """A database that is not back leaves its fault named: in a stack that stands, and no other."""

    def not_back(made: Stack) -> None:
        path = journal.path_of(made, journal.FAULT)
        path.write_text("{}\n")
        raise HealError("not back after 60 s")

    with pytest.raises(HealError), stack.private_stack(target, "unit", keep=lambda: kept) as made:
        not_back(made)
    assert kept is journal.path_of(made, journal.FAULT).exists()


def test_removal_is_not_broken_off(world: World, target: Target, monkeypatch) -> None:
    """A second Ctrl-C waits for the end of what the first began."""
    down, removed = stack.down, []

    def impatient(given: Stack) -> None:
        signal.raise_signal(signal.SIGINT)
        down(given)
        removed.append(given.project)

    monkeypatch.setattr(stack, "down", impatient)
    with pytest.raises(KeyboardInterrupt), stack.private_stack(target, "unit", started=False):
        pass
    assert removed


def test_second_stack_needs_to_be_declared(target: Target) -> None:
    """The port's variable is not guessed."""
    bare = msgspec.structs.replace(target, private=None)
    refused = pytest.raises(BadInputError, match=r"declares no \[private\]")
    with refused, stack.private_stack(bare, "unit"):
        pytest.fail("made")

"""The fleet: what it starts, keeps and ends from one outage to the next."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from recovery_lab import programs
from recovery_lab.contenders.fleet import Fleet, jobs_of, way_of
from recovery_lab.contenders.registry import Entry, entries
from recovery_lab.docker import Stack
from recovery_lab.errors import InconclusiveError
from recovery_lab.record.history import AnyRecord, Trouble
from recovery_lab.target import Traits, load_target

ROOT = Path(__file__).parents[4]
TARGET = load_target(ROOT / "target.toml")
STACK = Stack(target=TARGET, project="lab-test")
# It says which contender heard what, and ends with its input, or with a last word when told to.
ECHO = """
import json, sys
for line in sys.stdin:
    if line == "die\\n":
        sys.exit("it was asked to")
    said = f"{json.loads(sys.argv[1])['contender']} {line.strip()}"
    print(json.dumps({"record": "trouble", "at": 1.0, "message": said}), flush=True)
"""


class World:
    """A fleet whose programs are plain processes; what was started, and what was said."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.started: list[dict[str, Any]] = []
        self.said: list[AnyRecord] = []
        found = entries(TARGET)
        found["twin"] = replace(found["adopted"], name="twin", plays="adopted")
        self.fleet = Fleet(STACK, self.said.append, found)
        monkeypatch.setattr(programs, "start_program", self.start)

    def start(self, stack: Stack, image: str, module: str, part: str) -> programs.Helper:
        assert "recovery_lab.contenders.program" == module
        self.started.append({**json.loads(part), "image": image})
        pipe = subprocess.PIPE
        process = subprocess.Popen(
            [sys.executable, "-S", "-c", ECHO, part], stdin=pipe, stdout=pipe, stderr=pipe
        )
        return programs.helper_of(process)

    def names(self) -> list[str]:
        """Return what was started since the last call."""
        names = [part["contender"] for part in self.started]
        self.started.clear()
        return names

    def heard(self, order: str, count: int) -> set[str]:
        """Give an order; return who said so."""
        self.said.clear()
        self.fleet.order(order)
        deadline = time.monotonic() + 10.0
        while len(self.said) < count and time.monotonic() < deadline:
            time.sleep(0.01)
        return {one.message for one in self.said if isinstance(one, Trouble)}


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A fleet; whatever it has started is ended."""
    world = World(monkeypatch)
    yield world
    world.fleet.close()


def ensure(world: World, names: Sequence[str], jobs: Sequence[str] = ("steady",)) -> list[str]:
    """Want some contenders; return which were started."""
    world.fleet.ensure(names, jobs, 5.0)
    return world.names()


def test_fleet_keeps_what_is_wanted_again(world: World) -> None:
    """What reconnects is kept; canary and quitter, whose one session met the outage, are not."""
    assert ["adopted", "canary", "quitter"] == ensure(world, ["adopted", "canary", "quitter"])
    assert ["canary", "quitter"] == ensure(world, ["adopted", "canary", "quitter"])
    assert ["naive"] == ensure(world, ["adopted", "naive"])
    assert {"adopted warm", "naive warm"} == world.heard("warm", 2)


def test_fleet_starts_anew_what_changes_its_part(world: World) -> None:
    """Another job or rate is another program."""
    ensure(world, ["adopted"])
    assert ["adopted"] == ensure(world, ["adopted"], ["steady", "idle"])
    world.fleet.ensure(["adopted"], ["steady", "idle"], 20.0)
    assert ["adopted"] == world.names()


def test_fleet_tells_each_program_its_part(world: World) -> None:
    """Which jobs in which image, through which factory, how fast."""
    world.fleet.ensure(["adopted", "dashboard"], ["steady", "idle"], 5.0)
    adopted, dashboard = world.started
    assert (["steady", "idle"], "recovery-lab/dashboard:local", "dashboard.contenders:make") == (
        adopted["jobs"],
        adopted["image"],
        adopted["factory"],
    )
    assert (4, 5.0) == (adopted["workers"], adopted["reads_per_s"])
    assert ["steady"] == dashboard["jobs"]


def test_twin_is_made_as_the_one_that_it_doubles(world: World) -> None:
    """Only its name is another, also in its records."""
    ensure(world, ["adopted"])
    world.fleet.ensure(["twin"], ["steady"], 5.0)
    assert [("twin", "adopted")] == [(one["contender"], one["plays"]) for one in world.started]


def test_fleet_emits_to_whoever_listens_by_now(world: World) -> None:
    """From one outage to the next the history changes, and the contenders are kept."""
    ensure(world, ["adopted"])
    world.heard("warm", 1)
    later: list[AnyRecord] = []
    world.fleet.emit = later.append
    world.said.clear()
    world.fleet.order("steady")
    deadline = time.monotonic() + 10.0
    while not later and time.monotonic() < deadline:
        time.sleep(0.01)
    assert (1, 0) == (len(later), len(world.said))


def test_dead_contender_is_named_with_its_last_words_and_replaced(world: World) -> None:
    """The outage is in doubt; the next one has it again."""
    ensure(world, ["adopted"])
    world.fleet.verify_alive()
    world.fleet.order("die")
    world.fleet._running["adopted"].helper.process.wait(10.0)
    with pytest.raises(InconclusiveError, match="adopted ended: it was asked to"):
        world.fleet.verify_alive()
    assert ["adopted"] == ensure(world, ["adopted"])
    world.fleet.verify_alive()


@pytest.mark.parametrize(
    ("asked", "pools", "can", "played"),
    [
        (["steady", "idle"], True, ("steady", "idle"), ["steady", "idle"]),
        (["idle"], True, ("steady", "idle"), ["idle"]),
        (["steady", "idle"], False, ("steady", "idle"), ["steady"]),
        (["idle"], False, ("steady", "idle"), ["idle"]),
        (["idle"], False, ("steady",), ["steady"]),
    ],
)
def test_contender_plays_the_jobs_that_it_can(
    asked: list[str], pools: bool, can: tuple[str, ...], played: list[str]
) -> None:
    """The canary reads steadily beside an idle pool; one pool for two jobs would never idle."""
    entry = Entry(name="x", traits=Traits(pools=pools), image="", factory="", jobs=can)
    assert played == jobs_of(entry, asked)


def test_way_tells_the_login_and_how_the_application_is_read() -> None:
    """A path for the password; where no application is declared, no reading."""
    way = way_of(STACK)
    assert "/run/secrets/database_password" == way["login"]["password_file"]
    assert ("/api/system-health", "dashboard-pool", 5.0) == (
        way["reading"]["health_path"],
        way["reading"]["pool_application"],
        way["reading"]["deadline_s"],
    )
    bare = msgspec.structs.replace(TARGET, application=None, health=None, pool=None)
    assert way_of(Stack(target=bare, project="x"))["reading"] is None


def test_way_holds_a_password_that_stands_in_a_variable() -> None:
    """Of the stack's environment: what Compose gets."""
    login = msgspec.structs.replace(TARGET.database, password_file="", password_env="SHELF")
    target = msgspec.structs.replace(TARGET, database=login, pool=None)
    way = way_of(Stack(target=target, project="x", environment={"SHELF": "ladder"}))
    assert ("ladder", "") == (way["login"]["password"], way["reading"]["pool_application"])

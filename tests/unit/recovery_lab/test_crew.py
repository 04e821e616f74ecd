"""The crew: whom it starts, keeps and ends from one outage to the next."""

import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from recovery_lab import docker, programs
from recovery_lab.crew import METER, StackCrew, way_of
from recovery_lab.docker import INSTRUMENT, Stack
from recovery_lab.errors import InconclusiveError
from recovery_lab.faults import FAULTS
from recovery_lab.faults.witness import MODULE as WITNESS
from recovery_lab.outage import Cast, OutageInfo
from recovery_lab.record.history import AnyRecord, Trouble
from recovery_lab.target import Traits, load_target

ROOT = Path(__file__).parents[3]
TARGET = load_target(ROOT / "target.toml")
STACK = Stack(target=TARGET, project="lab-test")
# It says which contender heard what, and ends with its input, or with a last word when told to.
ECHO = """
import json, sys
for line in sys.stdin:
    if line == "die\\n":
        sys.exit("it was asked to")
    said = f"{json.loads(sys.argv[1]).get('contender')} {line.strip()}"
    print(json.dumps({"record": "trouble", "at": 1.0, "message": said}), flush=True)
"""


IMAGE = TARGET.contenders.image


class Heard:
    """A recorder that keeps what was said."""

    def __init__(self) -> None:
        self.all: list[AnyRecord] = []

    def append(self, record: AnyRecord) -> None:
        self.all.append(record)

    def messages(self, count: int) -> set[str]:
        """Wait until so much was said; return it."""
        deadline = time.monotonic() + 10.0
        while len(self.all) < count and time.monotonic() < deadline:
            time.sleep(0.01)
        return {one.message for one in self.all if isinstance(one, Trouble)}


class World:
    """A crew whose programs are plain processes; what was started, and what was said."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.started: list[dict[str, Any]] = []
        self.assignment: dict[str, Any] = {}
        self.info: OutageInfo | None = None
        self.meters: list[programs.Helper] = []
        monkeypatch.setattr(programs, "start_program", self.start)
        monkeypatch.setattr(programs, "start_inside", self.start_inside)
        monkeypatch.setattr(docker, "container", lambda _, service: {"Id": f"id of {service}"})
        self.crew = StackCrew(STACK, twin="adopted", images={IMAGE: "sha256:of-this-run"})

    def start(self, stack: Stack, name: str, image: str, module: str, part: Any) -> programs.Helper:
        if module == programs.CONTENDER:
            self.started.append({**part, "image": image})
        elif module == programs.OBSERVER:
            self.assignment = msgspec.to_builtins(part)
        else:
            assert WITNESS == module
        pipe, words = subprocess.PIPE, msgspec.json.encode(part).decode()
        process = subprocess.Popen(
            [sys.executable, "-S", "-c", ECHO, words], stdin=pipe, stdout=pipe, stderr=pipe
        )
        return programs.Helper(name, process, part)

    def start_inside(
        self, stack: Stack, inside: str, name: str, module: str, part: Any
    ) -> programs.Helper:
        assert ("id of dashboard", METER) == (inside, module)
        self.meters.append(self.start(stack, name, INSTRUMENT, WITNESS, part))
        return self.meters[-1]

    def cast(
        self, names: Sequence[str], jobs: Sequence[str] = ("steady",), reads_per_s: float = 5.0
    ) -> list[str]:
        """Want some contenders; return which were started."""
        self.started.clear()
        cast = [Cast(contender=name, traits=Traits(), jobs=list(jobs)) for name in names]
        self.info = OutageInfo(
            fault="none",
            effects=FAULTS["none"].effects,
            repeat=1,
            cast=cast,
            reads_per_s=reads_per_s,
            hold_s=1.0,
            seed=0,
            limit_s=120.0,
            application=TARGET.application.service,
        )
        self.crew.cast(self.info)
        return [part["contender"] for part in self.started]

    def heard(self, order: str, count: int) -> set[str]:
        """Give an order; return who said so."""
        heard = Heard()
        self.crew.record_into(heard)
        self.crew.order(order)
        return heard.messages(count)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A crew; whatever it has started is ended."""
    world = World(monkeypatch)
    yield world
    world.crew.close()


def test_crew_tells_the_observer_the_login_and_the_probes(world: World) -> None:
    """Where the application's probes are, as the target declares them."""
    assert "/run/secrets/database_password" == world.assignment["login"]["password_file"]
    assert TARGET.work == world.assignment["work"]
    assert TARGET.application.url == world.assignment["url"]
    assert TARGET.health.path == world.assignment["health"]["path"]


def test_crew_keeps_what_is_wanted_again(world: World) -> None:
    """What reconnects is kept; canary and quitter, whose one session met the outage, are not."""
    assert ["adopted", "canary", "quitter"] == world.cast(["adopted", "canary", "quitter"])
    assert ["canary", "quitter"] == world.cast(["adopted", "canary", "quitter"])
    assert ["naive"] == world.cast(["adopted", "naive"])
    assert {"adopted warm", "naive warm"} == world.heard("warm", 2)


def test_crew_starts_a_contender_from_the_runs_own_image(world: World) -> None:
    """Its tag may be built anew while the run goes on; what has no id yet goes by its name."""
    world.cast(["adopted", "canary"])
    images = {one["contender"]: one["image"] for one in world.started}
    assert {"adopted": "sha256:of-this-run", "canary": INSTRUMENT} == images


def test_crew_starts_anew_what_changes_its_part(world: World) -> None:
    """Another job or rate is another program."""
    world.cast(["adopted"])
    assert ["adopted"] == world.cast(["adopted"], ["steady", "idle"])
    assert ["adopted"] == world.cast(["adopted"], ["steady", "idle"], 20.0)


def test_crew_tells_each_program_its_part(world: World) -> None:
    """Which jobs in which image, through which factory, how fast."""
    world.cast(["adopted"], ["steady", "idle"])
    [adopted] = world.started
    assert (["steady", "idle"], "sha256:of-this-run", "dashboard.contenders:make") == (
        adopted["jobs"],
        adopted["image"],
        adopted["factory"],
    )
    assert (4, 5.0) == (adopted["workers"], adopted["reads_per_s"])


def test_cold_contender_is_started_when_told(world: World) -> None:
    """In the fault, and not before it; nor is one kept from the outage before."""
    for _ in range(2):
        assert [] == world.cast(["adopted"], ["cold"])
        world.crew.cast_cold(world.info)
        assert [["cold"]] == [part["jobs"] for part in world.started]
        assert {"adopted begin"} == world.heard("begin", 1)


def test_contender_measures_itself_unless_it_stands_for_the_application(world: World) -> None:
    """That one is a reader of it: what counts is the application's own container."""
    world.cast(["adopted", "dashboard"])
    told = {one["contender"]: one["metered"] for one in world.started}
    assert {"adopted": True, "dashboard": False} == told


def test_application_is_measured_inside_its_own_container(world: World) -> None:
    """Where it is met; what is recorded is its own, by name."""
    world.cast(["adopted"])
    assert [] == world.meters
    world.cast(["dashboard"])
    world.cast(["dashboard"])
    [meter] = world.meters
    assert {"contender": "dashboard"} == meter.assignment
    heard = Heard()
    world.crew.record_into(heard)
    meter.order("tell")
    assert {"dashboard tell"} == heard.messages(1)


def test_meter_that_ended_with_its_container_is_started_anew(world: World) -> None:
    """A command may restart the application: no trouble, and the next outage is measured."""
    world.cast(["dashboard"])
    world.meters[0].order("die")
    world.meters[0].process.wait(10.0)
    world.crew.verify_alive()
    world.cast(["dashboard"])
    assert 2 == len(world.meters)
    world.crew.close()
    assert all(meter.process.poll() is not None for meter in world.meters)


def test_twin_is_made_as_the_one_that_it_doubles(world: World) -> None:
    """Only its name is another, also in its records."""
    world.cast(["adopted"])
    world.cast(["twin"])
    assert [("twin", "adopted")] == [(one["contender"], one["plays"]) for one in world.started]


def test_crew_records_to_whoever_listens_by_now(world: World) -> None:
    """From one outage to the next the history changes, and the contenders are kept."""
    world.cast(["adopted"])
    first, second = Heard(), Heard()
    world.crew.record_into(first)
    world.crew.order("warm")
    assert {"adopted warm"} == first.messages(1)
    world.crew.record_into(second)
    world.crew.order("steady")
    assert {"adopted steady"} == second.messages(1)
    assert 1 == len(first.all)


def test_dead_contender_is_named_with_its_last_words_and_replaced(world: World) -> None:
    """The outage is in doubt; the next one has it again."""
    world.cast(["adopted"])
    world.crew.verify_alive()
    world.crew.order("die")
    world.crew._contenders["adopted"].process.wait(10.0)
    with pytest.raises(InconclusiveError, match="adopted ended: it was asked to"):
        world.crew.verify_alive()
    assert ["adopted"] == world.cast(["adopted"])
    world.crew.verify_alive()


def test_dead_observer_is_named_with_its_last_words(world: World) -> None:
    """It has the clock: nothing is recorded without it."""
    world.crew.observe("die")
    world.crew._observer.process.wait(10.0)
    with pytest.raises(InconclusiveError, match="the observer ended: it was asked to"):
        world.crew.verify_alive()
    with pytest.raises(InconclusiveError, match="the observer is gone: it was asked to"):
        world.crew.observe("mark x")


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
    assert TARGET.work == way["work"] == 'EXISTS (SELECT FROM "orders_daily") IS NOT NULL'


def test_way_holds_a_password_that_stands_in_a_variable() -> None:
    """Of the stack's environment: what Compose gets."""
    login = msgspec.structs.replace(TARGET.database, password_file="", password_env="SHELF")
    target = msgspec.structs.replace(TARGET, database=login, pool=None)
    way = way_of(Stack(target=target, project="x", environment={"SHELF": "ladder"}))
    assert ("ladder", "") == (way["login"]["password"], way["reading"]["pool_application"])

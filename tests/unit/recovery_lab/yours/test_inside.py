"""The crew of threads: what a crew needs of its helpers, and that none outlives it."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import msgspec
import pytest

from recovery_lab.errors import InconclusiveError
from recovery_lab.faults import FAULTS
from recovery_lab.outage import Cast, OutageInfo
from recovery_lab.record.history import AnyRecord, Clock, Ended, History, Probe, Warmed
from recovery_lab.target import Traits
from recovery_lab.yours import inside
from recovery_lab.yours.inside import InsideCrew, ThreadHelper
from recovery_lab.yours.look import Asked
from recovery_lab.yours.observer import Assignment
from tests.unit.recovery_lab.yours.fakes import FakeServer, FakeWay

INFO = OutageInfo(
    fault="command",
    effects=FAULTS["command"].effects,
    repeat=1,
    cast=[Cast(contender="own", traits=Traits(pools=True, workers=2), jobs=["steady", "idle"])],
    reads_per_s=50.0,
    hold_s=0.0,
    seed=0,
    limit_s=120.0,
    command=["-", "restart"],
    application="own",
    idle=5,
)


class FakeLive:
    """Lends a new way each time, and keeps all of them."""

    def __init__(self) -> None:
        self.server = FakeServer()
        self.lent_to: dict[str, FakeWay] = {}

    @contextmanager
    def lent(self, job: str) -> Iterator[FakeWay]:
        self.lent_to[job] = way = FakeWay(self.server)
        yield way
        way.close()

    def fresh(self):
        return self.lent("fresh")


def until(holds: Callable[[], object], limit_s: float = 5.0) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + limit_s
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


class World:
    """A crew whose records are kept."""

    def __init__(self) -> None:
        self.live = FakeLive()
        self.history = History()
        assignment = Assignment(asked=Asked(engine="own"), limit_s=0.5)
        self.crew = InsideCrew(self.live, assignment, lambda _: None)
        self.crew.record_into(self)

    def append(self, record: AnyRecord) -> None:
        self.history.append(record)


@pytest.fixture
def world() -> Iterator[World]:
    """The crew; when it is closed no thread is left."""
    before = set(threading.enumerate())
    world = World()
    yield world
    world.live.server.goes_on.set()
    world.crew.close()
    until(lambda: set(threading.enumerate()) <= before)


def test_jobs_are_played_as_by_programs(world: World) -> None:
    """Warm, read, look: the same records, each job through a way of its own."""
    world.crew.cast(INFO)
    world.crew.order("warm")
    until(lambda: len(world.history.of(Warmed)) == 2)
    assert {("steady", 2), ("idle", 5)} == {
        (one.job, len(one.backends)) for one in world.history.of(Warmed)
    }
    world.crew.order("steady")
    until(lambda: len(world.history.of(Ended)) >= 3)
    assert {("steady", "ok")} == {(one.job, one.outcome) for one in world.history.of(Ended)}
    world.live.server.up = False
    until(lambda: world.history.of(Ended)[-1].outcome == "error")
    failed = world.history.of(Ended)[-1]
    assert ("AwayError", "server closed the connection unexpectedly") == (
        failed.error_class,
        failed.message,
    )
    assert world.live.lent_to["steady"] is not world.live.lent_to["idle"]


def test_observer_probes_by_fresh_sessions(world: World) -> None:
    """Its clock and its probes, good and bad ones."""
    world.crew.observe("hurry 0")
    until(lambda: world.history.of(Clock) and world.history.of(Probe))
    assert world.history.of(Probe)[-1].ok
    world.live.server.up = False
    until(lambda: not world.history.of(Probe)[-1].ok)
    assert "server closed the connection unexpectedly" == world.history.of(Probe)[-1].error


def test_another_cast_ends_the_one_before(world: World) -> None:
    """An outage that is played again has pools of its own; what was made before is closed."""
    world.crew.cast(INFO)
    first = dict(world.live.lent_to)
    world.crew.cast(INFO)
    assert first["idle"].closed
    until(lambda: world.live.lent_to["idle"] is not first["idle"])
    assert not world.live.lent_to["idle"].closed


def test_reads_that_hang_are_left_alone(world: World) -> None:
    """The crew is closed in time, and what it made with it; the readers end when they can."""
    world.crew.cast(INFO)
    world.crew.order("warm")
    until(lambda: len(world.history.of(Warmed)) == 2)
    world.live.server.goes_on.clear()
    world.crew.order("steady")
    time.sleep(0.1)  # both readers are in
    began_at = time.monotonic()
    world.crew.close()
    assert time.monotonic() - began_at < 2.0
    assert world.live.lent_to["idle"].closed


def test_helper_hears_its_orders_in_their_order() -> None:
    """To their end, which ends it."""
    heard: list[str] = []
    one = ThreadHelper("the reader", heard.extend)
    one.order("warm")
    one.order("steady")
    one.end()
    assert ["warm", "steady"] == heard
    with pytest.raises(InconclusiveError, match="the reader ended: without a word"):
        one.verify_alive()


def test_helper_that_ended_is_named_with_its_last_words() -> None:
    """Nothing can be ordered from it any more."""
    one = ThreadHelper("the reader", lambda _: 1 / 0)
    until(lambda: not one._thread.is_alive())
    for ask in (one.verify_alive, lambda: one.order("warm")):
        with pytest.raises(InconclusiveError, match="the reader ended: ZeroDivisionError: div"):
            ask()


def test_helper_that_hangs_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """No process waits for it: its thread is a daemon."""
    monkeypatch.setattr(inside, "END_LIMIT_S", 0.1)
    over = threading.Event()
    one = ThreadHelper("the reader", lambda _: over.wait(10.0))
    began_at = time.monotonic()
    one.end()
    assert time.monotonic() - began_at < 1.0
    assert one._thread.daemon
    over.set()


def test_more_outages_of_one_process_do_not_share_a_record(world: World) -> None:
    """What is said between two of them is nobody's."""
    world.crew.cast(msgspec.structs.replace(INFO, cast=[]))
    world.crew.record_into(None)
    kept = len(world.history.all)
    world.crew.observe("mark closed")
    time.sleep(0.05)
    assert kept == len(world.history.all)

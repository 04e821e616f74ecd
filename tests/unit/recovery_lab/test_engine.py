"""The engine, without Docker: what it orders, what it keeps, and what ends an outage early."""

import errno
from pathlib import Path
from types import SimpleNamespace

import msgspec
import pytest

from recovery_lab import engine
from recovery_lab.engine import View, play_outage
from recovery_lab.errors import BadInputError, HealError, InconclusiveError
from recovery_lab.faults import FAULTS
from recovery_lab.folder import read_outage
from recovery_lab.judge import measures
from recovery_lab.outage import Cast, OutageInfo
from recovery_lab.record.history import (
    Born,
    Clock,
    FaultEvent,
    Health,
    Mark,
    Probe,
    Sessions,
    Warmed,
)
from recovery_lab.record.recorder import Recorder
from recovery_lab.record.story import Story
from recovery_lab.steady import ensure_headroom
from recovery_lab.target import Health as HealthProbe
from recovery_lab.target import Traits

CAST = [Cast(contender="adopted", traits=Traits(pools=True, pings=True), jobs=["steady", "idle"])]
INFO = OutageInfo(
    fault="restart",
    effects=FAULTS["restart"].effects,
    repeat=1,
    cast=CAST,
    reads_per_s=5.0,
    hold_s=1.0,
    seed=1,
    limit_s=120.0,
    application="app",
    health=HealthProbe(path="/health"),
)


def play(_: str, scene: SimpleNamespace) -> None:
    """Stand in for a fault that goes in and out."""
    scene.begin()
    for at, name in enumerate(("injecting", "injected", "landed", "healing", "healed", "back")):
        scene.note(FaultEvent(at=float(at), fault="restart", name=name))
        scene.pace()


class Told(Story):
    """A story that is one log."""

    def keep(self, folder: Path) -> None:
        """Keep it."""
        (folder / "server.log").write_text("log of db")


class Crew:
    """Helpers that answer each order at once; `dies_at` is the order after which one is dead."""

    fault = staticmethod(play)

    def __init__(self, dies_at: str = "", idle: int = 5) -> None:
        self.orders: list[str] = []
        self.recorder: Recorder | None = None
        self.at = 100.0
        self._dies_at = dies_at
        self._idle = idle

    def record_into(self, recorder: Recorder | None) -> None:
        """Begin with a clock, a good probe and a good sample."""
        self.recorder = recorder
        if recorder:
            for record in (
                Clock(at=1.0, wall=1.0),
                Probe(started_at=1.0, ended_at=1.1, ok=True),
                Health(started_at=1.0, ended_at=1.1, status="up"),
            ):
                recorder.append(record)

    def cast(self, info: OutageInfo) -> None:
        """Start nobody."""
        self.orders.append("cast")

    def play(self, info: OutageInfo, **callbacks: object) -> None:
        """Play a fault that tests exchange."""
        self.fault(info.fault, SimpleNamespace(**callbacks))

    def story(self, recorder: Recorder) -> Told:
        """Tell of the server."""
        return Told()

    def cast_cold(self, info: OutageInfo) -> None:
        """Start the processes of those that begin in the fault."""
        self.orders.append("cast cold")
        self.recorder.append(Born(at=3.0, contender="adopted", job="cold"))

    def order(self, order: str) -> None:
        """Answer the contenders' orders."""
        self.orders.append(order)
        if order == "warm":
            for job in ("steady", "idle"):
                self.recorder.append(
                    Warmed(
                        at=2.0,
                        wanted=5,
                        checked_in=self._idle,
                        backends=list(range(5)),
                        contender="adopted",
                        job=job,
                    )
                )

    def observe(self, order: str) -> None:
        """Answer the observer's orders."""
        self.orders.append(order)
        word, _, name = order.partition(" ")
        self.at += 1.0
        if word == "mark":
            self.recorder.append(Mark(at=self.at, name=name))
        if word == "sessions":
            self.recorder.append(Sessions(at=2.0, by_application={"a": 1}, max_connections=100))

    def verify_alive(self) -> None:
        """Tell of a dead helper."""
        if self._dies_at and self._dies_at in self.orders:
            raise InconclusiveError("the observer ended: killed by hand")


class Attending:
    """An outage that waits for nothing: released, over, read to the end."""

    def __init__(self, info: OutageInfo, history: object) -> None:
        self._released = False

    def may_release(self) -> bool:
        """Tell so once."""
        released, self._released = self._released, True
        return not released

    def is_over(self) -> bool:
        """Tell so at once."""
        return True

    def reads_have_ended(self) -> bool:
        """Tell so at once."""
        return True

    def pools_are_whole(self) -> bool:
        """Tell so at once."""
        return True


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """Everything beside the engine, faked; the clock runs as fast as it is asked."""
    clock = SimpleNamespace(now=0.0)

    def sleep(seconds: float) -> None:
        clock.now += seconds

    timer = SimpleNamespace(monotonic=lambda: clock.now, process_time=lambda: 0.0, sleep=sleep)
    monkeypatch.setattr(engine, "time", timer)
    monkeypatch.setattr(engine, "Attending", Attending)
    return SimpleNamespace(clock=clock)


def played(stage: SimpleNamespace, folder: Path, crew: Crew, info: OutageInfo = INFO) -> OutageInfo:
    """Play one outage with a crew."""
    return play_outage(crew, View(), info, folder)


def test_outage_is_recorded_from_warm_to_closed(stage, tmp_path: Path) -> None:
    """The orders in their order; marks around the fault; its log kept beside the history."""
    crew = Crew()
    info = played(stage, tmp_path, crew)
    assert (True, "") == (info.complete, info.trouble)
    assert (
        "cast hurry-0 warm look sessions steady mark-released release mark-stopped stop look rest "
        "mark-closed"
    ).split() == [order.replace(" ", "-") for order in crew.orders]
    history = read_outage(tmp_path)[1]
    assert (0.0, 4.0) == (history.mark_at(measures.ASKED), history.mark_at(measures.RETURNED))
    assert history.mark_at(measures.STOPPED) < history.mark_at(measures.CLOSED)
    assert "log of db" == (tmp_path / "server.log").read_text()
    assert crew.recorder is None


COLD = msgspec.structs.replace(
    INFO, cast=[msgspec.structs.replace(CAST[0], jobs=["cold"])], hold_s=3.0
)


def test_cold_contenders_start_in_the_fault(stage, tmp_path: Path, monkeypatch) -> None:
    """Nobody waits for them to be warm; the fault's length counts from when all of them read."""
    healing: list[tuple[float, int]] = []

    def run(fault: object, scene: SimpleNamespace) -> None:
        scene.note(FaultEvent(at=2.0, fault="restart", name="landed"))
        healing.append((stage.clock.now, len(crew.orders)))

    monkeypatch.setattr(Crew, "fault", staticmethod(run))
    crew = Crew()
    info = played(stage, tmp_path, crew, COLD)
    assert "" == info.trouble
    at = crew.orders.index("cast cold")
    assert ["cast cold", "begin"] == crew.orders[at : at + 2]
    assert [(pytest.approx(3.0), at + 2)] == healing


def test_cold_contender_that_is_never_there_ends_the_outage(
    stage, tmp_path: Path, monkeypatch
) -> None:
    """It is the lab that could not start it: inconclusive, and the fault is healed by its run."""
    monkeypatch.setattr(Crew, "cast_cold", lambda self, info: None)
    monkeypatch.setattr(engine, "START_LIMIT_S", 0.05)
    info = played(stage, tmp_path, Crew(), COLD)
    assert "no Born from the helpers after 0 s" in info.trouble


@pytest.mark.parametrize(
    ("changed", "baseline_s"),
    [
        ({}, 2.5),
        ({"solo": "adopted"}, 1.0),  # at the full rate: 80 reads
        ({"command": ["true"]}, 1.0),
        ({"cast": [msgspec.structs.replace(CAST[0], jobs=["idle"])]}, 0.0),  # nobody reads
    ],
)
def test_baseline_is_as_long_as_its_reads_need(
    stage, tmp_path: Path, monkeypatch, changed: dict, baseline_s: float
) -> None:
    """Steady reads go on for so long before the fault; who reads nothing waits for nothing."""
    began: list[float] = []

    def run(fault: object, scene: SimpleNamespace) -> None:
        scene.begin()
        began.append(stage.clock.now)

    monkeypatch.setattr(Crew, "fault", staticmethod(run))
    info = msgspec.structs.replace(INFO, **changed)
    crew = Crew()
    play_outage(crew, View(), info, tmp_path)
    assert [pytest.approx(baseline_s)] == began


def test_idle_pools_are_asked_in_a_fault_that_leaves_their_sessions_silent(
    stage, tmp_path: Path
) -> None:
    """When it is gone they may live: the order is given once, and between its own instants."""
    silent = msgspec.structs.replace(INFO, effects=FAULTS["idle-drop"].effects)
    crew = Crew()
    played(stage, tmp_path, crew, silent)
    assert 1 == crew.orders.count("release")
    at = [one.name for one in read_outage(tmp_path)[1].all if isinstance(one, Mark)]
    assert at.index(measures.RELEASED) < at.index(measures.RETURNED)


def test_observer_is_told_the_faults_delay(stage, tmp_path: Path) -> None:
    """Its attempts may take that much longer."""
    slowed = msgspec.structs.replace(INFO.effects, delays_s=0.4)
    crew = Crew()
    played(stage, tmp_path, crew, msgspec.structs.replace(INFO, effects=slowed))
    assert "hurry 0.4" in crew.orders


@pytest.mark.parametrize("order", ["warm", "steady", "hurry 0", "release", "stop"])
def test_helper_that_dies_ends_its_outage(stage, tmp_path: Path, order: str) -> None:
    """Inconclusive, with its last words, whatever it was asked last; the record so far is kept."""
    info = played(stage, tmp_path, Crew(dies_at=order))
    assert not info.complete
    assert "the observer ended: killed by hand" in info.trouble
    assert read_outage(tmp_path)[0] == info
    assert [Clock(at=1.0, wall=1.0)] == read_outage(tmp_path)[1].of(Clock)
    assert (tmp_path / "server.log").exists()


def test_silent_observer_ends_its_outage(stage, tmp_path: Path, monkeypatch) -> None:
    """It lives, but its clock stands still: nothing would ever be over."""
    monkeypatch.setattr(Attending, "is_over", lambda self: False)
    monkeypatch.setattr(engine, "newest_at", lambda history: 1.0)
    info = played(stage, tmp_path, Crew())
    assert "the observer has been silent for 5 s" in info.trouble


def test_command_that_is_not_there_is_bad_input(stage, tmp_path: Path, monkeypatch) -> None:
    """And no doubt of an outage."""

    def nowhere(fault: object, scene: SimpleNamespace) -> None:
        raise BadInputError("nosuchcommand: not found")

    monkeypatch.setattr(Crew, "fault", staticmethod(nowhere))
    with pytest.raises(BadInputError):
        played(stage, tmp_path, Crew())


def test_pool_that_is_not_warm_proves_nothing(stage, tmp_path: Path) -> None:
    """The pool counts four idle connections where the server has five sessions."""
    info = played(stage, tmp_path, Crew(idle=4))
    assert "adopted: the idle pool is not warm: 5 connections wanted, 4 idle, 5 se" in info.trouble


def test_full_disk_ends_the_outage_with_its_last_whole_record(
    stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was kept can be read; what could not be kept is told, and nothing is judged on less."""

    def full(self: Recorder, record: object) -> None:
        if isinstance(record, Sessions):
            self._broken = str(OSError(errno.ENOSPC, "No space left on device"))
        append(self, record)

    append = Recorder.append
    monkeypatch.setattr(Recorder, "append", full)
    info = played(stage, tmp_path, Crew())
    assert not info.complete
    assert "ends with its last whole line: [Errno 28] No space left on device" in info.trouble
    assert [] != read_outage(tmp_path)[1].of(Warmed)


def test_half_a_line_is_taken_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that fills in the middle of a record leaves the ones before it whole."""
    recorder = Recorder(tmp_path / "history.jsonl")
    recorder.append(Clock(at=1.0, wall=1.0))
    real = recorder._file

    class Full:
        closed = False
        tell, truncate = real.tell, real.truncate

        def write(self, line: bytes) -> None:
            real.write(line[:5])
            raise OSError(errno.ENOSPC, "No space left on device")

    recorder._file = Full()
    recorder.append(Clock(at=2.0, wall=2.0))
    assert b'{"record":"clock","at":1.0,"wall":1.0}\n' == (tmp_path / "history.jsonl").read_bytes()
    with pytest.raises(InconclusiveError, match="No space left"):
        recorder.verify_whole()
    real.close()


def test_database_that_is_not_back_stops_everything(stage, tmp_path: Path, monkeypatch) -> None:
    """No trouble of one outage: nothing may go on, and what was recorded is kept all the same."""

    def unhealed(fault: object, scene: SimpleNamespace) -> None:
        raise HealError("not back after 60 s")

    monkeypatch.setattr(Crew, "fault", staticmethod(unhealed))
    with pytest.raises(HealError):
        played(stage, tmp_path, Crew())
    assert not read_outage(tmp_path)[0].complete


def test_server_must_have_room_for_the_pools() -> None:
    """Half of the allowed sessions may be in use before the fault, not more."""
    ensure_headroom(Sessions(at=0.0, by_application={"a": 30, "b": 20}, max_connections=100))
    with pytest.raises(InconclusiveError, match="51 sessions"):
        ensure_headroom(Sessions(at=0.0, by_application={"a": 51}, max_connections=100))

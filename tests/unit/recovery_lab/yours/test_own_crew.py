"""A command of one's own: what is noted of it, and what its fresh sessions tell of the server."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from recovery_lab.errors import BadInputError, HealError, InconclusiveError
from recovery_lab.faults import FAULTS
from recovery_lab.outage import OutageInfo
from recovery_lab.record.history import FaultEvent, Mark, Probe
from recovery_lab.record.recorder import Recorder
from recovery_lab.yours import crew as crews
from recovery_lab.yours.crew import OwnCrew

INFO = OutageInfo(
    fault="command",
    effects=FAULTS["command"].effects,
    repeat=1,
    cast=[],
    reads_per_s=5.0,
    hold_s=0.0,
    seed=0,
    limit_s=120.0,
    command=["true"],
)


class World:
    """A crew without processes; time passes as it is asked, and probes come by a script."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
        self.now = 100.0
        self.away: tuple[float, float] = (0.0, 0.0)
        self.steps: dict[str, float] = {}
        self.evidence: dict[str, str] = {}
        self.recorder = Recorder(folder / "history.jsonl")
        self.by_hand = 0
        monkeypatch.setattr(crews, "time", self)
        self.crew = OwnCrew.__new__(OwnCrew)
        self.crew._by_hand = self.hand
        self.crew._contenders = {}
        self.crew.record_into(self.recorder)

    def monotonic(self) -> float:
        """Return the time."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Let time pass, with a fresh session in it."""
        ok = not self.away[0] <= self.now < self.away[1]
        error = "" if ok else "refused"
        self.recorder.append(
            Probe(started_at=self.now, ended_at=self.now + 0.01, ok=ok, error=error)
        )
        self.now += max(seconds, 0.02)

    def hand(self, pace: object) -> None:
        """Let a person take three seconds."""
        self.by_hand += 1
        self.now += 3.0

    def note(self, event: FaultEvent) -> None:
        """Keep a step, as the engine does."""
        self.steps[event.name] = event.at
        self.evidence[event.name] = event.evidence
        self.recorder.append(event)
        if event.name == "injecting":
            self.recorder.append(Mark(at=event.at, name="asked"))

    def play(self, info: OutageInfo = INFO) -> None:
        """Play an outage of a command."""
        self.crew.play(info, note=self.note, pace=lambda: None, begin=lambda: None)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[World]:
    """A crew and its world, whose command takes no time."""
    monkeypatch.setattr(crews, "run_command", lambda *_: None)
    one = World(monkeypatch, tmp_path)
    yield one
    one.recorder.close()


def info(*command: str, login: bool = True) -> OutageInfo:
    """Return the outage of a command."""
    return OutageInfo(
        **{
            **{n: getattr(INFO, n) for n in INFO.__struct_fields__},
            "command": list(command),
            "login": login,
        }
    )


def test_it_is_healed_when_the_last_fresh_session_was_refused(world: World) -> None:
    """Not when the command ended: it may be back at once, as a failover's button is."""
    world.away = (101.0, 104.0)
    world.play()
    assert list(world.steps) == "injecting injected landed healing healed back".split()
    assert pytest.approx(104.0, abs=0.05) == world.steps["healed"]
    assert world.steps["injected"] < 101.0


def test_command_that_takes_nothing_away_is_over_when_it_ended(world: World) -> None:
    """It is waited for: ten seconds in which a loss may still come."""
    world.play()
    assert 100.0 == world.steps["healed"]
    assert world.now == pytest.approx(110.0, abs=0.1)


def test_database_that_is_not_back_is_told_and_left_alone(world: World) -> None:
    """The lab did not take it away."""
    world.away = (100.0, 1e9)
    with pytest.raises(HealError, match=r"true: the database is not back 60 s .*leaves it alone"):
        world.play()
    assert "healed" not in world.steps


def test_person_does_it_by_hand(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """No command is run."""
    monkeypatch.setattr(crews, "run_command", lambda *_: pytest.fail("it was run"))
    world.play(msgspec.structs.replace(INFO, command=["-"]))
    assert 1 == world.by_hand


def test_without_a_login_the_command_itself_is_the_word(world: World) -> None:
    """No fresh session tells, and none is waited for."""
    world.play(msgspec.structs.replace(INFO, login=False))
    assert (100.0, "as the command says") == (world.steps["healed"], world.evidence["back"])
    assert 100.0 == world.now


@pytest.mark.parametrize(
    ("words", "kind", "said"),
    [
        (["nosuchcommand"], BadInputError, "cannot run 'nosuchcommand': No such file"),
        (["false"], InconclusiveError, "false: exit status 1"),
        (["sleep", "60"], InconclusiveError, "sleep still runs after 900 s: ended"),
    ],
)
def test_command_that_fails_says_how(words, kind: type[Exception], said: str) -> None:
    """A line each; one that never returns is ended."""
    with pytest.raises(kind, match=said):
        crews.run_command(words, None, lambda over: words != ["sleep", "60"] and wait(over))


def wait(over: object) -> bool:
    """Wait until it is over."""
    while not over():
        pass
    return True

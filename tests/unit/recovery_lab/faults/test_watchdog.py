"""The watchdog heals when the runner is gone or stuck, and otherwise does nothing at all."""

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from recovery_lab.errors import InconclusiveError
from recovery_lab.faults import FAULTS, healing, journal, watchdog
from recovery_lab.faults.journal import FAULT, HeldError
from tests.unit.recovery_lab.faults.conftest import World
from tests.unit.recovery_lab.faults.test_journal import entry


@pytest.fixture
def path(world: World) -> Path:
    """The file of the world's project."""
    return journal.path_of(world.stack, FAULT)


@pytest.fixture
def runner_pipe(monkeypatch):
    """The pipe from the runner; calling what is given closes it, as the runner's death does."""
    ours, theirs = os.pipe()
    monkeypatch.setattr(sys, "stdin", os.fdopen(ours))
    yield lambda: os.close(theirs)
    sys.stdin.close()


def _leave_frozen(world: World, path: Path) -> None:
    FAULTS["freeze"].inject(world.seen_scene())
    with journal.held(path):
        journal.write(path, entry(world))


def test_runner_that_is_done_leaves_nothing_to_do(
    path: Path, runner_pipe: Callable[[], None]
) -> None:
    """The name is gone with the fault; no file is made to look for it."""
    runner_pipe()
    assert "nothing open" == healing.watch(path, 5.0)
    assert not path.parent.exists()


def test_runner_that_is_gone_is_stood_in_for(
    world: World, path: Path, runner_pipe: Callable[[], None]
) -> None:
    """Its pipe closes: the fault is healed, seen healed, and taken out."""
    _leave_frozen(world, path)
    runner_pipe()
    assert "the runner is gone" in healing.watch(path, 5.0)
    assert not world.state["Paused"]
    assert not path.exists()


def test_runner_that_is_stuck_is_healed_over_its_head(
    world: World, path: Path, runner_pipe: Callable[[], None], capsys
) -> None:
    """It lives and holds the lock; it is told first, and its name stays for it to take out."""
    _leave_frozen(world, path)
    with journal.held(path):
        assert "healed freeze" in healing.watch(path, 0.05)
    assert "healing\n" == capsys.readouterr().out
    assert not world.state["Paused"]
    assert path.exists()
    runner_pipe()


def test_lock_that_does_not_die_is_not_broken(
    world: World, path: Path, runner_pipe: Callable[[], None], monkeypatch
) -> None:
    """A pipe that closed while its runner lives is no reason to touch its fault."""
    _leave_frozen(world, path)
    monkeypatch.setattr(healing, "LOCK_LIMIT_S", 0.05)
    runner_pipe()
    with journal.held(path), pytest.raises(HeldError):
        healing.watch(path, 5.0)
    assert world.state["Paused"]


def test_watchdog_is_a_process_session_of_its_own(path: Path) -> None:
    """Ctrl-C in the runner's terminal, and the end of that terminal, do not reach it."""
    path.parent.mkdir(parents=True)
    with watchdog.Watchdog(path, 5.0) as one:
        assert os.getsid(one._process.pid) != os.getsid(0)
        one.verify_watching()
    assert 0 == one._process.returncode
    assert "nothing open" in path.with_name(watchdog.LOG).read_text()


def test_watchdog_that_was_killed_is_noticed(path: Path) -> None:
    """Who watches it is the runner."""
    path.parent.mkdir(parents=True)
    with watchdog.Watchdog(path, 5.0) as one:
        os.kill(one._process.pid, signal.SIGKILL)
        one._process.wait(5)
        with pytest.raises(InconclusiveError, match="or is gone"):
            one.verify_watching()


def test_watchdog_that_speaks_has_begun_to_heal(path: Path) -> None:
    """The fault's length is over before its time: the runner must not call it its own."""
    path.parent.mkdir(parents=True)
    with watchdog.Watchdog(path, 0.0) as one:
        one._process.wait(5)
        with pytest.raises(InconclusiveError, match="did not wait"):
            one.verify_watching()

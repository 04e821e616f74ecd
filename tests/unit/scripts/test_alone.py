"""One measuring verb at a time on a daemon; nothing is removed under a run that lives."""

import fcntl
import signal
import subprocess
import time
from collections.abc import Callable, Iterator

import pytest

from tests.unit.scripts.conftest import Clone

ALONE = ("bash", "scripts/alone.sh")
BUSY = 64


@pytest.fixture
def measuring(clone: Clone) -> Iterator[Callable[[], "subprocess.Popen[str]"]]:
    """Start a verb that holds the daemon until the test's end."""
    started: list[subprocess.Popen[str]] = []

    def start() -> "subprocess.Popen[str]":
        clone.run("bash", "-c", ":")  # writes the fake's rules
        command = [*ALONE, "demo", "bash", "-c", "echo there; exec sleep 60"]
        environ = clone.environ({})
        process = subprocess.Popen(
            command, cwd=clone.folder, env=environ, stdout=subprocess.PIPE, text=True
        )
        started.append(process)
        assert started[0].stdout
        assert "there\n" == started[0].stdout.readline()
        return started[0]

    yield start
    for process in started:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("script", ["restart-db", "crash-db", "by-hand", "matrix", "verify"])
def test_measuring_verb_refuses_another_beside_it(clone: Clone, measuring, script: str) -> None:
    """They would measure each other; the one that runs is named, with its folder."""
    process = measuring()
    done = clone.run("bash", f"scripts/{script}.sh")
    assert BUSY == done.returncode
    words = f"make demo runs in {clone.folder} (process {process.pid}) on this daemon"
    assert words in done.stderr
    assert not [call for call in clone.calls if " up " in call]


def test_lock_dies_with_its_holder(clone: Clone, measuring) -> None:
    """A run that was killed shuts nobody out."""
    process = measuring()
    assert BUSY == clone.run(*ALONE, "matrix", "printf", "ran").returncode
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert "ran" == clone.run(*ALONE, "matrix", "printf", "ran").stdout


def test_lock_is_of_one_daemon(clone: Clone, measuring) -> None:
    """Another daemon is another machine."""
    measuring()
    clone.answers("docker info", 0, "ANOTHER:DAEMON\\n")
    assert "ran" == clone.run(*ALONE, "matrix", "printf", "ran").stdout


def test_parts_of_a_verb_are_the_verb(clone: Clone) -> None:
    """What verify starts is no other run."""
    inner = "bash scripts/alone.sh restart-db printf ran"
    assert "ran" == clone.run(*ALONE, "verify", "bash", "-c", inner).stdout


@pytest.mark.parametrize("held", [".lab/run.lock", ".lab/journal/x.stack", ".lab/journal/x.fault"])
def test_clean_refuses_while_a_run_of_this_folder_lives(clone: Clone, held: str) -> None:
    """Its stack and images would be removed under it."""
    path = clone.folder / held
    path.parent.mkdir(parents=True)
    with path.open("w") as file:
        file.write('{"project":"x","pid":4711}\n')
        file.flush()
        fcntl.flock(file, fcntl.LOCK_EX)
        done = clone.run("bash", "scripts/clean.sh")
        assert 1 == done.returncode
        assert f"{path.name} is held by a run (process 4711); nothing was removed" in done.stderr
        assert "make heal" in done.stderr
        assert not [call for call in clone.calls if " down" in call or " rm " in call]
    assert 0 == clone.run("bash", "scripts/clean.sh").returncode


def test_clean_refuses_while_a_verb_measures(clone: Clone, measuring) -> None:
    """Another folder's too: the images are shared."""
    measuring()
    done = clone.run("bash", "scripts/clean.sh")
    assert 1 == done.returncode
    assert "make demo runs in" in done.stderr


def test_lock_is_not_kept_by_an_engine_that_a_verb_starts(clone: Clone) -> None:
    """A daemon that inherits the lock would hold it for ever."""
    clone.fake("dockerd")
    (clone.bin / "dockerd").write_text("#!/usr/bin/env bash\n: >&9\n")
    code = ". scripts/lib.sh; . scripts/lib_apt.sh; . scripts/lib_engine.sh; start_engine"
    began = time.monotonic()
    clone.run(*ALONE, "demo", "bash", "-c", code, LAB_AUTO_INSTALL="1")
    assert time.monotonic() - began < 10
    said = clone.folder / ".lab/build/dockerd.log"
    while "Bad file descriptor" not in said.read_text():  # nobody waits for a daemon
        assert time.monotonic() - began < 30
        time.sleep(0.05)

"""The witness, with its program as a process of this machine and nobody to log in to."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing

import msgspec
import pytest

from recovery_lab import programs
from recovery_lab.errors import InconclusiveError
from recovery_lab.faults.witness import Assignment, Witness
from tests.unit.recovery_lab.faults.conftest import ROOT, World

Program = subprocess.Popen[bytes]


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """A server that accepts and never answers, as a frozen one does."""
    with socket.create_server(("127.0.0.1", 0)) as one:
        yield one


@pytest.fixture
def witness(world: World, listener, tmp_path, monkeypatch) -> Iterator[Witness]:
    """A witness of that server."""
    secret = tmp_path / "password"
    secret.write_text("none\n")
    login = programs.login(world.stack)
    port = listener.getsockname()[1]
    login = msgspec.structs.replace(login, host="127.0.0.1", port=port, password_file=str(secret))
    assigned = Assignment(login=login, work="true", admin=None)

    def start(stack, name, image, program, words) -> programs.Helper:
        command = [sys.executable, "-m", program, msgspec.json.encode(assigned).decode()]
        pipe = subprocess.PIPE
        one = subprocess.Popen(
            command, cwd=ROOT, stdin=pipe, stdout=pipe, stderr=pipe, start_new_session=True
        )
        return programs.Helper(name, one)

    monkeypatch.setattr(programs, "start_program", start)
    with closing(Witness(world.stack)) as one:
        yield one


def test_clock_is_monotonic_and_has_its_wall_time(witness: Witness) -> None:
    """Both are read together, so that the daemon's times can be put on it."""
    first, second = witness.clock(), witness.clock()
    assert first.at < second.at
    assert second.wall - first.wall == pytest.approx(second.at - first.at, abs=0.05)


def test_probe_tells_a_silent_server_from_a_silent_network(witness: Witness) -> None:
    """It connects, and then nobody speaks."""
    answer = witness.probe()
    assert ("hangs", "ok") == (answer.session, answer.tcp)


def test_probe_tells_a_refusal_in_its_own_words(witness: Witness, listener) -> None:
    """Nobody listens there."""
    listener.close()
    assert "refused" in witness.probe().session


def test_order_that_cannot_be_carried_out_says_why(witness: Witness, listener) -> None:
    """In the driver's own words; the witness itself goes on."""
    listener.close()
    witness.ask("sleep 1.0")
    with pytest.raises(InconclusiveError, match=r"failed to obey 'sleeping': .*refused"):
        witness.ask("sleeping")
    witness.clock()


def test_witness_that_is_gone_is_noticed(witness: Witness) -> None:
    """No evidence is made up for it."""
    os.kill(witness.helper.process.pid, 9)
    witness.helper.process.wait(5)
    with pytest.raises(InconclusiveError, match="witness"):
        witness.clock()


def test_witness_ends_with_its_runner(witness: Witness) -> None:
    """Its input closes, and it goes."""
    witness.helper.stdin.close()
    assert 0 == witness.helper.process.wait(5)


def test_witness_that_is_gone_is_started_again(witness: Witness) -> None:
    """The healing must be seen; one that lives is left alone."""
    witness.revive()
    witness.verify_alive()
    first = witness.helper.process.pid
    os.kill(first, 9)
    witness.helper.process.wait(5)
    with pytest.raises(InconclusiveError, match="witness ended"):
        witness.verify_alive()
    witness.revive()
    witness.verify_alive()
    assert first != witness.helper.process.pid
    witness.clock()


def test_witness_that_says_nothing_is_ended(witness: Witness, monkeypatch) -> None:
    """Stopped, or on a machine that stands still: another can then be started."""
    monkeypatch.setattr("recovery_lab.faults.witness.ANSWER_LIMIT_S", 0.05)
    os.kill(witness.helper.process.pid, signal.SIGSTOP)
    with pytest.raises(InconclusiveError, match="no word"):
        witness.clock()
    assert witness.helper.process.poll() is not None

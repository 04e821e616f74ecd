"""Name resolution under a deadline."""

import socket
import threading
from collections.abc import Iterator

import pytest

from dashboard.errors import UnknownHostError
from dashboard.resolver import MOST, Resolver, lookup


def test_resolve_gives_an_address() -> None:
    """A number is its own address."""
    assert "127.0.0.1" == Resolver("127.0.0.1", 1).resolve(timeout_s=5)
    assert "127.0.0.1" == lookup("127.0.0.1", 1)


def test_unknown_name_is_told_and_tried_again() -> None:
    """A stopped container's name is gone at once, and comes back with it."""
    answers: list[str | OSError] = [socket.gaierror(-2, "Name or service not known"), "10.0.0.9"]

    def look(host: str, port: int) -> str:
        answer = answers.pop(0)
        if isinstance(answer, OSError):
            raise answer
        return answer

    resolver = Resolver("postgres", 5432, look=look)
    with pytest.raises(UnknownHostError):
        resolver.resolve(timeout_s=5)
    assert "10.0.0.9" == resolver.resolve(timeout_s=5)


class Silent:
    """A resolver that answers nobody until it is told to; who asked before waits on."""

    def __init__(self) -> None:
        self.asked = 0
        self.answers = False
        self.over = threading.Event()

    def look(self, host: str, port: int) -> str:
        self.asked += 1
        if not self.answers:
            self.over.wait(10)
        return "10.0.0.9"


@pytest.fixture
def silent() -> Iterator[Silent]:
    """Such a resolver, whose look-ups end with the test."""
    one = Silent()
    yield one
    one.over.set()


def test_silent_resolver_is_told_within_the_deadline(silent: Silent) -> None:
    """Nobody told an address, which is as good as none; each time it is asked anew."""
    resolver = Resolver("postgres", 5432, look=silent.look)
    for _ in range(3):
        with pytest.raises(UnknownHostError, match=r"no answer within 0\.0 s"):
            resolver.resolve(timeout_s=0.02)
    assert 3 == silent.asked


def test_look_up_that_hangs_keeps_no_other_waiting(silent: Silent) -> None:
    """The name is back: who asks now is answered, though the one before still hangs."""
    resolver = Resolver("postgres", 5432, look=silent.look)
    with pytest.raises(UnknownHostError):
        resolver.resolve(timeout_s=0.02)
    silent.answers = True
    assert "10.0.0.9" == resolver.resolve(timeout_s=5)


def test_silent_resolver_costs_so_many_threads(silent: Silent) -> None:
    """However long it is silent."""
    resolver = Resolver("postgres", 5432, look=silent.look)
    for _ in range(MOST + 3):
        with pytest.raises(UnknownHostError):
            resolver.resolve(timeout_s=0.001)
    assert MOST == silent.asked
    silent.over.set()
    assert "10.0.0.9" == resolver.resolve(timeout_s=5)

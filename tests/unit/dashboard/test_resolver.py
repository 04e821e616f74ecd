"""Name resolution under a deadline."""

import socket
import threading

import pytest

from dashboard.errors import DeadlineError, UnknownHostError
from dashboard.resolver import Resolver, lookup


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


def test_silent_resolver_costs_the_deadline_and_one_thread(wait_for) -> None:
    """A resolver that does not answer is asked once, however often the deadline passes."""
    asked: list[str] = []
    silent = threading.Event()

    def look(host: str, port: int) -> str:
        asked.append(host)
        silent.wait(10)
        return "10.0.0.9"

    resolver = Resolver("postgres", 5432, look=look)
    for _ in range(3):
        with pytest.raises(DeadlineError, match="name not resolved within"):
            resolver.resolve(timeout_s=0.02)
    assert ["postgres"] == asked
    silent.set()
    assert "10.0.0.9" == resolver.resolve(timeout_s=5)

"""Sessions from before a fault, with a socket for the one that is kept and rows for all others."""

import socket
import threading
from collections.abc import Iterator

import pytest

from recovery_lab.faults.before import Before
from recovery_lab.login import Login

LOGIN = Login(host="db", port=5432, name="lab", user="reader", password="none")


@pytest.fixture
def rows() -> list[tuple[int, str]]:
    """What the server shows: pid and start of each session."""
    return [(71, "nine"), (72, "ten")]


@pytest.fixture
def before(rows) -> Before:
    """It asks no server."""
    return Before(LOGIN, lambda sql, *words: [*rows], lambda: "192.0.2.1")


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    """A session's two ends."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


def test_sessions_are_told_apart_by_their_start_too(before: Before, rows) -> None:
    """A pid may be another session's by then."""
    before.obey("terminate", "192.0.2.9")
    assert {"noted": 2, "sessions": 2} == before.obey("left")
    rows[:] = [(71, "eleven"), (72, "ten"), (73, "twelve")]
    assert {"noted": 2, "sessions": 1} == before.obey("left")


def test_nothing_noted_is_nothing_left(before: Before) -> None:
    """Both are told: a fault that noted nobody has proven nothing."""
    assert {"noted": 0, "sessions": 0} == before.obey("left")


def test_sessions_are_ended_by_their_addresses() -> None:
    """One array, so that no address is anything but a value."""
    asked: list[tuple[object, ...]] = []
    query = lambda sql, *words: asked.append(words) or []  # noqa: E731
    Before(LOGIN, query, str).obey("terminate", "192.0.2.9", "192.0.2.10")
    assert [(["192.0.2.9", "192.0.2.10"],)] == asked


def test_its_own_sessions_end_is_taken_as_it_comes(before: Before, pair) -> None:
    """Its client's socket becomes readable, and nothing else is said on it."""
    ours, theirs = pair
    before._own = ours
    before.obey("watch")
    assert {"ended_at": 0.0} == before.obey("ended")
    [watch] = [one for one in threading.enumerate() if one.name.endswith("(_watch)")]
    theirs.close()
    watch.join(5.0)
    assert before.obey("ended")["ended_at"] > 0.0


def test_session_that_was_not_kept_is_named(before: Before) -> None:
    """Never taken for one that reads, nor for one that is cut."""
    assert {"session": "none was kept"} == before.obey("kept")

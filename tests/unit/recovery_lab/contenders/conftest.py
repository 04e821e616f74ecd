"""A scripted adapter, and the records that its job makes."""

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

Record = dict[str, Any]


class Scripted:
    """An adapter that answers as a test tells it."""

    def __init__(self) -> None:
        self.echo, self.fails, self.pools = True, False, True
        self.held = threading.Event()
        self.held.set()

    def read(self, nonce: str) -> Record:
        self.held.wait(5.0)
        if self.fails:
            raise ConnectionError("gone")
        answered = nonce if self.echo else "another"
        return {"nonce": answered, "backend_pid": 7, "server_started": "then"}

    def warm(self, count: int) -> list[int]:
        return list(range(1, count + 1))

    def look(self) -> Record | None:
        return {"size": 5, "checked_in": 4, "checked_out": 1} if self.pools else None

    def failure(self, error: Exception) -> Record:
        return {"phase": "execute", "kind": "lost", "error_class": "E", "message": str(error)}


class Records:
    """What was emitted; `wait_for` returns the records of a kind once there are some."""

    def __init__(self) -> None:
        self.all: list[Record] = []

    def __call__(self, record: str, **fields: Any) -> None:
        self.all.append({"record": record, **fields})

    def of(self, kind: str) -> list[Record]:
        return [one for one in list(self.all) if one["record"] == kind]

    def wait_for(self, kind: str, count: int = 1) -> list[Record]:
        deadline = time.monotonic() + 5.0
        while time.monotonic() < deadline:
            if len(found := self.of(kind)) >= count:
                return found
            time.sleep(0.005)
        pytest.fail(f"no {count} {kind}: {self.all}")


@pytest.fixture
def adapter() -> Scripted:
    """An adapter that answers every read."""
    return Scripted()


@pytest.fixture
def records() -> Records:
    """Where a job's records go."""
    return Records()


@pytest.fixture
def threads_end() -> Callable[[], None]:
    """Assert that no thread is left that was not there before the test, within 5 s."""
    before = set(threading.enumerate())  # not how many: another test's may end meanwhile

    def check() -> None:
        deadline = time.monotonic() + 5.0
        while (left := {*threading.enumerate()} - before) and time.monotonic() < deadline:
            time.sleep(0.005)
        assert not left

    return check

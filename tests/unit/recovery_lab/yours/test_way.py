"""What all ways share: how a pool is warmed, and one loop for whatever is asynchronous."""

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager

import pytest

from recovery_lab.yours import loop
from recovery_lab.yours.way import Run, Way


class Pool(Way):
    """A pool that has one session more than it was asked for, until all of them are held."""

    kind = "pool"

    def __init__(self, held: int, *, counts: bool = True) -> None:
        self.free = list(range(1, held + 1))
        self.counts = counts
        self.asked: list[str] = []
        self._lock = threading.Lock()

    @contextmanager
    def session(self) -> Iterator[Run]:
        """Lend one, the oldest first."""
        with self._lock:
            own = self.free.pop(0)
        try:
            yield lambda sql: self.asked.append(sql) or [(own,)]
        finally:
            with self._lock:
                self.free.insert(0, own)

    opened = session

    def host(self) -> str:
        """Return where it is."""
        return "localhost"

    def look(self) -> dict[str, int] | None:
        """Count what idles."""
        return {"checked_in": len(self.free)} if self.counts else None


def test_pool_is_warm_when_all_that_idles_was_held() -> None:
    """One that has grown meanwhile is held once more, whole: else a stale one would hide."""
    assert [1, 2, 3, 4, 5] == Pool(5).warm(4)


def test_pool_that_counts_nothing_is_held_once() -> None:
    """As many as wanted."""
    assert [1, 2, 3, 4] == Pool(5, counts=False).warm(4)


def test_one_loop_serves_all_threads() -> None:
    """Also those that come at once, first of all: a pool cannot be used on two."""
    together = threading.Barrier(8)

    async def which() -> int:
        return id(asyncio.get_running_loop())

    def ask(_: int) -> int:
        together.wait(5.0)
        return loop.run(which())

    with ThreadPoolExecutor(8) as threads:
        assert 1 == len(set(threads.map(ask, range(8))))


def test_context_is_left_with_its_error() -> None:
    """As if it were entered here."""
    left: list[object] = []

    @asynccontextmanager
    async def context():
        try:
            yield "in"
        except ValueError as error:
            left.append(error)
            raise
        left.append("good")

    with loop.entered(context()) as value:
        assert "in" == value
    with pytest.raises(ValueError, match="seven"), loop.entered(context()):
        raise ValueError("seven")
    assert "good" == left[0]
    assert isinstance(left[1], ValueError)

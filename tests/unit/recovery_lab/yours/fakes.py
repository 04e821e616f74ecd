"""A server of the tests' own that can be away or hang, and a way to read it."""

import itertools
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from recovery_lab.yours.way import Run, Way

STARTED = "2026-01-01T09:00:00.000000Z"


class AwayError(Exception):
    """What its driver raises."""


class FakeServer:
    """Gives each session a pid; `hangs` holds whoever asks until it is told to go on."""

    def __init__(self) -> None:
        self.pids = itertools.count(71)
        self.up = True
        self.goes_on = threading.Event()
        self.goes_on.set()

    def answer(self, pid: int, sql: str) -> list[tuple]:
        self.goes_on.wait()
        if not self.up:
            raise AwayError("server closed the connection unexpectedly\nand a second line")
        if "pg_stat_activity" in sql:
            return [("own", 5, 100)]
        if "in_recovery" in sql:
            return [(True, pid, STARTED, "17.6")]
        if sql.startswith("SELECT '"):
            return [(sql.split("'")[1], pid, STARTED)]
        return [(pid,)]


class FakeWay(Way):
    """Over a pool without an end."""

    kind = "fake"
    pool_size = 5

    def __init__(self, server: FakeServer) -> None:
        self.server = server
        self.closed = False
        self.held = 0

    @contextmanager
    def session(self) -> Iterator[Run]:
        pid = next(self.server.pids)
        yield lambda sql: self.server.answer(pid, sql)

    opened = session

    def host(self) -> str:
        return "localhost"

    def _held(self, count: int) -> list[int]:
        backends = super()._held(count)
        self.held = len(backends)
        return backends

    def look(self) -> dict[str, int]:
        return {"size": 5, "checked_in": self.held, "checked_out": 0}

    def close(self) -> None:
        self.closed = True

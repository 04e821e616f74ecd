"""What the tests share: a scripted server, engines on it, and readers."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, Self

import pytest
from sqlalchemy import Connection, Engine

import steadypool
from fake import Server
from steadypool.session import Session

MakeEngine = Callable[..., Engine]
LIMIT_S = 0.5  # of a wait that is tried
SLACK_S = 1.0  # a busy machine's


@pytest.fixture
def server() -> Iterator[Server]:
    """A server that works, until the test says otherwise."""
    one = Server()
    yield one
    one.script.frozen = False
    one.release.set()
    one.stop()


@pytest.fixture
def make_engine(server: Server) -> Iterator[MakeEngine]:
    """Make engines on the server; they are disposed of at the end, and leave no thread."""
    made: list[Engine] = []

    def make(host: str = "127.0.0.1", port: int = server.port, **options: Any) -> Engine:
        url = f"postgresql://tester@{host}:{port}/lab"
        made.append(steadypool.create_engine(url, use_native_hstore=False, **options))
        return made[-1]

    yield make
    for one in made:
        one.dispose()
    until = time.monotonic() + 8
    while any(one.name == "steadypool-prober" for one in threading.enumerate()):
        assert time.monotonic() < until, threading.enumerate()
        time.sleep(0.01)


@pytest.fixture
def engine(make_engine: MakeEngine) -> Engine:
    """An engine with one warm session."""
    one = make_engine()
    assert 1 == steadypool.read(one, select, deadline_s=5)
    return one


def select(connection: Connection) -> Any:
    """Read once."""
    return connection.exec_driver_sql("SELECT 1").scalar()


def session_of(connection: Connection) -> "Session[Any]":
    """Return the driver's own connection."""
    session = connection.connection.driver_connection
    assert isinstance(session, Session)
    return session


def warm(engine: Engine, count: int) -> list[int]:
    """Fill the pool with `count` sessions, and return their processes."""
    held = [engine.connect() for _ in range(count)]
    pids = [session_of(one).pgconn.backend_pid for one in held]
    for one in held:
        one.close()
    return pids


class Timed:
    """How long a block took, without what a busy machine made all threads wait."""

    def __enter__(self) -> Self:
        self._over, self._stalled_s = threading.Event(), 0.0
        self._witness = threading.Thread(target=self._look, daemon=True)
        self._began_at = time.monotonic()
        self._witness.start()
        return self

    def _look(self) -> None:
        while not self._over.is_set():
            began_at = time.monotonic()
            self._over.wait(0.01)
            self._stalled_s += max(0.0, time.monotonic() - began_at - 0.02)

    def __exit__(self, *_: object) -> None:
        self.wall_s = time.monotonic() - self._began_at
        self._over.set()
        self._witness.join()
        self.s = self.wall_s - self._stalled_s


def wait_for(condition: Callable[[], bool], limit_s: float = 5.0) -> None:
    """Wait until something is so."""
    until = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < until, "it did not come to be"
        time.sleep(0.002)


def hangs(run: Callable[[], None], release: Callable[[], None]) -> bool:
    """Tell whether `run` goes on past its deadline; it is let go afterwards."""

    def quietly() -> None:
        with contextlib.suppress(Exception):  # as it ends when it is let go
            run()

    thread = threading.Thread(target=quietly, daemon=True)
    thread.start()
    thread.join(LIMIT_S + SLACK_S)
    hung = thread.is_alive()
    release()
    thread.join(10)
    assert not thread.is_alive()
    return hung

"""Objects of the test's own process: what is read, what idles, and what cannot be handed over."""

import asyncio
import threading
from concurrent.futures import CancelledError
from functools import partial
from typing import Any

import pytest
from sqlalchemy import create_engine, event

from recovery_lab.errors import BadInputError, InconclusiveError
from recovery_lab.yours import live as module
from recovery_lab.yours import loop
from recovery_lab.yours.engines import SyncEngine
from recovery_lab.yours.found import KINDS
from recovery_lab.yours.live import Live
from recovery_lab.yours.pools import PsycopgPool
from recovery_lab.yours.way import Way
from tests.unit.recovery_lab.yours.fakes import FakeServer, FakeWay

URL = "postgresql+psycopg2://nobody@127.0.0.1:1/none"


class Own:
    """Somebody's pool, of which more can be made."""


class OwnWay(FakeWay):
    """How it is read; `others` are those that were made."""

    others: list[Way]
    checked_out = 0

    def __init__(self, own: object) -> None:
        super().__init__(own.server)
        self.own = own

    def another(self) -> Way:
        other = OwnWay(self.own)
        self.own.others.append(other)
        return other

    def look(self) -> dict[str, int]:
        return {"checked_out": self.own.checked_out}


@pytest.fixture
def own(monkeypatch: pytest.MonkeyPatch) -> Any:
    """An object that the lab knows."""
    kind = type("OwnKind", (OwnWay,), {})
    monkeypatch.setitem(KINDS, (Own.__module__.partition(".")[0], "Own"), kind)
    one = Own()
    one.server, one.others, one.checked_out = FakeServer(), [], 0
    return one


def test_steady_reads_go_through_the_object_and_another_idles(own: Any) -> None:
    """Which is closed as soon as it is given back; the test's own is not."""
    live = Live(own, "")
    with live.lent("steady") as steady, live.lent("idle") as idle:
        assert (own, own) == (steady.own, idle.own)
        assert [idle] == own.others
    assert (False, True) == (steady.closed, idle.closed)


def test_asynchronous_object_is_not_read_on_the_labs_loop(own: Any, monkeypatch) -> None:
    """Its sessions are its own loop's: every job has another."""
    monkeypatch.setattr(OwnWay, "on_loop", True)
    with Live(own, "").lent("steady") as steady:
        assert [steady] == own.others
    with Live(own, "").fresh() as fresh:  # opens none through it
        assert fresh not in own.others


def test_function_makes_one_for_each_job(own: Any) -> None:
    """All are the lab's to close."""
    made = []

    def make() -> Own:
        made.append(own)
        return own

    live = Live(make, "")
    assert "make" == live.name
    with live.lent("steady") as steady, live.lent("idle") as idle, live.fresh() as fresh:
        assert 3 == len(made)
    assert all(one.closed for one in (steady, idle, fresh))
    assert [] == own.others


def test_look_tells_what_was_found(own: Any) -> None:
    """As of an engine that is named; a fresh session's length is the median of some."""
    found = Live(own, "").look()
    assert ("fake", "localhost", 5) == (found.kind, found.host, found.pool_size)
    assert 0 < found.fresh_s < 1


def test_object_that_cannot_be_read_now_is_no_steady_state(own: Any) -> None:
    """With the driver's own words."""
    own.server.up = False
    told = (
        "the engine: no steady state before: AwayError: server closed the connection unexpectedly"
    )
    with pytest.raises(InconclusiveError, match=told):
        Live(own, "").look()


def test_object_that_hangs_is_given_up(own: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The test's own process is not left hanging."""
    monkeypatch.setattr(module, "LOOK_LIMIT_S", 0.1)
    own.server.goes_on.clear()
    with pytest.raises(InconclusiveError, match=r"look not done after 0\.1 s"):
        Live(own, "").look()
    own.server.goes_on.set()


def test_session_that_the_test_holds_is_asked_back(own: Any, monkeypatch) -> None:
    """The outage would cut it, and the pool never be whole; one that comes back in time is fine."""
    monkeypatch.setattr(module, "BUSY_S", 0.3)
    own.checked_out = 2
    with pytest.raises(BadInputError, match="the engine has 2 connections checked out"):
        Live(own, "").look()
    threading.Timer(0.1, partial(setattr, own, "checked_out", 0)).start()
    Live(own, "").look()


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (5, "the engine is a int: expected an Engine"),
        (None, "the engine is a NoneType: expected an Engine"),
        (Own, "the engine is a type: expected an Engine"),
        (lambda: 1 / 0, "the engine: calling it raised ZeroDivisionError: division by zero"),
        (create_engine("sqlite://"), "the engine is an engine of sqlite, expected one of Post"),
        (lambda: 7, 'tells no login for fresh sessions: add dsn="postgresql://…"'),
    ],
    ids=["number", "nothing", "class", "raises", "sqlite", "without a login"],
)
def test_what_is_no_engine_is_named(value: object, told: str) -> None:
    """In the words of the test, not of a command line."""
    with pytest.raises(BadInputError, match=told):
        Live(value, "").look()


def test_server_elsewhere_is_refused(own: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """As by the verb."""
    monkeypatch.setattr(OwnWay, "host", lambda _: "db.example.org")
    with pytest.raises(BadInputError, match=r"db\.example\.org, which is not this machine"):
        Live(own, "").look()


def test_asyncpg_pool_is_refused_before_its_loop_is_blocked() -> None:
    """Only the function that makes one can be handed over."""
    pool = type("Pool", (), {"__module__": "asyncpg.pool"})()
    with pytest.raises(BadInputError, match="hand over the function that makes it"):
        Live(pool, "")


def test_other_engine_keeps_options_and_listeners_and_has_a_pool_of_its_own() -> None:
    """A listener may be part of the cure; the engine's own pool is not touched."""
    engine = create_engine(URL, pool_size=3, pool_pre_ping=True, isolation_level="AUTOCOMMIT")
    engine = engine.execution_options(stream_results=True)
    event.listen(engine, "before_cursor_execute", lambda *_: None)
    pool = engine.pool
    other = SyncEngine(engine).another()
    assert 3 == other.pool_size
    assert engine.pool is pool
    assert other._engine.pool is not pool
    assert other._engine.pool._pre_ping
    assert 1 == len(list(other._engine.dispatch.before_cursor_execute))
    assert {"stream_results": True} == dict(other._engine.get_execution_options())
    other.close()
    assert engine.pool is pool


class ConnectionPool:
    """Keeps its arguments as psycopg_pool's does."""

    __module__ = "psycopg_pool.pool"

    def __init__(self, conninfo: str = "", *, check=None, **kwargs: Any) -> None:
        self.conninfo, self._check, self._min_size = conninfo, check, 4
        self.opened = kwargs.get("open", True)
        self.timeout = kwargs.get("timeout", 30.0)
        self.name = kwargs.get("name", "pool-1")

    @property
    def min_size(self) -> int:
        return self._min_size

    def check(self) -> None:
        """Is another thing than the callback that it was given."""


class Own3(ConnectionPool):
    """Somebody's, with another argument."""

    def __init__(self, conninfo: str = "", *, timeout: float = 30.0, **kwargs: Any) -> None:
        super().__init__(conninfo, timeout=timeout, **kwargs)


class Fixed(ConnectionPool):
    """Somebody's, which is made without any."""

    def __init__(self) -> None:
        super().__init__("host=here")


def test_other_pool_has_the_same_arguments() -> None:
    """Its callbacks too: without `check` it would be another pool. It is not opened yet."""
    pool = Own3("host=here", timeout=3.0, check=len)
    other = PsycopgPool(pool).another()._pool
    assert type(other) is Own3
    assert ("host=here", 3.0, len, False) == (
        other.conninfo,
        other.timeout,
        other._check,
        other.opened,
    )


def test_pool_that_cannot_be_made_again_is_named() -> None:
    """A class of somebody's own may take other arguments."""
    with pytest.raises(BadInputError, match="Fixed cannot be made a second time"):
        PsycopgPool(Fixed()).another()


def test_loop_that_is_ended_frees_who_waits_for_it() -> None:
    """A read on it that hangs for good would else keep its thread."""
    failed = threading.Event()

    def wait() -> None:
        try:
            loop.run(asyncio.Event().wait())
        except CancelledError:
            failed.set()

    threading.Thread(target=wait, daemon=True).start()
    while not loop._LOOP.is_running():
        threading.Event().wait(0.01)
    threading.Event().wait(0.1)
    loop.end()
    assert failed.wait(3.0)
    assert not loop._LOOP.is_running()
    assert 7 == loop.run(_seven())  # it is started again
    loop.end()


async def _seven() -> int:
    return 7

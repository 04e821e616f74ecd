"""The pools: connections come back, the pinned one never goes."""

from pathlib import Path
from typing import Any, Self

import psycopg2
import pytest
import sqlalchemy.exc
from sqlalchemy import Engine

from dashboard.db_connector import POLICIES, Address
from dashboard.errors import classify
from dashboard.pool import EnginePool, Fetch, PinnedPool, Row, make_pool
from tests.unit.dashboard.corpus import lost

ADDRESS = Address(
    host="db.test", port=5432, database="lab", user="reader", password_file=Path("/dev/null")
)


def one(fetch: Fetch) -> list[Row]:
    """Ask for one row."""
    return fetch("SELECT 1 AS one")


def test_engine_pool_reads_rows(engine: Engine) -> None:
    """Rows come as dictionaries, and the connection goes back."""
    pool = EnginePool(POLICIES["naive"], engine)
    assert [{"one": 1}] == pool.read(one)
    stats = pool.stats()
    assert (5, 1, 0, 0, 1, 0) == (
        stats.size,
        stats.checked_in,
        stats.checked_out,
        stats.overflow,
        stats.connects_total,
        stats.invalidations_total,
    )


def test_engine_pool_gets_its_connection_back_from_a_failed_read(engine: Engine) -> None:
    """A dead checkout must not leak, whatever the read raised."""
    pool = EnginePool(POLICIES["naive"], engine)

    def fail(fetch: Fetch) -> None:
        one(fetch)
        raise RuntimeError

    with pytest.raises(RuntimeError):
        pool.read(fail)
    with pytest.raises(sqlalchemy.exc.OperationalError):
        pool.read(lambda fetch: fetch("SELECT nothing FROM nowhere"))
    assert (1, 0) == (pool.stats().checked_in, pool.stats().checked_out)


@pytest.mark.parametrize(("name", "connects"), [("naive", 1), ("adopted", 1), ("dispose", 2)])
def test_failed_check_disposes_under_dispose_alone(
    name: str, connects: int, engine: Engine
) -> None:
    """The monitor touches the pages' pool under no other policy."""
    pool = EnginePool(POLICIES[name], engine)  # type: ignore[index]
    pool.read(one)
    pool.check_failed()
    pool.read(one)
    assert connects == pool.stats().connects_total


@pytest.mark.parametrize(
    ("name", "workers"),
    [("naive", 15), ("adopted", 15), ("dispose", 15), ("pinned", 5), ("steady", 15)],
)
def test_workers_are_what_the_pool_can_serve(name: str, workers: int) -> None:
    """Five at least, the pool's size plus its overflow at most."""
    assert workers == make_pool(POLICIES[name], ADDRESS).workers  # type: ignore[index]


def test_steady_waits_within_its_callers_deadline(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody waits for a page that has given up; the other policies know no such wait."""
    given: list[object] = []

    def read(asked: Engine, _: object, *, deadline_s: float) -> list[Row]:
        given.append((asked, deadline_s))
        return [{"one": 1}]

    monkeypatch.setattr("steadypool.read", read)
    for name in ("steady", "adopted"):
        pool = EnginePool(POLICIES[name], engine, deadline_s=5)  # type: ignore[index]
        assert [{"one": 1}] == pool.read(one)
    assert [(engine, 5)] == given


class FakeCursor:
    """A psycopg2 cursor whose connection may be dead."""

    def __init__(self, connection: "FakeConnection") -> None:
        self._connection = connection

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def execute(self, _: str) -> None:
        """Fail when the connection is dead."""
        if self._connection.dead:
            raise psycopg2.OperationalError("server closed the connection unexpectedly")

    def fetchall(self) -> list[Row]:
        """Return one row that tells the connection's number."""
        return [{"number": self._connection.number}]


class FakeConnection:
    """A psycopg2 connection with a number; a dead one still has what the server said last."""

    notices: tuple[str, ...] = ()
    info = lost("FATAL:  terminating connection due to administrator command").info

    def __init__(self, number: int) -> None:
        self.number, self.dead, self.autocommit = number, False, False

    @property
    def closed(self) -> int:
        """Tell it as psycopg2 does."""
        return 2 if self.dead else 0

    def cursor(self, **_: Any) -> FakeCursor:
        """Return a cursor."""
        return FakeCursor(self)


class FakeDriver:
    """Hands out connections, or refuses."""

    def __init__(self) -> None:
        self.made: list[FakeConnection] = []
        self.refuses = False
        self.asked: list[dict[str, Any]] = []

    def connect(self, **args: Any) -> FakeConnection:
        """Connect, or raise."""
        self.asked.append(args)
        if self.refuses:
            raise psycopg2.OperationalError("Connection refused")
        self.made.append(FakeConnection(len(self.made)))
        return self.made[-1]


@pytest.fixture
def driver(monkeypatch: pytest.MonkeyPatch) -> FakeDriver:
    """Put a fake driver under the pinned pool."""
    driver = FakeDriver()
    monkeypatch.setattr(psycopg2, "connect", driver.connect)
    return driver


def test_pinned_pool_never_replaces_its_connection(driver: FakeDriver) -> None:
    """Once dead, every read fails for ever: the control."""
    pool = PinnedPool(POLICIES["pinned"], ADDRESS)
    assert [{"number": 0}] == pool.read(one)
    driver.made[0].dead = True
    for _ in range(3):
        with pytest.raises(psycopg2.OperationalError, match="server closed the connection") as told:
            pool.read(one)
        assert "terminated" == classify(told.value).kind
    pool.check_failed()
    with pytest.raises(psycopg2.OperationalError):
        pool.read(one)
    assert 1 == len(driver.made)
    assert (1, 1, 0, 1, 0) == (
        pool.stats().size,
        pool.stats().checked_in,
        pool.stats().checked_out,
        pool.stats().connects_total,
        pool.stats().invalidations_total,
    )


def test_pinned_pool_tries_a_failed_connect_again(driver: FakeDriver) -> None:
    """A dashboard started before its database still finds it: an error is not cached."""
    pool = PinnedPool(POLICIES["pinned"], ADDRESS)
    driver.refuses = True
    with pytest.raises(psycopg2.OperationalError):
        pool.read(one)
    assert (0, 0) == (pool.stats().checked_in, pool.stats().connects_total)
    driver.refuses = False
    assert [{"number": 0}] == pool.read(one)
    assert "dashboard-pool" == driver.asked[-1]["application_name"]


def test_pinned_pool_counts_its_connection_as_in_use_during_a_read(driver: FakeDriver) -> None:
    """The lock held is the connection held."""
    pool = PinnedPool(POLICIES["pinned"], ADDRESS)
    pool.read(one)
    during = pool.read(lambda _: pool.stats())
    assert (0, 1) == (during.checked_in, during.checked_out)

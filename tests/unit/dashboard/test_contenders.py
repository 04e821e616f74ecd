"""The pool policies as contenders: the dashboard's own pools, and errors in its own words."""

import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import psycopg
import psycopg2
import pytest
import sqlalchemy.exc

from dashboard.contenders import DRIVER, DRIVER_3, PARTS, PolicyContender, make
from dashboard.db_connector import PLAN_18_03, POLICIES
from dashboard.retry import BOUNDS
from recovery_lab.target import load_target
from steadypool import Waits

Hold = Any


@pytest.fixture
def way(tmp_path: Path) -> dict[str, Any]:
    """The way to a database that is not there."""
    (tmp_path / "password").write_text("none\n")
    login = {"host": "127.0.0.1", "port": 1, "name": "lab", "user": "nobody"}
    login |= {"password_file": str(tmp_path / "password")}
    return {"login": login, "work": "true", "reading": None}


class FakePool:
    """A pool of five, some of whose connections are dead; a read that meets one loses it."""

    def __init__(self, dead: int = 0, disposed: int = 0) -> None:
        self.dead, self.lock = dead, threading.Lock()
        self.disposed, self.looks = disposed, 0
        self.pids = iter(range(1, 1000))

    def read(self, query: Hold) -> Any:
        with self.lock:
            pid = next(self.pids)
            if self.dead:
                self.dead -= 1
                raise psycopg2.OperationalError("gone")
        return query(lambda sql: [{"backend_pid": pid}])

    def stats(self) -> SimpleNamespace:
        self.looks += 1
        return SimpleNamespace(checked_in=0 if self.looks <= self.disposed else 5)


@pytest.mark.parametrize("name", sorted(POLICIES))
def test_each_policy_is_a_contender_over_the_dashboards_own_pool(
    name: str, way: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is measured is what is shipped; one pinned connection is no pool."""
    monkeypatch.setattr("dashboard.contenders.Monitor.start", lambda self: None)
    contender = make(name, way)
    assert POLICIES[name] is contender._pool.policy
    assert (None if name == "pinned" else 5) == (contender.look() or {}).get("size")


def test_contender_reads_the_targets_table(way: dict[str, Any]) -> None:
    """Its read touches what the lab says, beside the evidence of who answered."""
    asked: list[str] = []

    def fetch(sql: str) -> list[dict]:
        asked.append(sql)
        return [{"nonce": "n-1"}]

    contender = make("adopted", {**way, "work": 'EXISTS (SELECT FROM "orders")'})
    contender._pool = SimpleNamespace(read=lambda query: query(fetch))
    assert "n-1" == contender.read("n-1")["nonce"]
    assert asked[0].startswith("SELECT 'n-1' AS nonce, pg_backend_pid()")
    assert asked[0].endswith('WHERE EXISTS (SELECT FROM "orders")')


@pytest.mark.parametrize("name", sorted({*POLICIES, *PARTS} - {"dispose", "steady"}))
def test_contender_reads_its_secret_for_each_connection(
    name: str, way: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the dashboard does: a password rotated while the database is away needs no restart."""
    given: list[object] = []

    def connect(*_: object, **arguments: object) -> None:
        given.append(arguments["password"])
        raise psycopg2.ProgrammingError("no such driver")  # which nobody tries again

    monkeypatch.setattr(psycopg2, "connect", connect)
    contender = make(name, way)
    for password in ("old", "new"):
        Path(way["login"]["password_file"]).write_text(f"{password}\n")
        with pytest.raises((psycopg2.Error, sqlalchemy.exc.DBAPIError)):
            contender.read("n")
    assert ["old", "new"] == given


def test_steady_reads_its_secret_for_each_session(
    way: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """So does the one over psycopg 3."""
    given: list[object] = []

    def connect(*_: object, **arguments: object) -> None:
        given.append(arguments["password"])
        raise psycopg.OperationalError("password authentication failed")  # which nobody waits out

    monkeypatch.setattr("steadypool.session.Session.connect", connect)
    contender = make("steady", way)
    for password in ("old", "new"):
        Path(way["login"]["password_file"]).write_text(f"{password}\n")
        with pytest.raises(sqlalchemy.exc.OperationalError) as refused:
            contender.read("n")
        told = contender.failure(refused.value)
        assert ("login_rejected", DRIVER_3) == (told["kind"], told["driver"])
    contender.forget()
    assert ["old", "new"] == given


def test_parts_are_one_option_each_and_the_plan_without_its_ping(way: dict[str, Any]) -> None:
    """Which option cures what is told by engines that differ in it alone."""
    options = {name: dict(make(name, way)._pool.policy.engine_options) for name in PARTS}
    without, bounded = options.pop("without-pool_pre_ping"), options.pop("bounded")
    assert {**PLAN_18_03, "connect_args": BOUNDS} == bounded
    assert dict(PLAN_18_03) == {**without, "pool_pre_ping": True}
    assert "pool_pre_ping" not in without
    assert [dict([option]) for option in PLAN_18_03.items()] == list(options.values())


def test_wait_on_silence_is_declared_as_the_options_bound_it() -> None:
    """The target file says what libpq is told, of those that tell it, and of nobody else."""
    declared = load_target(Path(__file__).parents[3] / "target.toml").contenders
    bounds = {
        name: traits.silent_s
        for name, traits in {**declared.entries, **declared.when_asked}.items()
        if traits.silent_s is not None
    }
    limits = Waits()  # it asks about silence instead, and waits on where the server works
    assert limits.patience_s + limits.unrepeatable_grace_s < bounds.pop("steady")
    assert dict.fromkeys(("retry", "bounded"), BOUNDS["tcp_user_timeout"] / 1000) == bounds


def test_dispose_has_a_monitor_beside_it(
    way: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It clears the pool on a failed check, as it does in the dashboard; the others have none."""
    started = Mock()
    monkeypatch.setattr("dashboard.contenders.Monitor.start", started)
    make("adopted", way)
    started.assert_not_called()
    make("dispose", way)
    started.assert_called_once()


def test_failed_read_is_told_in_the_dashboards_words(way: dict[str, Any]) -> None:
    """Phase, kind, class and message of the driver's own error inside SQLAlchemy's."""
    inner = psycopg2.OperationalError("connection refused\nsecond line")
    told = make("naive", way).failure(sqlalchemy.exc.OperationalError(None, None, inner))
    assert {
        "phase": "connect",
        "kind": "refused",
        "error_class": "OperationalError",
        "sqlstate": "",
        "message": "connection refused",
        "said": "",
        "driver": DRIVER,
    } == told


def test_failed_read_tells_what_the_server_said_before(way: dict[str, Any]) -> None:
    """The driver's error leaves it out; its first line is enough to know the cause."""
    error = psycopg2.OperationalError("server closed the connection unexpectedly")
    error.add_note("\nFATAL:  terminating connection due to administrator command\nserver closed")
    told = make("naive", way).failure(error)
    said = "FATAL:  terminating connection due to administrator command"
    assert (said, "execute") == (told["said"], told["phase"])


def test_warm_holds_all_connections_at_once(way: dict[str, Any]) -> None:
    """Each is another backend; what an outage has left dead is replaced on the way."""
    contender = make("naive", way)
    contender._pool = FakePool(dead=3)
    assert 5 == len(set(contender.warm(5)))


def test_warm_of_a_pool_that_was_disposed_of_meanwhile_goes_on(way: dict[str, Any]) -> None:
    """What the monitor closed idles no more: another round fills the new pool."""
    contender = make("naive", way)
    contender._pool = FakePool(disposed=1)
    assert [6, 7, 8, 9, 10] == sorted(contender.warm(5))


def test_warm_of_a_pool_that_stays_dead_raises_its_error(way: dict[str, Any]) -> None:
    """In bounded time: a failed one does not keep the others waiting."""
    contender = make("naive", way)
    contender._pool = FakePool(dead=1000)
    with pytest.raises(psycopg2.OperationalError, match="gone"):
        contender.warm(5)


def test_warm_of_a_pinned_connection_asks_it_once(
    way: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Four at once would wait for each other behind its one lock."""
    contender: PolicyContender = make("pinned", way)
    monkeypatch.setattr(contender, "_pool", FakePool(dead=0))
    assert [1] == contender.warm(4)

"""The file to paste: what it runs again, what it does not, and for how long."""

import ast
import inspect
import time
from pathlib import Path

import psycopg2
import psycopg2.errors
import pytest
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from tenacity import stop_before_delay

from dashboard import retry
from dashboard.db_connector import PLAN_18_03, POLICIES, Address, build_engine
from dashboard.pool import EnginePool, Fetch

ADDRESS = Address(
    host="db.test", port=5432, database="lab", user="reader", password_file=Path("/dev/null")
)


class Away:
    """A database that is away for the first reads, in one way."""

    def __init__(self, times: int, error: Exception) -> None:
        self.left, self.error, self.asked = times, error, 0

    def work(self, connection: Connection) -> int:
        """Read, or fail as the database does."""
        self.asked += 1
        if self.asked <= self.left:
            raise self.error
        return connection.execute(text("SELECT 1")).scalar_one()


def _lost() -> OperationalError:
    """SQLAlchemy's word for a session that was lost under a statement."""
    error = psycopg2.OperationalError("server closed the connection unexpectedly")
    return OperationalError("SELECT", None, error, connection_invalidated=True)


def _refused() -> OperationalError:
    return OperationalError("SELECT", None, psycopg2.OperationalError("Connection refused"))


def _closed() -> InterfaceError:
    error = psycopg2.InterfaceError("connection already closed")
    return InterfaceError("SELECT", None, error, connection_invalidated=True)


@pytest.mark.parametrize("error", [_lost(), _refused(), _closed()])
def test_read_is_run_again_while_the_database_is_away(engine: Engine, error: DBAPIError) -> None:
    """Three lost attempts, and the user sees none of them."""
    away = Away(3, error)
    assert 1 == retry.read(engine, away.work)
    assert 4 == away.asked


class _Answered(psycopg2.OperationalError):
    """An error that the server answered with, and will answer with again."""

    pgcode = "57014"


@pytest.mark.parametrize(
    "error",
    [
        ProgrammingError("SELECT", None, psycopg2.errors.UndefinedTable("no such table")),
        OperationalError("SELECT", None, _Answered("statement timeout")),
        PoolTimeout("QueuePool limit of size 5 overflow 10 reached"),
        ValueError("a bug"),
    ],
)
def test_read_that_failed_for_another_reason_is_not_run_again(
    engine: Engine, error: Exception
) -> None:
    """What a retry cannot cure is told at once."""
    away = Away(1, error)
    with pytest.raises(type(error)):
        retry.read(engine, away.work)
    assert 1 == away.asked


def test_read_ends_with_the_last_error_after_one_deadline(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The attempts share it, and the driver's own words are what is raised."""
    monkeypatch.setattr(retry.RETRYING, "stop", stop_before_delay(0.5))
    began = time.monotonic()
    away = Away(10**6, _refused())
    with pytest.raises(OperationalError, match="Connection refused"):
        retry.read(engine, away.work)
    assert 0.5 > time.monotonic() - began - 0.2
    assert 2 <= away.asked < 100


def test_policy_reads_through_it(engine: Engine) -> None:
    """The policy is the pasted file, not a copy of it."""
    asked = []

    def one(fetch: Fetch) -> object:
        asked.append(1)
        if len(asked) < 3:
            raise _lost()
        return fetch("SELECT 1 AS one")

    assert [{"one": 1}] == EnginePool(POLICIES["retry"], engine).read(one)
    asked.clear()
    with pytest.raises(OperationalError):
        EnginePool(POLICIES["adopted"], engine).read(one)


def test_options_are_the_plans_with_bounded_connections() -> None:
    """All four of the plan, and what libpq needs to give up on a silent server."""
    assert PLAN_18_03.items() <= retry.OPTIONS.items()
    assert {"connect_args"} == retry.OPTIONS.keys() - PLAN_18_03.keys()
    assert build_engine(POLICIES["retry"], ADDRESS).pool._pre_ping


def test_file_can_be_pasted() -> None:
    """At most 60 lines, no import of ours, and no function of another file."""
    source = inspect.getsource(retry)
    assert 60 >= len(source.splitlines())
    modules = [
        node.module for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ImportFrom)
    ]
    assert {"collections", "typing", "sqlalchemy", "tenacity"} == {
        (module or "").split(".")[0] for module in modules
    }

"""No wait of a session's without a deadline: each of the driver's, and the control that hangs."""

import ast
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import Connection, Engine, exc

import steadypool
from conftest import LIMIT_S, SLACK_S, Timed, hangs, session_of
from fake import Server
from steadypool import waits
from steadypool.session import Session

Wait = Callable[[Connection, Server], Any]


def query(connection: Connection, server: Server) -> None:
    """Wait for a query's answer."""
    server.script.frozen = True
    connection.exec_driver_sql("SELECT 1")


def row_by_row(connection: Connection, server: Server) -> None:
    """Wait for rows that come one at a time."""
    server.script.halting = True
    list(session_of(connection).cursor().stream("SELECT 1"))


@contextmanager
def _cursor(connection: Connection) -> Iterator[psycopg.ServerCursor[Any]]:
    """Give a cursor of the server's, and close it even where its session is lost."""
    cursor = session_of(connection).cursor(name="rows")
    try:
        yield cursor
        cursor.close()
    finally:
        session_of(connection).pgconn.finish()
        cursor.close()


def declare(connection: Connection, server: Server) -> None:
    """Wait for a cursor of the server's."""
    with _cursor(connection) as cursor:
        server.script.frozen = True
        cursor.execute("SELECT 1")


def fetch(connection: Connection, server: Server) -> None:
    """Wait for the rows of a cursor of the server's."""
    with _cursor(connection) as cursor:
        cursor.execute("SELECT 1")
        server.script.frozen = True
        cursor.fetchone()


def close_cursor(connection: Connection, server: Server) -> None:
    """Wait for the end of a cursor of the server's."""
    with _cursor(connection) as cursor:
        cursor.execute("SELECT 1")
        server.script.frozen = True


def many(connection: Connection, server: Server) -> None:
    """Wait for a statement of many parameters."""
    server.script.frozen = True
    session_of(connection).cursor().executemany("INSERT INTO ledger VALUES (%s)", [(1,), (2,)])


def synchronise(connection: Connection, server: Server) -> None:
    """Wait for what a pipeline has sent."""
    session = session_of(connection)
    with session.pipeline() as pipeline:
        session.execute("SELECT 1")
        server.script.frozen = True
        pipeline.sync()


def copy_out(connection: Connection, server: Server) -> None:
    """Wait for copied rows."""
    server.script.halting = True
    with session_of(connection).cursor().copy("COPY ledger TO STDOUT") as copied:
        copied.read()


def copy_in(connection: Connection, server: Server) -> None:
    """Wait for the server to have taken them."""
    with session_of(connection).cursor().copy("COPY ledger FROM STDIN") as copying:
        copying.write_row((1,))
        server.script.frozen = True


def commit(connection: Connection, server: Server) -> None:
    """Wait for the end of a transaction."""
    connection.exec_driver_sql("SELECT 1")
    server.script.frozen = True
    connection.commit()


def rollback(connection: Connection, server: Server) -> None:
    """Wait for a transaction to be undone."""
    connection.exec_driver_sql("SELECT 1")
    server.script.frozen = True
    session_of(connection).rollback()


def block(connection: Connection, server: Server) -> None:
    """Wait for the end of a block of psycopg's own."""
    with session_of(connection).transaction():
        server.script.frozen = True


def prepare(connection: Connection, server: Server) -> None:
    """Wait for the first of two phases."""
    session = session_of(connection)
    session.rollback()
    session.tpc_begin("ledger")
    session.execute("SELECT 1")
    server.script.frozen = True
    session.tpc_prepare()


def ping(connection: Connection, server: Server) -> None:
    """Wait for a ping."""
    server.script.frozen = True
    session = session_of(connection)
    session.used_at = 0.0
    connection.engine.dialect.do_ping(session)


def listen(connection: Connection, _: Server) -> None:
    """Wait for notifications that do not come."""
    list(session_of(connection).notifies())


WAITS = [
    query, row_by_row, declare, fetch, close_cursor, many, synchronise, copy_out, copy_in,
    commit, rollback, block, prepare, ping, listen,
]  # fmt: skip


def _names(wait: Wait) -> str:
    return wait.__name__


@pytest.mark.parametrize("wait", WAITS, ids=_names)
def test_wait_ends_at_the_deadline(engine: Engine, server: Server, wait: Wait) -> None:
    """A server that stops answering holds nobody."""
    connection = engine.connect()
    lost = pytest.raises((exc.OperationalError, psycopg.OperationalError))
    with Timed() as took, steadypool.deadline(LIMIT_S), lost as failed:
        wait(connection, server)
    assert took.s < LIMIT_S + SLACK_S, took.s
    assert "deadline passed" in str(failed.value)
    server.script.frozen = False
    connection.invalidate()
    connection.close()


@pytest.mark.parametrize("wait", WAITS, ids=_names)
def test_same_wait_of_the_drivers_own_hangs(
    engine: Engine, server: Server, wait: Wait, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: without the deadline the wait goes on for as long as the server is silent."""
    monkeypatch.setattr(Session, "wait", psycopg.Connection.wait)
    connection = engine.connect()

    def run() -> None:
        with steadypool.deadline(LIMIT_S):
            wait(connection, server)

    assert hangs(run, server.cut)
    server.script.frozen = False
    connection.invalidate()
    connection.close()


def test_driver_waits_in_no_other_place() -> None:
    """Besides `wait` only connecting, which ours replaces, and a cancel, which has its own limit.

    A version of psycopg that waits elsewhere would wait there without a deadline of ours.
    """
    found = {
        (path.stem, function.name)
        for path in Path(psycopg.__file__).parent.glob("*.py")
        if not path.stem.endswith("_async")
        for function in ast.walk(ast.parse(path.read_text()))
        if isinstance(function, ast.FunctionDef)
        for call in ast.walk(function)
        if isinstance(call, ast.Attribute)
        and isinstance(call.value, ast.Name)
        and call.value.id == "waiting"
    }
    expected = {("connection", name) for name in ("connect", "cancel_safe", "wait")}
    assert expected == found


def test_listener_with_a_limit_of_its_own_ends_at_the_earlier(engine: Engine) -> None:
    """A declared deadline bounds all that is waited for; the session is as good as before."""
    with engine.connect() as connection:
        session = session_of(connection)
        with Timed() as took, steadypool.deadline(LIMIT_S):
            assert [] == list(session.notifies(timeout=20))
        assert took.s < LIMIT_S + SLACK_S, took.s
        with Timed() as took, steadypool.deadline(20):
            assert [] == list(session.notifies(timeout=LIMIT_S))
        assert took.s < LIMIT_S + SLACK_S, took.s
        assert not session.closed


def test_earlier_of_two_deadlines_holds() -> None:
    """Whichever was declared first; and each only inside its block."""
    with steadypool.deadline(1):
        with steadypool.deadline(10):
            assert waits.left(99) <= 1
        with steadypool.deadline(0.1):
            assert waits.left(99) <= 0.1
        assert 0.1 < waits.left(99) <= 1
    assert 99 == waits.left(99)


def test_what_may_be_repeated_is_declared_for_its_block_alone() -> None:
    """Nothing within a read that declares a deadline of its own, and nothing after it."""
    assert not waits.repeatable()
    with steadypool.deadline(1, repeatable=True):
        assert waits.repeatable()
        with steadypool.deadline(1):
            assert not waits.repeatable()
        assert waits.repeatable()
    assert not waits.repeatable()

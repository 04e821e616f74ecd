"""What applications do with an engine: mapped classes, data frames, COPY, many rows."""

from typing import Any

import pandas as pd
import psycopg
import pytest
from sqlalchemy import (
    Column,
    Connection,
    Engine,
    Integer,
    MetaData,
    Table,
    event,
    exc,
    insert,
    text,
)
from sqlalchemy import select as selected
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.orm import Session as OrmSession

import steadypool
from conftest import select, session_of
from fake import Server
from steadypool.dialect import SteadyDialect


class Base(DeclarativeBase):
    """Of the mapped classes."""


class Entry(Base):
    """A row of the ledger."""

    __tablename__ = "ledger"
    n: Mapped[int] = mapped_column(primary_key=True)


def _verbs(server: Server, since: int) -> list[str]:
    """Return what was asked, without what the prober asks."""
    said = [sql.split()[0] for sql in server.asked[since:] if "pg_is_in_recovery" not in sql]
    return [verb for verb in said if verb != ";"]


def test_mapped_objects_are_read_and_written(engine: Engine, server: Server) -> None:
    """A unit of work is one transaction, as ever."""
    before = len(server.asked)
    with OrmSession(engine) as session, session.begin():
        assert [1] == [entry.n for entry in session.scalars(selected(Entry))]
        session.add(Entry(n=2))
    assert ["BEGIN", "SELECT", "INSERT", "COMMIT"] == _verbs(server, before)


def test_mapped_objects_are_read_through_an_outage(engine: Engine, server: Server) -> None:
    """A unit of work inside `read` runs again as a whole."""
    ended: list[None] = []

    def work(connection: Connection) -> list[int]:
        if not ended:
            ended.append(None)
            server.cut()
        with OrmSession(connection) as session:
            return [entry.n for entry in session.scalars(selected(Entry))]

    assert [1] == steadypool.read(engine, work, deadline_s=5)
    assert 1 == steadypool.counters(engine).retries


def test_transaction_ends_as_its_block_does(engine: Engine, server: Server) -> None:
    """Committed by the end, undone by an error."""
    before = len(server.asked)
    with engine.begin() as connection:
        connection.exec_driver_sql("INSERT INTO ledger VALUES (1)")
    with pytest.raises(ZeroDivisionError), engine.begin() as connection:
        connection.execute(text("INSERT INTO ledger VALUES (:n)"), {"n": 1 / 0})
    assert ["BEGIN", "INSERT", "COMMIT"] == _verbs(server, before)[:3]
    with pytest.raises(exc.ProgrammingError), engine.begin() as connection:
        connection.exec_driver_sql("SELECT wrong")
    assert "ROLLBACK" == _verbs(server, before)[-1]


def test_many_rows_go_in_one_pipeline(engine: Engine, server: Server) -> None:
    """What SQLAlchemy sends by psycopg's `executemany`."""
    before = len(server.asked)
    ledger = Table("ledger", MetaData(), Column("n", Integer))
    with engine.begin() as connection:
        connection.execute(insert(ledger), [{"n": 1}, {"n": 2}, {"n": 3}])
    assert ["BEGIN", *3 * ["INSERT"], "COMMIT"] == _verbs(server, before)


def test_data_frame_is_read(engine: Engine) -> None:
    """By the engine, and as a read."""
    query = text("SELECT 1")
    assert [1] == list(pd.read_sql(query, engine)["n"])
    frame = steadypool.read(engine, lambda one: pd.read_sql(query, one), deadline_s=5)
    assert [1] == list(frame["n"])


def test_data_frame_is_read_through_an_outage(engine: Engine, server: Server) -> None:
    """Its own errors hide SQLAlchemy's, and are seen through."""
    ended: list[None] = []

    def work(connection: Connection) -> Any:
        if not ended:
            ended.append(None)
            server.cut()
        return pd.read_sql(text("SELECT 1"), connection)

    assert [1] == list(steadypool.read(engine, work, deadline_s=5)["n"])
    assert 1 == steadypool.counters(engine).retries


def test_rows_are_copied_through_the_drivers_connection(engine: Engine) -> None:
    """Out and in; a later statement finds the session as it was."""
    with engine.connect() as connection:
        cursor = session_of(connection).cursor()
        with cursor.copy("COPY ledger TO STDOUT") as copied:
            assert b"1\n" == b"".join(copied)
        with cursor.copy("COPY ledger FROM STDIN") as copying:
            copying.write_row((1,))
        assert 1 == cursor.rowcount
        assert 1 == select(connection)
    assert 0 == steadypool.counters(engine).questions


def _copy_cut(cursor: psycopg.Cursor[Any], server: Server) -> None:
    with cursor.copy("COPY ledger FROM STDIN") as copying:
        server.cut()
        copying.write_row((1,))


def test_copying_that_is_cut_is_a_disconnect(engine: Engine, server: Server) -> None:
    """Not of SQLAlchemy's making, so it is told by the pool's next look."""
    with engine.connect() as connection:
        cursor = session_of(connection).cursor()
        with pytest.raises(psycopg.OperationalError):
            _copy_cut(cursor, server)
        assert session_of(connection).closed
    assert 1 == steadypool.read(engine, select, deadline_s=5)


def test_pools_events_tell_of_a_lost_session(engine: Engine, server: Server) -> None:
    """Listeners of SQLAlchemy's hear what they always heard, with the error."""
    heard: list[tuple[str, bool]] = []
    for name in ("invalidate", "close", "checkout", "connect"):

        def listener(*about: object, name: str = name) -> None:
            heard.append((name, any(isinstance(one, Exception) for one in about)))

        event.listen(engine, name, listener)
    connection = engine.connect()
    server.cut()
    with pytest.raises(exc.OperationalError):
        connection.exec_driver_sql("SELECT 1")
    connection.close()
    assert 1 == steadypool.read(engine, select, deadline_s=5)
    assert [("checkout", False), ("invalidate", True)] == heard[:2]
    assert [("connect", False), ("checkout", False)] == heard[-2:]


class Ended:
    """A connection of the driver's as SQLAlchemy looks at it."""

    closed = broken = False


OWN = [
    psycopg.OperationalError("server closed the connection unexpectedly"),
    psycopg.OperationalError("the connection is closed"),
    psycopg.errors.AdminShutdown("terminating connection"),
    psycopg.errors.UndefinedTable("no such table"),
    psycopg.errors.ReadOnlySqlTransaction("read-only"),
    psycopg.InterfaceError("cursor already closed"),
    ValueError("a bug"),
]


@pytest.mark.parametrize("error", OWN, ids=repr)
@pytest.mark.parametrize("closed", [False, True])
def test_disconnect_is_sqlalchemys_own_word(engine: Engine, error: Exception, closed: bool) -> None:
    """Where no primary is needed, what the driver raises is judged as by the dialect above."""
    connection = Ended()
    connection.closed = closed
    dialect = engine.dialect
    assert isinstance(dialect, SteadyDialect)
    expected = PGDialect_psycopg.is_disconnect(dialect, error, connection, None)
    assert bool(expected) == dialect.is_disconnect(error, connection, None)

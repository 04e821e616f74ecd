"""What became of a write, asked of a real server; one whose number a crash gave out anew, too."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, Engine, text

import steadypool
from steadypool.writes import BEGIN
from tests.strangers.server import Server

NAMED = text("INSERT INTO items VALUES (:number, 'washer')")


@pytest.fixture
def engine(database: Server) -> Iterator[Engine]:
    """An engine of steadypool's on the server."""
    one = steadypool.create_engine(database.url())
    yield one
    one.dispose()


def begun(connection: Connection) -> steadypool.TransactionId:
    """Begin a transaction, which leaves nothing in the server's log yet."""
    xid, begun_at, timeline = connection.exec_driver_sql(BEGIN).one()
    return steadypool.TransactionId(xid=xid, begun_at=begun_at, timeline=timeline)


def crash(database: Server) -> None:
    """Let the server end without a checkpoint, and recover."""
    database.stop("immediate")
    database.start()


def status(database: Server, transaction: steadypool.TransactionId) -> str:
    """Return what the server itself says of the number."""
    return str(database.row(f"SELECT pg_xact_status('{transaction.xid}'::xid8)")[0])


def test_number_that_a_crash_gave_out_anew_is_not_taken_for_the_write(
    database: Server, engine: Engine
) -> None:
    """The server calls the number committed, which another transaction has by now."""
    with engine.connect() as connection:
        lost = begun(connection)
        crash(database)
        connection.invalidate()
    assert "not committed" == steadypool.outcome(engine, lost, deadline_s=10)  # of the future
    database.row("SELECT pg_current_xact_id()")
    assert "committed" == status(database, lost)
    assert "not committed" == steadypool.outcome(engine, lost, deadline_s=10)


def test_write_that_was_committed_before_a_crash_is_known(database: Server, engine: Engine) -> None:
    """Its number was in the log when the server recovered."""
    with engine.begin() as connection:
        kept = begun(connection)
        connection.exec_driver_sql("UPDATE items SET name = name")
    crash(database)
    assert "committed" == steadypool.outcome(engine, kept, deadline_s=10)


def test_transaction_left_open_is_ended_and_told(database: Server, engine: Engine) -> None:
    """Its session waits for nobody: it is ended by the question."""
    with engine.connect() as connection:
        left = begun(connection)
        assert "in progress" == status(database, left)
        assert "not committed" == steadypool.outcome(engine, left, deadline_s=10)
        connection.invalidate()
    assert "aborted" == status(database, left)


def test_write_and_restart(database: Server, engine: Engine) -> None:
    """Before and after a restart, each is committed once."""
    for number in (901, 902):
        named = NAMED.bindparams(number=number)
        steadypool.write(engine, lambda it, named=named: it.execute(named), deadline_s=10)
        database.restart()
    assert (2,) == database.row("SELECT count(*) FROM items WHERE id > 900")
    database.row("DELETE FROM items WHERE id > 900")
    assert (0,) == database.row("SELECT count(*) FROM items WHERE id > 900")

"""Reads under one deadline, and statements that are never repeated."""

import threading
from collections.abc import Callable

import psycopg
import pytest
from sqlalchemy import Connection, Engine, exc

import steadypool
from conftest import MakeEngine, Timed, select, session_of
from fake import Server
from steadypool import reads
from steadypool.session import Session


def test_outage_is_recognised_where_it_is_wrapped() -> None:
    """Pandas raises an error of its own from SQLAlchemy's."""
    lost = exc.OperationalError("", {}, psycopg.OperationalError(), connection_invalidated=True)
    wrapped = RuntimeError("execution failed on sql")
    wrapped.__cause__ = lost
    assert reads.is_outage(wrapped)
    assert not reads.is_outage(RuntimeError("execution failed on sql"))


def test_restart_is_not_seen_by_a_read(engine: Engine, server: Server) -> None:
    """A read due while the server is away is answered when it is back, in one attempt."""
    server.stop()
    with Timed() as took:
        threading.Timer(0.4, server.start).start()
        assert 1 == steadypool.read(engine, select, deadline_s=5)
    assert 0.35 < took.wall_s
    assert took.s < 3, took.s
    assert 0 == steadypool.counters(engine).retries


def test_lost_in_flight_is_read_again(engine: Engine, server: Server) -> None:
    """A session that ends in the middle of a read costs an attempt, and the read nothing."""
    ended = []

    def work(connection: Connection) -> object:
        if not ended:
            ended.append(None)
            server.cut()
        return select(connection)

    assert 1 == steadypool.read(engine, work, deadline_s=5)
    assert 1 == steadypool.counters(engine).retries


@pytest.mark.parametrize("at", range(0, 120, 7))
def test_answer_cut_at_any_byte_is_read_again(
    make_engine: MakeEngine, server: Server, at: int
) -> None:
    """Half an answer is none."""
    engine = make_engine()
    steadypool.read(engine, select, deadline_s=5)
    engine.dispose()
    server.script.cut_after = at
    threading.Timer(0.1, setattr, (server.script, "cut_after", None)).start()
    assert 1 == steadypool.read(engine, select, deadline_s=5)


def test_read_that_ends_every_session_is_given_up(engine: Engine, server: Server) -> None:
    """It may be the read itself that crashes the server: it is not sent for ever."""

    def work(connection: Connection) -> object:
        server.cut_one(session_of(connection).pgconn.backend_pid)
        return select(connection)

    with Timed() as took, pytest.raises(steadypool.AttemptsError, match="gave up after 8"):
        steadypool.read(engine, work, deadline_s=20)
    assert took.s < 10, took.s


Write = Callable[[Connection, Server], None]


def _cut_before(connection: Connection, server: Server) -> None:
    server.cut()
    connection.exec_driver_sql("INSERT INTO ledger DEFAULT VALUES")


def _cut_in_flight(connection: Connection, server: Server) -> None:
    server.script.deaf.update(server.pids)
    threading.Timer(0.1, server.cut).start()
    connection.exec_driver_sql("INSERT INTO ledger DEFAULT VALUES")


def _cut_after(connection: Connection, server: Server) -> None:
    connection.exec_driver_sql("INSERT INTO ledger DEFAULT VALUES")
    server.cut()


@pytest.mark.parametrize("write", [_cut_before, _cut_in_flight, _cut_after])
def test_write_is_never_repeated(engine: Engine, server: Server, write: Write) -> None:
    """A lost write is told to its caller; nothing sends it a second time."""
    runs = []

    def run() -> None:
        with engine.begin() as connection:
            runs.append(None)
            write(connection, server)

    with pytest.raises(exc.OperationalError):
        run()
    assert 1 == len(runs)
    assert server.asked.count("INSERT INTO ledger DEFAULT VALUES") <= 1
    server.script.deaf.clear()
    assert 1 == steadypool.read(engine, select, deadline_s=5)


def test_deadline_error_tells_how_long_how_often_and_why(engine: Engine, server: Server) -> None:
    """The last cause stands in it and behind it."""
    server.stop()
    with pytest.raises(steadypool.DeadlineError) as late:
        steadypool.read(engine, select, deadline_s=0.3)
    assert "no answer within 0.3 s, 1 attempt: " in str(late.value)
    assert "database lost for 0." in str(late.value)
    assert isinstance(late.value.__cause__, exc.OperationalError)
    assert 1 == steadypool.counters(engine).late_reads
    server.start()


@pytest.mark.parametrize("seconds", [0, -1, float("inf"), float("nan")])
def test_deadline_must_be_a_time(engine: Engine, seconds: float) -> None:
    """Bad input gives one clear line."""
    with pytest.raises(ValueError, match="expected seconds over 0"):
        steadypool.read(engine, select, deadline_s=seconds)


def test_transaction_begun_by_a_read_ends_with_it(engine: Engine, server: Server) -> None:
    """The session goes back as it came: idle, and no longer in autocommit."""

    def work(connection: Connection) -> object:
        connection.exec_driver_sql("BEGIN")
        return select(connection)

    assert 1 == steadypool.read(engine, work, deadline_s=5)
    assert "ROLLBACK" == [sql for sql in server.asked if sql != ";"][-1]
    with engine.connect() as connection:
        assert not session_of(connection).autocommit
        assert session_of(connection).is_idle


def test_a_checkout_waits_for_nothing(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing is open, giving a connection back is no business of the driver's."""
    waited: list[object] = []
    monkeypatch.setattr(Session, "wait", lambda _, gen: waited.append(gen))
    engine.connect().close()
    assert [] == waited


def test_autocommit_is_not_changed_in_a_transaction(engine: Engine) -> None:
    """The driver's own refusal stays: what is open would be forgotten."""
    with engine.connect() as connection:
        select(connection)
        with pytest.raises(psycopg.ProgrammingError, match="can't change 'autocommit' now"):
            session_of(connection).autocommit = True


def test_what_is_prepared_is_not_rolled_back_by_the_way(engine: Engine) -> None:
    """No transaction is open then, yet one waits for its second phase."""
    with engine.connect() as connection:
        session = session_of(connection)
        session.tpc_begin("one")
        session.tpc_prepare()
        with pytest.raises(psycopg.ProgrammingError, match="two-phase"):
            session.rollback()
        session.tpc_rollback()

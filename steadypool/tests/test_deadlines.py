"""No wait without a deadline: each of the driver's, and the resolver's."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from sqlalchemy import Connection, Engine, exc

import steadypool
from conftest import MakeEngine, Timed, select, session_of
from fake import Server
from steadypool import resolver
from steadypool.session import Session

LIMIT_S = 0.5
SLACK_S = 1.0  # a busy machine's
Wait = Callable[[Connection, Server], Any]


def query(connection: Connection, server: Server) -> None:
    """Wait for a query's answer."""
    server.script.frozen = True
    connection.exec_driver_sql("SELECT 1")


def fetch(connection: Connection, server: Server) -> None:
    """Wait for the rows of a cursor of the server's."""
    with session_of(connection).cursor(name="rows") as cursor:
        cursor.execute("SELECT 1")
        server.script.frozen = True
        cursor.fetchone()


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


def ping(connection: Connection, server: Server) -> None:
    """Wait for a ping."""
    server.script.frozen = True
    engine = connection.engine
    engine.dialect.do_ping(_idle(session_of(connection)))


def _idle(session: "Session[Any]") -> "Session[Any]":
    session.used_at = 0.0
    return session


WAITS = [query, fetch, commit, rollback, ping]


def _names(wait: Wait) -> str:
    return wait.__name__


@pytest.mark.parametrize("wait", WAITS, ids=_names)
def test_wait_of_a_session_ends_at_the_deadline(engine: Engine, server: Server, wait: Wait) -> None:
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

    assert _hangs(run, lambda: setattr(server.script, "frozen", False))
    connection.close()


def test_login_ends_at_the_deadline(make_engine: MakeEngine, server: Server) -> None:
    """A server that takes the connection and says nothing holds nobody."""
    server.script.mute_login = True
    with Timed() as took, pytest.raises(steadypool.DeadlineError, match="database lost"):
        steadypool.read(make_engine(), select, deadline_s=1.5)
    assert 1.4 < took.wall_s
    assert took.s < 1.5 + SLACK_S, took.s


def test_login_of_the_drivers_own_hangs(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: psycopg's own limit is minutes."""
    monkeypatch.setattr(Session, "_connect_gen", psycopg.Connection._connect_gen)
    server.script.mute_login = True

    def run() -> None:
        with steadypool.deadline(LIMIT_S), pytest.raises(psycopg.OperationalError):
            Session.connect(f"host=127.0.0.1 port={server.port} user=tester")

    assert _hangs(run, server.stop)
    server.start()


@contextmanager
def _black_hole() -> Iterator[int]:
    """Give a port at which connections are neither taken nor refused: its queue is full."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        port = int(listener.getsockname()[1])
        waiting = [socket.socket() for _ in range(4)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(("127.0.0.1", port))
        yield port
        for one in waiting:
            one.close()


def test_connecting_ends_early_and_the_read_at_its_deadline(make_engine: MakeEngine) -> None:
    """A host that does not answer is tried again and again, a tenth of a second each."""
    with _black_hole() as port:
        engine = make_engine(port=port)
        with Timed() as took, pytest.raises(steadypool.DeadlineError):
            steadypool.read(engine, select, deadline_s=6)
        assert took.s < 6 + SLACK_S, took.s
        assert 4 <= steadypool.counters(engine).probes <= 60


def test_connecting_with_a_long_limit_is_tried_twice(make_engine: MakeEngine) -> None:
    """The control: with a limit of the kernel's size, there is time for two attempts at most."""
    with _black_hole() as port:
        limits = steadypool.Waits(connect_s=3, login_s=3)
        engine = make_engine(port=port, waits=limits)
        with pytest.raises(steadypool.DeadlineError):
            steadypool.read(engine, select, deadline_s=6)
        assert steadypool.counters(engine).probes <= 2


def test_name_resolution_ends_at_the_deadline(
    make_engine: MakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A resolver that does not answer holds nobody, for psycopg's own is not asked."""
    over = threading.Event()
    silent = resolver.Name("db.test", look=lambda _: [str(over.wait(20))])
    monkeypatch.setitem(resolver._names, "db.test", silent)
    engine = make_engine(host="db.test")
    with Timed() as took, pytest.raises(steadypool.DeadlineError, match=r"db\.test"):
        steadypool.read(engine, select, deadline_s=1.5)
    assert took.s < 1.5 + SLACK_S, took.s
    over.set()


def test_name_resolution_of_the_drivers_own_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: psycopg asks the C library on the caller's thread, whatever the deadline."""
    over = threading.Event()

    def look(*_: object, **__: object) -> list[Any]:
        over.wait(20)
        raise OSError("no such name")

    monkeypatch.setattr(socket, "getaddrinfo", look)
    monkeypatch.setattr(
        Session, "_get_connection_params", psycopg.Connection._get_connection_params
    )

    def run() -> None:
        with steadypool.deadline(LIMIT_S), pytest.raises(psycopg.OperationalError):
            Session.connect("host=db.test user=tester")

    assert _hangs(run, over.set)


def test_queue_of_the_pool_ends_at_the_deadline(make_engine: MakeEngine) -> None:
    """A drained pool holds nobody longer than declared; else the plan's option holds."""
    engine = make_engine(pool_size=1, max_overflow=0)
    late = pytest.raises(steadypool.DeadlineError, match="QueuePool limit")
    with engine.connect(), Timed() as took, late:
        steadypool.read(engine, select, deadline_s=LIMIT_S)
    assert took.s < LIMIT_S + SLACK_S, took.s
    assert 10 == engine.pool.timeout()


def test_turn_to_log_in_ends_at_the_deadline(make_engine: MakeEngine, server: Server) -> None:
    """Logins that hang hold nobody who waits for his turn."""
    engine = make_engine(waits=steadypool.Waits(login_s=5.0, doubt_s=5.0))
    server.script.mute_login = True
    took = _together(6, lambda: _late(engine))
    assert max(took) < LIMIT_S + SLACK_S, took


def _late(engine: Engine) -> float:
    with Timed() as took, pytest.raises(steadypool.DeadlineError):
        steadypool.read(engine, select, deadline_s=LIMIT_S)
    return took.s


def _together(count: int, run: Callable[[], float]) -> list[float]:
    results: list[float] = []
    threads = [threading.Thread(target=lambda: results.append(run())) for _ in range(count)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(10)
    assert count == len(results)
    return results


def _hangs(run: Callable[[], None], release: Callable[[], None]) -> bool:
    """Tell whether `run` goes on past its deadline; it is let go afterwards."""
    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(LIMIT_S + SLACK_S)
    hung = thread.is_alive()
    release()
    thread.join(10)
    assert not thread.is_alive()
    return hung

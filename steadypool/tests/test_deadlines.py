"""No way to a session without a deadline: name, connection, login, turn and queue."""

import itertools
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import psycopg
import pytest
from sqlalchemy import Engine
from sqlalchemy.util.queue import Queue

import steadypool
from conftest import LIMIT_S, SLACK_S, MakeEngine, Timed, hangs, select, wait_for
from fake import Server
from steadypool import dialect, resolver
from steadypool.errors import SilentError
from steadypool.session import Session, _connected
from steadypool.watch import LOGINS


def test_login_ends_at_the_deadline(make_engine: MakeEngine, server: Server) -> None:
    """A server that takes the connection and says nothing holds nobody."""
    server.script.mute_login = True
    with Timed() as took, pytest.raises(steadypool.DeadlineError, match="database lost"):
        steadypool.read(make_engine(), select, deadline_s=1.5)
    assert 1.4 < took.wall_s
    assert took.s < 1.5 + SLACK_S, took.s


def test_login_that_hangs_is_left_for_another(make_engine: MakeEngine, server: Server) -> None:
    """Its server may have died in the middle: the read does not stay with it to its deadline."""
    server.script.mute_login = True
    with Timed() as took:
        threading.Timer(0.3, setattr, (server.script, "mute_login", False)).start()
        assert 1 == steadypool.read(make_engine(), select, deadline_s=8)
    assert took.s < 4, took.s


def test_login_of_the_drivers_own_hangs(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: psycopg's own limit is minutes."""
    monkeypatch.setattr(Session, "_connect_gen", psycopg.Connection._connect_gen)
    server.script.mute_login = True

    def run() -> None:
        with steadypool.deadline(LIMIT_S):
            Session.connect(f"host=127.0.0.1 port={server.port} user=tester")

    assert hangs(run, server.stop)
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
        assert 20 <= steadypool.counters(engine).probes <= 60  # with the login's limit at most 10


def test_connecting_with_a_long_limit_is_tried_twice(make_engine: MakeEngine) -> None:
    """The control: with a limit of the kernel's size, there is time for two attempts at most."""
    with _black_hole() as port:
        limits = steadypool.Waits(connect_s=3, login_s=3)
        engine = make_engine(port=port, waits=limits)
        with pytest.raises(steadypool.DeadlineError):
            steadypool.read(engine, select, deadline_s=5)
        assert steadypool.counters(engine).probes <= 2


@pytest.mark.parametrize(("answers", "expected"), [([False, True], 1), ([True], 0), ([], None)])
def test_connection_whose_packet_was_lost_is_begun_once_more(
    answers: list[bool], expected: int | None
) -> None:
    """The second is begun half-way to the limit; the first that stands is taken, no other kept."""
    pairs = [socket.socketpair() for _ in range(2)]
    closed: list[int] = []

    def begin(number: int) -> Iterator[tuple[int, int]]:
        if answers[number : number + 1] == [True]:
            pairs[number][1].send(b"!")
        try:
            yield pairs[number][0].fileno(), psycopg.waiting.WAIT_R
        finally:
            closed.append(number)

    begun = itertools.count()
    with nullcontext() if answers else pytest.raises(SilentError, match="connection"):
        taken = _connected(lambda: begin(next(begun)), steadypool.Waits())
        assert pairs[expected][0].fileno() == taken[1]
        assert [0][:expected] == closed
    assert (expected if answers else 1) == next(begun) - 1
    for one, other in pairs:
        one.close()
        other.close()


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
        with steadypool.deadline(LIMIT_S):
            Session.connect("host=db.test user=tester")

    assert hangs(run, over.set)


def test_queue_of_the_pool_ends_at_the_deadline(make_engine: MakeEngine) -> None:
    """A drained pool holds nobody longer than declared; else the plan's option holds."""
    engine = make_engine(pool_size=1, max_overflow=0)
    late = pytest.raises(steadypool.DeadlineError, match="QueuePool limit")
    with engine.connect(), Timed() as took, late:
        steadypool.read(engine, select, deadline_s=LIMIT_S)
    assert took.s < LIMIT_S + SLACK_S, took.s
    assert 10 == engine.pool.timeout()


def test_queue_of_sqlalchemys_own_is_longer(
    make_engine: MakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: there only `pool_timeout` counts, and a read ends that long after its due."""
    monkeypatch.setattr(dialect._Queue, "get", Queue.get)
    engine = make_engine(pool_size=1, max_overflow=0, pool_timeout=LIMIT_S + SLACK_S)
    with engine.connect(), Timed() as took, pytest.raises(steadypool.DeadlineError):
        steadypool.read(engine, select, deadline_s=LIMIT_S)
    assert LIMIT_S + SLACK_S <= took.wall_s


def test_turn_to_log_in_ends_at_the_deadline(make_engine: MakeEngine, server: Server) -> None:
    """Logins that hang hold nobody who waits for his turn."""
    engine = make_engine(waits=steadypool.Waits(login_s=5.0, doubt_s=5.0))
    server.script.mute_login = True
    took = _together(6, lambda: _late(engine))
    assert max(took) < LIMIT_S + SLACK_S, took


def test_turn_is_not_waited_for_longer_than_declared(
    make_engine: MakeEngine, server: Server
) -> None:
    """Also where those who log in have more time."""
    engine = make_engine(waits=steadypool.Waits(login_s=3.0, doubt_s=5.0, heartbeat_s=60))
    server.script.mute_login = True
    held = [threading.Thread(target=hangs, args=(engine.connect, int)) for _ in range(LOGINS)]
    for one in held:
        one.start()
    wait_for(lambda: server.connections == LOGINS)
    assert _late(engine) < LIMIT_S + SLACK_S
    server.stop()
    server.script.mute_login = False
    server.start()
    for one in held:
        one.join(10)


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

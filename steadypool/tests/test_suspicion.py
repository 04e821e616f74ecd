"""Silence is asked about: slow queries go on, dead sockets are left, freezes are waited out."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, exc

import steadypool
from conftest import MakeEngine, Timed, select, session_of, wait_for, warm
from fake import Server
from steadypool.doubt import Doubt
from steadypool.engine import watch_of
from steadypool.prober import _working
from wire import error


def test_freeze_is_waited_out_on_the_socket(engine: Engine, server: Server) -> None:
    """The query in flight answers when the server thaws; it is not sent again."""
    server.script.frozen = True
    with Timed() as took:
        threading.Timer(1.5, setattr, (server.script, "frozen", False)).start()
        assert 1 == steadypool.read(engine, select, deadline_s=10)
    assert 1.4 < took.wall_s
    assert took.s < 3, took.s
    counted = steadypool.counters(engine)
    assert (1, 0) == (counted.losses, counted.retries)


def test_slow_query_is_neither_cut_nor_sent_again(engine: Engine, server: Server) -> None:
    """A process at work is waited for; the server is asked, and no outage is declared."""
    with Timed() as took:
        threading.Timer(1.6, server.release.set).start()
        assert 1 == steadypool.read(engine, _slow, deadline_s=10)
    assert 1.5 < took.wall_s
    assert took.s < 4, took.s
    counted = steadypool.counters(engine)
    assert (0, 0, 0) == (counted.losses, counted.retries, counted.dead_sockets)
    assert 1 <= counted.questions <= 3
    assert 1 == server.asked.count("SELECT slow")


def test_slow_query_behind_a_pooler_is_not_cut(make_engine: MakeEngine, server: Server) -> None:
    """A pooler gives processes numbers of its own: the server knows none of them."""
    server.script.pooler = 5000
    engine = make_engine()
    steadypool.read(engine, select, deadline_s=5)
    threading.Timer(1.6, server.release.set).start()
    assert 1 == steadypool.read(engine, _slow, deadline_s=10)
    counted = steadypool.counters(engine)
    assert (0, 0) == (counted.retries, counted.dead_sockets)
    assert 1 <= counted.questions


def _slow(connection: Connection) -> Any:
    return connection.exec_driver_sql("SELECT slow").scalar()


def _deaf_in_flight(server: Server) -> Callable[[Connection], Any]:
    """Return a read whose first session goes dead before its query."""

    def work(connection: Connection) -> Any:
        if not server.script.deaf:
            server.script.deaf.add(session_of(connection).pgconn.backend_pid)
        return select(connection)

    return work


def test_dead_socket_is_no_outage(engine: Engine, server: Server) -> None:
    """What got lost is asked about, and read again elsewhere; the other sessions are kept."""
    kept = set(warm(engine, 3))
    with Timed() as took:
        assert 1 == steadypool.read(engine, _deaf_in_flight(server), deadline_s=10)
    assert took.s < 2, took.s  # the control below costs its deadline
    counted = steadypool.counters(engine)
    assert (0, 1, 1) == (counted.losses, counted.dead_sockets, counted.retries)
    assert 2 == len(kept & set(server.pids))


def test_dead_socket_is_found_without_a_free_slot(engine: Engine, server: Server) -> None:
    """The server takes no fresh session: the prober's own has to ask."""
    wait_for(lambda: len(server.pids) == 2)
    server.script.refusal = error("53300", "sorry, too many clients already")
    dead = pytest.raises(exc.OperationalError, match="works on nothing")
    with engine.connect() as connection, steadypool.deadline(5), dead:
        _deaf_in_flight(server)(connection)
    server.script.refusal = b""


def test_others_prove_themselves_once_after_a_dead_socket(engine: Engine, server: Server) -> None:
    """Young as they are: whatever killed the one may have killed them. None is thrown away."""
    before = set(warm(engine, 3))
    steadypool.read(engine, _deaf_in_flight(server), deadline_s=10)
    pings = steadypool.counters(engine).pings
    assert 2 == len(before & set(warm(engine, 3)))
    assert pings + 2 == steadypool.counters(engine).pings
    warm(engine, 3)
    assert pings + 2 == steadypool.counters(engine).pings


def test_without_the_question_a_dead_socket_costs_the_deadline(
    engine: Engine, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control."""
    monkeypatch.setattr(Doubt, "is_dead", lambda *_, **__: False)
    with pytest.raises(steadypool.DeadlineError):
        steadypool.read(engine, _deaf_in_flight(server), deadline_s=1.0)


def test_verdict_needs_the_servers_word(
    engine: Engine, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control of the slow query: judged by silence alone, it is cut and sent again."""
    monkeypatch.setattr("steadypool.prober._working", lambda _: set())
    with pytest.raises((steadypool.DeadlineError, steadypool.AttemptsError)):
        steadypool.read(engine, _slow, deadline_s=3.0)
    assert server.asked.count("SELECT slow") > 2
    server.release.set()


@pytest.mark.parametrize(
    ("state", "event", "working"),
    [
        ("active", None, True),
        ("active", "Lock", True),
        ("active", "Client", False),
        ("idle", "Client", False),
        ("idle in transaction", "Client", False),
        ("disabled", None, True),
        (None, None, True),
    ],
)
def test_process_is_at_work_unless_it_waits_for_its_client(
    state: str | None, event: str | None, working: bool
) -> None:
    """Who is not allowed to know, or is not told, does not cut."""
    assert ({7} if working else set()) == _working([(7, state, event)])


def test_statement_that_may_not_be_repeated_is_left_later(engine: Engine, server: Server) -> None:
    """Its answer may be a packet that the network sends once more; a read is sent anew instead."""
    with engine.connect() as connection, Timed() as took:
        server.script.deaf.add(session_of(connection).pgconn.backend_pid)
        with pytest.raises(exc.OperationalError, match="works on nothing"):
            select(connection)
    assert 1.2 < took.wall_s
    assert took.s < 4, took.s


LATE_S = 2.0  # the answer's packet got lost, and the network sends it again


def test_pipeline_is_not_asked_about(engine: Engine, server: Server) -> None:
    """Before its end the server waits for its client, and has not lost anything."""
    before = steadypool.counters(engine).questions

    def work(connection: Connection) -> Any:
        session = session_of(connection)
        server.script.late[session.pgconn.backend_pid] = LATE_S
        with session.pipeline():
            cursor = session.execute("SELECT 1")
        asked = steadypool.counters(engine).questions - before
        return asked, cursor.fetchone()

    assert (0, (1,)) == steadypool.read(engine, work, deadline_s=10)
    assert 0 == steadypool.counters(engine).retries


def test_listener_is_not_asked_about(make_engine: MakeEngine) -> None:
    """Silence is what it expects; only its deadline ends it."""
    engine = make_engine(waits=steadypool.Waits(unrepeatable_grace_s=0.05))
    with engine.connect() as connection, steadypool.deadline(1):
        session_of(connection).rollback()
        with pytest.raises(steadypool.OutageError, match="deadline passed"):
            list(session_of(connection).notifies())
    assert 0 == steadypool.counters(engine).questions


def test_question_is_withdrawn_when_the_answer_comes(engine: Engine, server: Server) -> None:
    """Else the prober would go on asking about it."""
    for _ in range(3):
        server.script.frozen = True
        threading.Timer(0.4, setattr, (server.script, "frozen", False)).start()
        assert 1 == steadypool.read(engine, select, deadline_s=10)
    assert steadypool.counters(engine).questions > 0
    assert [] == watch_of(engine)._questions


def test_grace_is_longer_than_a_lost_packet_takes() -> None:
    """The kernel sends it again after 0.2 s and, where that is lost as well, after 0.6 s."""
    assert steadypool.Waits().unrepeatable_grace_s > 0.6 > steadypool.Waits().grace_s


def _answered_late(connection: Connection, server: Server) -> None:
    select(connection)  # and its transaction's begin
    server.script.late[session_of(connection).pgconn.backend_pid] = LATE_S


def test_late_answer_of_a_statement_that_may_not_be_repeated_is_taken(
    make_engine: MakeEngine, server: Server
) -> None:
    """The server is idle, for it has answered: nobody is told that a done write has failed."""
    engine = make_engine(waits=steadypool.Waits(unrepeatable_grace_s=2 * LATE_S))
    with engine.connect() as connection:
        _answered_late(connection, server)
        assert 1 == select(connection)
        server.script.late.clear()
    counted = steadypool.counters(engine)
    assert counted.questions > 0
    assert (0, 0) == (counted.dead_sockets, counted.losses)


def test_with_a_short_grace_it_is_cut(make_engine: MakeEngine, server: Server) -> None:
    """The control."""
    engine = make_engine(waits=steadypool.Waits(unrepeatable_grace_s=0.05))
    with engine.connect() as connection:
        _answered_late(connection, server)
        with pytest.raises(exc.OperationalError, match="works on nothing"):
            select(connection)


@pytest.mark.parametrize(("grace_s", "retries"), [(0.05, 1), (2 * LATE_S, 0)])
def test_late_answer_of_a_read_is_not_waited_for(
    make_engine: MakeEngine, server: Server, grace_s: float, retries: int
) -> None:
    """It is sent again elsewhere, and sooner; the control has the grace of all others."""
    engine = make_engine(waits=steadypool.Waits(grace_s=grace_s))
    server.script.late[warm(engine, 1)[0]] = LATE_S
    with Timed() as took:
        assert 1 == steadypool.read(engine, select, deadline_s=10)
    assert retries == steadypool.counters(engine).retries
    if not retries:
        assert took.wall_s >= LATE_S


def test_statement_without_a_deadline_has_the_limit_of_all(
    make_engine: MakeEngine, server: Server
) -> None:
    """No wait is endless, whoever works."""
    engine = make_engine(waits=steadypool.Waits(query_s=0.5))
    late = pytest.raises(exc.OperationalError, match="deadline passed")
    with engine.connect() as connection, Timed() as took, late:
        _slow(connection)
    assert took.s < 2, took.s
    server.release.set()

"""The ping that costs nothing when it may, and what stays SQLAlchemy's own."""

import time

import psycopg
import pytest
from sqlalchemy import Engine, event, exc, text
from sqlalchemy.orm import Session as OrmSession

import steadypool
from conftest import MakeEngine, Timed, select, session_of, wait_for, warm
from fake import Server
from steadypool.engine import KERNEL, PLAN
from steadypool.session import Session


def test_plans_four_options_are_in_force(make_engine: MakeEngine) -> None:
    """They are the plan's, literally, unless a caller has his own."""
    pool = make_engine().pool
    found = (pool._pre_ping, pool._recycle, pool.timeout(), pool._pool.use_lifo)
    assert tuple(PLAN.values()) == found == (True, 1800, 10, True)
    assert 300 == make_engine(pool_recycle=300).pool._recycle


def test_checkout_costs_no_round_trip(engine: Engine, server: Server) -> None:
    """A session that was used a moment ago, and is silent, is trusted."""
    before, pings = len(server.asked), steadypool.counters(engine).pings
    for _ in range(20):
        assert 1 == steadypool.read(engine, select, deadline_s=5)
    assert 20 == server.asked[before:].count("SELECT 1")
    assert "BEGIN" not in server.asked[before:]  # nor anything else but the prober's own
    assert {"SELECT 1", ";", "SELECT pg_is_in_recovery()"} >= set(server.asked[before:])
    assert pings == steadypool.counters(engine).pings


def test_kernel_has_limits_of_its_own(make_engine: MakeEngine) -> None:
    """The second line, where no wait of ours looks; a caller's own count."""
    engine = make_engine(connect_args={"keepalives_count": 2})
    with engine.connect() as connection:
        found = session_of(connection).info.get_parameters()
    expected = {name: str(value) for name, value in {**KERNEL, "keepalives_count": 2}.items()}
    assert expected == {name: found.get(name) for name in KERNEL}


def test_idle_session_is_pinged(make_engine: MakeEngine) -> None:
    """A firewall may have forgotten it."""
    engine = make_engine(waits=steadypool.Waits(idle_s=0.05))
    steadypool.read(engine, select, deadline_s=5)
    time.sleep(0.1)
    steadypool.read(engine, select, deadline_s=5)
    assert 1 == steadypool.counters(engine).pings


def test_session_in_use_is_not_idle(make_engine: MakeEngine) -> None:
    """However old it is."""
    engine = make_engine(waits=steadypool.Waits(idle_s=0.5))
    until = time.monotonic() + 1.5
    while time.monotonic() < until:
        steadypool.read(engine, select, deadline_s=5)
    assert 0 == steadypool.counters(engine).pings


def test_silent_ping_is_asked_about_sooner_than_a_query(
    make_engine: MakeEngine, server: Server
) -> None:
    """A ping takes no time on a server that works."""
    engine = make_engine(waits=steadypool.Waits(idle_s=0.05, patience_s=5))
    server.script.deaf.add(warm(engine, 1)[0])
    time.sleep(0.1)
    with Timed() as took:
        assert 1 == steadypool.read(engine, select, deadline_s=10)
    assert took.s < 3, took.s


def test_ping_without_a_deadline_has_a_limit(make_engine: MakeEngine, server: Server) -> None:
    """Of its own, for a query's is minutes."""
    engine = make_engine(waits=steadypool.Waits(ping_s=0.5, idle_s=0.05))
    with engine.connect() as connection:
        time.sleep(0.1)
        server.script.frozen = True
        with pytest.raises(psycopg.OperationalError, match="deadline passed"):
            engine.dialect.do_ping(session_of(connection))
    server.script.frozen = False


def test_session_with_something_to_say_is_pinged(engine: Engine, server: Server) -> None:
    """A session that was cut while it idled is met by no query."""
    server.cut_one(warm(engine, 1)[0])
    assert 1 == steadypool.read(engine, select, deadline_s=5)
    counted = steadypool.counters(engine)
    assert (1, 0) == (counted.pings, counted.retries)


def test_session_trusted_blindly_is_met_by_a_query(
    engine: Engine, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: without a look at the socket the read has to be repeated."""
    monkeypatch.setattr(Session, "is_trusted", True)
    server.cut_one(warm(engine, 1)[0])
    assert 1 == steadypool.read(engine, select, deadline_s=5)
    assert 1 == steadypool.counters(engine).retries


def test_dead_socket_met_by_a_ping_leaves_the_others(
    make_engine: MakeEngine, server: Server
) -> None:
    """Only the dead session is replaced; each other one proves itself once."""
    engine = make_engine(waits=steadypool.Waits(idle_s=0.05))
    pids = warm(engine, 3)
    server.script.deaf.add(pids[0])
    time.sleep(0.1)
    held = [engine.connect() for _ in range(3)]
    now = {session_of(one).pgconn.backend_pid for one in held}
    assert set(pids[1:]) < now
    assert pids[0] not in now
    assert (0, 1) == (steadypool.counters(engine).losses, steadypool.counters(engine).dead_sockets)
    for one in held:
        one.close()


def test_second_dead_socket_condemns_its_generation(
    make_engine: MakeEngine, server: Server
) -> None:
    """Where a network has dropped all idle sessions, not every read has to find one out."""
    engine = make_engine(waits=steadypool.Waits(idle_s=0.05))
    pids = warm(engine, 5)
    server.script.deaf.update(pids)
    time.sleep(0.1)
    held = [engine.connect() for _ in range(5)]
    assert 2 == steadypool.counters(engine).dead_sockets
    for one in held:
        assert 1 == one.exec_driver_sql("SELECT 1").scalar()
        one.close()


def test_one_failure_invalidates_the_generation_once(engine: Engine, server: Server) -> None:
    """After a restart the first ping fails; the others of the pool are replaced without one."""
    invalidated = []
    event.listen(engine, "invalidate", lambda *_: invalidated.append(None))
    warm(engine, 4)
    pings = steadypool.counters(engine).pings
    server.stop()
    server.start()
    assert 4 == len(set(warm(engine, 4)))
    assert pings + 1 == steadypool.counters(engine).pings
    assert 1 == len(invalidated)


def test_lost_session_is_a_disconnect(engine: Engine, server: Server) -> None:
    """SQLAlchemy's own: the error says so, listeners hear of it, and the pool is invalidated."""
    heard = []
    event.listen(engine, "handle_error", lambda context: heard.append(context.is_disconnect))
    warm(engine, 2)
    connection = engine.connect()
    server.cut()
    with pytest.raises(exc.OperationalError) as lost:
        connection.exec_driver_sql("SELECT 1")
    assert lost.value.connection_invalidated
    assert connection.invalidated
    assert [True] == heard
    connection.rollback()
    assert 1 == connection.exec_driver_sql("SELECT 1").scalar()  # reconnected
    connection.close()


def test_rejected_query_is_no_disconnect(engine: Engine, server: Server) -> None:
    """The control: the session goes on."""
    with engine.connect() as connection:
        with pytest.raises(exc.ProgrammingError) as wrong:
            connection.exec_driver_sql("SELECT wrong")
        assert not wrong.value.connection_invalidated
        connection.rollback()
        assert 1 == connection.exec_driver_sql("SELECT 1").scalar()
    assert 1 == steadypool.counters(engine).logins


def test_pool_events_are_kept(make_engine: MakeEngine) -> None:
    """Whoever listens to a pool hears what he always heard."""
    engine, heard = make_engine(), []
    for name in ("connect", "first_connect", "checkout", "checkin", "reset"):
        event.listen(engine, name, lambda *_, name=name, **__: heard.append(name))
    steadypool.read(engine, select, deadline_s=5)
    assert {"connect", "first_connect", "checkout", "checkin", "reset"} == set(heard)


def test_orm_and_transactions_work(engine: Engine, server: Server) -> None:
    """It is an ordinary engine; a plain transaction is one, and a read is in autocommit."""
    before = len(server.asked)
    with OrmSession(engine) as session:
        assert 1 == session.execute(text("SELECT 1")).scalar_one()
    assert ["BEGIN", "SELECT", "ROLLBACK"] == [sql.split()[0] for sql in server.asked[before:]]
    before = len(server.asked)
    steadypool.read(engine, lambda c: OrmSession(c).scalar(text("SELECT 1")), deadline_s=5)
    assert ["SELECT 1"] == server.asked[before:]


def test_notifications_are_waited_for(engine: Engine) -> None:
    """Silence is what a listener expects: it is no suspicion."""
    with engine.connect() as connection:
        session = session_of(connection)
        session.rollback()
        assert [] == list(session.notifies(timeout=0.5))
    assert 0 == steadypool.counters(engine).questions


def test_connections_of_others_are_as_without_us(server: Server) -> None:
    """Nothing is global: psycopg's own connections wait as they always did."""
    assert psycopg.Connection.wait is not Session.wait
    with psycopg.connect(f"host=127.0.0.1 port={server.port} user=tester") as connection:
        assert type(connection) is psycopg.Connection
        assert (1,) == connection.execute("SELECT 1").fetchone()


def test_dead_session_is_kept_by_nobody(engine: Engine, server: Server) -> None:
    """What was abandoned is closed at once: the server must not keep it."""
    pid = warm(engine, 1)[0]
    server.script.deaf.add(pid)
    steadypool.read(engine, select, deadline_s=5)
    wait_for(lambda: pid not in server.pids)

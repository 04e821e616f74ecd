"""The entry: what it takes, what it refuses, and what is read anew for each session."""

import gc
import os
import threading

import pytest
import sqlalchemy
from sqlalchemy import Engine, event, exc

import steadypool
from conftest import MakeEngine, select, wait_for, warm
from fake import Server
from steadypool import resolver
from steadypool.session import Session

URL = "postgresql://tester@127.0.0.1:1/lab"


@pytest.mark.parametrize(
    ("url", "options", "said"),
    [
        ("postgresql+psycopg2://x/y", {}, "driver 'postgresql.psycopg2': expected postgresql or"),
        ("sqlite://", {}, "driver 'sqlite'"),
        ("postgresql://a,b/y", {}, "expected one; give the name"),
        ("postgresql:///y?host=a&host=b", {}, "expected one; give the name"),
        (URL, {"pool_pre_ping": False}, "pool_pre_ping=False: expected True"),
        (URL, {"creator": print}, "creator: expected none"),
        (URL, {"poolclass": sqlalchemy.NullPool}, "poolclass: expected none"),
    ],
)
def test_what_cannot_be_used_is_told_in_one_line(url: str, options: dict, said: str) -> None:
    """Bad input gives the value, what was expected, and what to do."""
    with pytest.raises(ValueError, match=said):
        steadypool.create_engine(url, **options)


@pytest.mark.parametrize("value", [0, -1.0, float("nan"), float("inf"), "1"])
def test_limit_must_be_a_time(value: object) -> None:
    """A limit that is none would be an endless wait."""
    with pytest.raises(ValueError, match=r"patience_s=.*expected seconds over 0"):
        steadypool.Waits(patience_s=value)


def test_engine_of_another_make_is_refused() -> None:
    """Its reads could not keep a deadline."""
    engine = sqlalchemy.create_engine(URL.replace("postgresql:", "postgresql+psycopg:"))
    with pytest.raises(TypeError, match=r"expected an engine of steadypool\.create_engine"):
        steadypool.read(engine, select, deadline_s=1)
    with pytest.raises(TypeError, match="expected an engine"):
        steadypool.counters(engine)


def test_nothing_connects_before_the_first_read() -> None:
    """An application starts while its database is away."""
    engine = steadypool.create_engine(URL)
    assert 0 == steadypool.counters(engine).probes
    assert [] == [one for one in threading.enumerate() if one.name == "steadypool-prober"]


def test_name_is_resolved_for_each_session(
    make_engine: MakeEngine, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By our own thread: nobody else knows this one. Each address is tried."""
    looked: list[str] = []

    def look(host: str) -> list[str]:
        looked.append(host)
        return ["127.0.0.2", "127.0.0.1"]

    monkeypatch.setitem(resolver._names, "db.test", resolver.Name("db.test", look=look))
    engine = make_engine(host="db.test")
    assert 1 == steadypool.read(engine, select, deadline_s=5)
    once = len(looked)
    server.cut()
    assert 1 == steadypool.read(engine, select, deadline_s=5)
    assert 1 <= once < len(looked)


def test_name_of_the_environment_is_resolved_as_well(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A URL may leave the host to libpq's own variables."""
    known = resolver.Name("db.test", look=lambda _: ["127.0.0.1"])
    monkeypatch.setitem(resolver._names, "db.test", known)
    monkeypatch.setenv("PGHOST", "db.test")
    with Session.connect(f"port={server.port} user=tester") as session:
        assert (1,) == session.execute("SELECT 1").fetchone()


def test_address_that_is_given_is_not_looked_for(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The name then only stands for the certificate's."""
    monkeypatch.setitem(resolver._names, "db.test", resolver.Name("db.test", look=lambda _: []))
    arguments = f"host=db.test hostaddr=127.0.0.1 port={server.port} user=tester"
    with Session.connect(arguments) as session:
        assert (1,) == session.execute("SELECT 1").fetchone()


def test_password_is_asked_for_each_session(make_engine: MakeEngine, server: Server) -> None:
    """A rotated one needs no restart, also for the prober's sessions."""
    server.script.password = "old"
    engine = make_engine(password=lambda: server.script.password)
    assert 1 == steadypool.read(engine, select, deadline_s=5)
    server.script.password = "new"
    server.cut()
    assert 1 == steadypool.read(engine, select, deadline_s=5)


def test_password_rotated_while_threads_wait(make_engine: MakeEngine, server: Server) -> None:
    """Who waits through the outage logs in with the password of now."""
    server.script.password = "old"
    engine = make_engine(password=lambda: server.script.password)
    warm(engine, 4)
    server.stop()
    results: list[object] = []

    def run() -> None:
        results.append(steadypool.read(engine, select, deadline_s=5))

    threads = [threading.Thread(target=run) for _ in range(4)]
    for one in threads:
        one.start()
    wait_for(lambda: steadypool.counters(engine).losses == 1)
    server.script.password = "new"
    server.start()
    for one in threads:
        one.join(10)
    assert [1] * 4 == results


def test_wrong_password_is_a_refusal(make_engine: MakeEngine, server: Server) -> None:
    """The control: the server does check it."""
    server.script.password = "right"
    with pytest.raises(exc.OperationalError, match="password authentication failed"):
        steadypool.read(make_engine(password=lambda: "wrong"), select, deadline_s=5)


def test_listener_of_do_connect_sets_arguments(make_engine: MakeEngine, server: Server) -> None:
    """SQLAlchemy's own hook works, for the prober's sessions, too."""
    server.script.password = "secret"
    engine, heard = make_engine(), []

    def log_in(_: object, record: object, __: object, arguments: dict) -> None:
        heard.append(record)
        arguments["password"] = "secret"

    event.listen(engine, "do_connect", log_in)
    assert 1 == steadypool.read(engine, select, deadline_s=5)
    wait_for(lambda: len(server.pids) == 2)
    assert {True, False} == {record is not None for record in heard}


def test_listener_that_cannot_read_its_secret_is_heard(make_engine: MakeEngine) -> None:
    """Its own error comes out, not an outage."""

    def password() -> str:
        raise PermissionError("/run/secrets/password")

    with pytest.raises(PermissionError):
        steadypool.read(make_engine(password=password), select, deadline_s=5)


def test_child_begins_with_sessions_of_its_own(engine: Engine, server: Server) -> None:
    """After a fork the parent's sessions go on, and the child reads through new ones."""
    before = set(warm(engine, 2))
    child = os.fork()
    if child == 0:
        status = 1
        try:
            good = steadypool.read(engine, select, deadline_s=5) == 1
            status = 0 if good and steadypool.counters(engine).logins == 1 else 2
            engine.dispose()
        finally:
            os._exit(status)
    assert 0 == os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert before <= set(server.pids)
    assert 1 == steadypool.read(engine, select, deadline_s=5)
    assert 0 == steadypool.counters(engine).retries


def test_engine_that_is_forgotten_takes_its_prober_along(server: Server) -> None:
    """No thread outlives the engine it works for."""
    url = f"postgresql://tester@127.0.0.1:{server.port}/lab"
    engine = steadypool.create_engine(url, use_native_hstore=False)
    steadypool.read(engine, select, deadline_s=5)
    del engine
    gc.collect()
    wait_for(lambda: not any(t.name == "steadypool-prober" for t in threading.enumerate()))

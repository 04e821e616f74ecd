"""One prober, one gate: what sessions and waiting threads do while the database is away."""

import logging
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import Engine, exc

import steadypool
from conftest import MakeEngine, Timed, select, wait_for, warm
from fake import Server
from steadypool import prober, resolver, watch
from steadypool.engine import watch_of
from steadypool.errors import SilentError
from wire import error

STARTING = error("57P03", "the database system is starting up")


class Readers:
    """Threads that each read once, and what became of it."""

    def __init__(self, engine: Engine, count: int, deadline_s: float = 10.0) -> None:
        self.waits_s: list[float] = []
        self.errors: list[Exception] = []
        self._engine, self._deadline_s = engine, deadline_s
        self._threads = [threading.Thread(target=self._read) for _ in range(count)]
        for one in self._threads:
            one.start()

    def _read(self) -> None:
        began_at = time.monotonic()
        try:
            assert 1 == steadypool.read(self._engine, select, deadline_s=self._deadline_s)
        except Exception as failed:  # noqa: BLE001 # each is kept
            self.errors.append(failed)
        self.waits_s.append(time.monotonic() - began_at)

    def join(self) -> None:
        """Wait for all of them."""
        for one in self._threads:
            one.join(20)
        assert len(self._threads) == len(self.waits_s)


def test_nobody_but_the_prober_connects_during_an_outage(
    make_engine: MakeEngine, server: Server
) -> None:
    """Forty threads wait; what reaches the server are the prober's probes, one at a time."""
    engine = make_engine(pool_size=8, max_overflow=2)
    warm(engine, 4)
    server.script.refusal = STARTING
    server.cut()
    began = server.connections
    readers = Readers(engine, 40)
    time.sleep(0.6)
    probes = steadypool.counters(engine).probes
    assert server.connections - began <= probes + 1
    server.script.refusal = b""
    readers.join()
    assert [] == readers.errors
    assert server.connections - began <= steadypool.counters(engine).probes + 10 + 1


def test_first_waiting_thread_takes_the_probers_session(
    make_engine: MakeEngine, server: Server
) -> None:
    """The session that proved the return is not closed: one read costs no login of its own."""
    engine = make_engine()
    steadypool.read(engine, select, deadline_s=5)
    logins = steadypool.counters(engine).logins
    _restarted(engine, server)
    assert 1 == steadypool.read(engine, select, deadline_s=5)
    assert logins == steadypool.counters(engine).logins
    assert 1 == steadypool.counters(engine).handovers


def test_without_the_handover_it_logs_in(
    make_engine: MakeEngine, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control."""
    engine = make_engine()
    steadypool.read(engine, select, deadline_s=5)
    logins = steadypool.counters(engine).logins
    none = property(lambda _: 0, lambda *_: None)  # nobody is seen to wait
    monkeypatch.setattr(watch.Watch, "_waiting", none, raising=False)
    _restarted(engine, server)
    assert 1 == steadypool.read(engine, select, deadline_s=5)
    assert logins + 1 == steadypool.counters(engine).logins


def _restarted(engine: Engine, server: Server) -> None:
    """Stop the server, and start it once that is noticed."""
    losses = steadypool.counters(engine).losses
    server.stop()

    def start() -> None:
        wait_for(lambda: steadypool.counters(engine).losses > losses)
        server.start()

    threading.Thread(target=start).start()


@pytest.mark.parametrize(("at_once", "most"), [(watch.LOGINS, watch.LOGINS + 1), (64, 20)])
def test_others_follow_a_few_at_a_time(
    make_engine: MakeEngine,
    server: Server,
    monkeypatch: pytest.MonkeyPatch,
    at_once: int,
    most: int,
) -> None:
    """Logins do not compete with each other; the control is a gate that lets all through."""
    monkeypatch.setattr(watch, "LOGINS", at_once)
    engine = make_engine(pool_size=16)
    steadypool.read(engine, select, deadline_s=5)
    server.script.login_s = 0.05
    _restarted(engine, server)
    readers = Readers(engine, 12)
    readers.join()
    assert [] == readers.errors
    assert server.at_once <= most
    if at_once > watch.LOGINS:
        assert server.at_once > watch.LOGINS + 1


def test_loss_is_noticed_when_nobody_reads(engine: Engine, server: Server) -> None:
    """The prober looks after its own session now and then."""
    wait_for(lambda: len(server.pids) == 2)
    server.stop()
    wait_for(lambda: steadypool.counters(engine).losses == 1)
    server.start()
    wait_for(lambda: steadypool.counters(engine).returns == 1)


def test_silence_is_noticed_when_nobody_reads(engine: Engine, server: Server) -> None:
    """A frozen server takes connections, and is lost all the same."""
    wait_for(lambda: len(server.pids) == 2)
    server.script.frozen = True
    with Timed() as took:
        wait_for(lambda: steadypool.counters(engine).losses == 1)
    assert took.s < 3, took.s


def test_without_a_heartbeat_it_is_not(make_engine: MakeEngine, server: Server) -> None:
    """The control."""
    engine = make_engine(waits=steadypool.Waits(heartbeat_s=60))
    steadypool.read(engine, select, deadline_s=5)
    server.stop()
    time.sleep(3)
    assert 0 == steadypool.counters(engine).losses
    server.start()


def test_log_has_one_line_for_the_loss_and_one_for_the_return(
    make_engine: MakeEngine, server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    """Not one for each read."""
    engine = make_engine(pool_size=10)
    warm(engine, 10)
    with caplog.at_level(logging.INFO, "steadypool"):
        _restarted(engine, server)
        readers = Readers(engine, 30)
        readers.join()
    said = [record.getMessage() for record in caplog.records if record.name == "steadypool"]
    assert 2 == len(said), said
    assert said[0].startswith("database lost: ")
    assert "Connection refused" in said[0]
    assert said[1].startswith("database back after ")
    assert (1, 1) == (steadypool.counters(engine).losses, steadypool.counters(engine).returns)


def test_servers_last_word_ends_the_session(engine: Engine) -> None:
    """A FATAL has an SQLSTATE as any error, and may come well before the socket's end."""
    warm(engine, 1)
    with engine.connect() as connection:
        with pytest.raises(exc.DBAPIError, match="terminating connection") as ended:
            connection.exec_driver_sql("SELECT doomed")
        assert ended.value.connection_invalidated
    wait_for(lambda: steadypool.counters(engine).probes > 0)
    assert 1 == steadypool.read(engine, select, deadline_s=5)


def test_prober_ends_with_its_engine(make_engine: MakeEngine, server: Server) -> None:
    """`dispose` closes everything; the next read begins anew."""
    engine = make_engine()
    steadypool.read(engine, select, deadline_s=5)
    wait_for(lambda: len(server.pids) == 2)
    engine.dispose()
    wait_for(lambda: server.pids == [])
    wait_for(lambda: not _probers())
    assert 1 == steadypool.read(engine, select, deadline_s=5)
    assert 1 == len(_probers())


def _probers() -> list[threading.Thread]:
    return [one for one in threading.enumerate() if one.name == "steadypool-prober"]


def test_silence_that_a_probe_waited_for_is_pause_enough(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Probes begin at even distances; one that took longer is followed at once."""
    monkeypatch.setattr(prober, "PAUSE_S", 3.0)
    one = prober.Prober(watch_of(engine))
    for took_s, pause_s in ((3.5, 0.0), (2.5, 0.5)):
        with Timed() as paused:
            one._away(SilentError("nothing came"), time.monotonic() - took_s, certain=False)
        assert pause_s <= paused.wall_s
        assert paused.s < pause_s + 2, paused.s


@pytest.fixture
def moving(
    make_engine: MakeEngine, server: Server, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Engine, Callable[[], None]]]:
    """A warm engine, and what leads its name to another server; the first has gone mute."""
    other = Server("127.0.0.2", server.port)
    leads = ["127.0.0.1"]  # the old address stays for a while, and first
    monkeypatch.setitem(resolver._names, "db", resolver.Name("db", look=lambda _: list(leads)))

    def move() -> None:
        leads.append("127.0.0.2")

    engine = make_engine("db")
    steadypool.read(engine, select, deadline_s=5)
    server.script.mute_login = True
    server.cut()
    yield engine, move
    other.stop()


def test_moved_server_is_found_while_the_old_one_is_waited_for(
    moving: tuple[Engine, Callable[[], None]],
) -> None:
    """A login that the old address never answers is given up when the name leads elsewhere."""
    engine, move = moving
    readers = Readers(engine, 1)
    time.sleep(1.0)  # by now a login may take 1.2 s, and one has just begun
    move()
    with Timed() as took:
        readers.join()
    assert [] == readers.errors
    assert took.s < 0.5, took.s


def test_without_that_look_the_login_is_waited_for(
    moving: tuple[Engine, Callable[[], None]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control."""
    monkeypatch.setattr(resolver.Name, "leads_elsewhere", lambda _: False)
    engine, move = moving
    readers = Readers(engine, 1)
    time.sleep(1.0)
    move()
    with Timed() as took:
        readers.join()
    assert took.wall_s > 0.6, took.wall_s

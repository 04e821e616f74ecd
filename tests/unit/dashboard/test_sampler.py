"""One check of the database, against servers that are not there, silent, or rude."""

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import psycopg2
import pytest
from psycopg2.extensions import POLL_OK

from dashboard import sampler as module
from dashboard.db_connector import Address
from dashboard.errors import UnknownHostError
from dashboard.health import HealthTracker, Status, health_at
from dashboard.sampler import Sampler
from tests.unit.dashboard.corpus import Entry, named, read

AT = datetime(2026, 1, 1, tzinfo=UTC)


def address(port: int) -> Address:
    """Return an address on loopback."""
    return Address(
        host="127.0.0.1", port=port, database="lab", user="reader", password_file=Path("/dev/null")
    )


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """Give a socket that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


def test_silent_server_ends_the_sample_at_its_deadline(listener: socket.socket) -> None:
    """A frozen server accepts connections: only a deadline of our own ends the check."""
    sampler = Sampler(address(listener.getsockname()[1]), deadline_s=0.2)
    started = time.monotonic()
    sample = sampler.sample()
    took_s = time.monotonic() - started
    assert 0.19 <= took_s < 0.6, f"took {took_s:.3f} s"
    assert sample.trouble is not None
    assert (False, "deadline", False) == (sample.good, sample.trouble.kind, sample.session_lost)


def test_absent_server_is_refused(listener: socket.socket) -> None:
    """A port at which nobody listens is told apart from silence."""
    port = listener.getsockname()[1]
    listener.close()
    sample = Sampler(address(port)).sample()
    assert sample.trouble is not None
    assert "refused" == sample.trouble.kind


def test_server_that_hangs_up_is_lost(listener: socket.socket) -> None:
    """A server that closes during the login has lost the connection."""

    def hang_up() -> None:
        with contextlib.suppress(OSError):  # the listener was closed at the test's end
            for _ in range(2):  # libpq may try again, without encryption
                listener.accept()[0].close()

    threading.Thread(target=hang_up, daemon=True).start()
    sample = Sampler(address(listener.getsockname()[1])).sample()
    assert sample.trouble is not None
    assert "connection_lost" == sample.trouble.kind


class FakeCursor(contextlib.AbstractContextManager["FakeCursor"]):
    """A cursor that answers the sample's one question."""

    def __init__(self, connection: "FakeConnection") -> None:
        self._connection = connection

    def __exit__(self, *_: object) -> None:
        pass

    def execute(self, _: str) -> None:
        """Fail when the session is gone, or as the test says."""
        if self._connection.fails is not None:
            raise self._connection.fails
        if self._connection.dead:
            raise psycopg2.OperationalError("server closed the connection unexpectedly")

    def fetchone(self) -> tuple[str, datetime]:
        """Return version and start."""
        return "17.6 (Debian 17.6-0+deb13u1)", AT


class FakeConnection:
    """An asynchronous connection that is always ready."""

    dead_at_once = False
    fails: psycopg2.Error | None = None

    def __init__(self) -> None:
        self.dead, self.closed = self.dead_at_once, False

    def poll(self) -> int:
        """Be ready."""
        return POLL_OK

    def cursor(self) -> FakeCursor:
        """Return a cursor."""
        return FakeCursor(self)

    def close(self) -> None:
        """Close."""
        self.closed = True


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[FakeConnection]:
    """Collect the connections a sampler makes."""
    made: list[FakeConnection] = []

    def connect(**args: object) -> FakeConnection:
        assert (1, "127.0.0.1", "dashboard-monitor") == (
            args["async_"],
            args["hostaddr"],
            args["application_name"],
        )
        made.append(FakeConnection())
        return made[-1]

    monkeypatch.setattr(psycopg2, "connect", connect)
    return made


def refuse(words: str) -> Callable[..., FakeConnection]:
    """Return a driver that opens no session any more."""

    def connect(**_: object) -> FakeConnection:
        raise psycopg2.OperationalError(words)

    return connect


def test_good_sample_knows_the_server(made: list[FakeConnection]) -> None:
    """Version without the package's suffix, start, latency; the session is kept."""
    sampler = Sampler(address(1))
    samples = [sampler.sample() for _ in range(3)]
    assert ("17.6", AT) == (samples[0].server.version, samples[0].server.started_at)
    assert all(sample.good and not sample.session_lost for sample in samples)
    assert samples[0].latency_ms is not None
    assert 1 == len(made)


def test_every_third_sample_asks_a_fresh_session(made: list[FakeConnection]) -> None:
    """Up means that new sessions work; the proven one is kept, and there is never a second."""
    sampler = Sampler(address(1))
    fresh, still_open = [], []
    for _ in range(7):
        assert not sampler.sample().session_lost
        fresh.append(len(made))
        still_open.append(sum(not connection.closed for connection in made))
    assert [1, 1, 1, 2, 2, 2, 3] == fresh
    assert {1} == set(still_open)


def test_server_that_refuses_new_sessions_is_not_up(
    made: list[FakeConnection], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A smart shutdown keeps the old sessions: the third sample tells, and lets its own go."""
    sampler = Sampler(address(1))
    sampler.sample()
    with monkeypatch.context() as patched:
        patched.setattr(psycopg2, "connect", refuse("FATAL:  the database system is shutting down"))
        samples = [sampler.sample() for _ in range(5)]
    assert [True, True, False, False, False] == [sample.good for sample in samples]
    assert {"shutting_down"} == {sample.trouble.kind for sample in samples[2:]}
    assert made[0].closed
    assert sampler.sample().good


def statuses(sampler: Sampler, count: int) -> list[Status]:
    """Return what System Health says after each of the next samples."""
    tracker = HealthTracker(started_s=time.monotonic(), started_at=AT)
    return [
        health_at(tracker.add(sample), now_s=sample.ended_s, interval_s=1.0).status
        for sample in (sampler.sample() for _ in range(count))
    ]


@pytest.mark.parametrize("entry", read("connect"), ids=named)
def test_up_means_that_new_sessions_work_whatever_refuses_them(
    entry: Entry, made: list[FakeConnection], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The old session answers on and on, yet within three samples the server is not up."""
    sampler = Sampler(address(1))
    assert ["up"] == statuses(sampler, 1)
    monkeypatch.setattr(psycopg2, "connect", refuse(entry.text))
    assert ["up", "up", "down", "down"] == statuses(sampler, 4)


def test_last_slot_is_not_given_up_to_be_taken_again(
    made: list[FakeConnection], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With no slot free but the monitor's own, the server is down, and not up twice in three."""
    opened = psycopg2.connect

    def limited(**args: object) -> FakeConnection:
        if any(not connection.closed for connection in made):
            raise psycopg2.OperationalError('FATAL:  too many connections for role "reader"')
        return opened(**args)

    monkeypatch.setattr(psycopg2, "connect", limited)
    sampler = Sampler(address(1))
    assert [*["up"] * 3, *["down"] * 6] == statuses(sampler, 9)
    made[0].dead = True  # and then its own is lost as well
    monkeypatch.setattr(psycopg2, "connect", refuse("FATAL:  sorry, too many clients already"))
    assert [True, False, False] == [sampler.sample().session_lost for _ in range(3)]
    monkeypatch.setattr(psycopg2, "connect", opened)
    sample = sampler.sample()
    assert (True, False) == (sample.good, sample.session_lost)


def test_without_fresh_sessions_a_smart_shutdown_would_pass_for_up(
    made: list[FakeConnection], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: who asks the old session alone never sees it."""
    monkeypatch.setattr(module, "FRESH_EVERY", 1000)
    sampler = Sampler(address(1))
    sampler.sample()
    monkeypatch.setattr(psycopg2, "connect", refuse("FATAL:  the database system is shutting down"))
    assert {"up"} == set(statuses(sampler, 30))


def test_fresh_session_without_an_answer_is_closed(
    made: list[FakeConnection], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A session that opens and does not answer is no proof, and must not be left behind."""
    sampler = Sampler(address(1))
    monkeypatch.setattr(FakeConnection, "dead_at_once", True)
    sample = sampler.sample()
    assert (False, True) == (sample.good, made[0].closed)


def test_lost_session_is_replaced_within_the_sample(made: list[FakeConnection]) -> None:
    """A server that is back answers a fresh session: up, and the loss is told."""
    sampler = Sampler(address(1))
    sampler.sample()
    made[0].dead = True
    sample = sampler.sample()
    assert (True, True) == (sample.good, sample.session_lost)
    assert "OperationalError: server closed the connection unexpectedly" == sample.driver_line
    assert made[0].closed
    assert not sampler.sample().session_lost
    assert 2 == len(made)


@pytest.mark.parametrize("entry", [*read("query"), *read("rollback")], ids=named)
def test_each_way_to_lose_a_session_is_an_outage_and_a_failed_statement_is_none(
    entry: Entry, made: list[FakeConnection]
) -> None:
    """The server's start stands: a session gone between two good samples is all that tells."""
    sampler = Sampler(address(1))
    tracker = HealthTracker(started_s=time.monotonic(), started_at=AT)
    first = sampler.sample()
    tracker.add(first)
    made[0].fails = entry.driver()
    second = sampler.sample()
    history = tracker.add(second)
    assert (True, True, AT) == (first.good, second.good, second.server.started_at)
    assert entry.lost == second.session_lost
    bounds = [(one.duration_min_s, one.duration_max_s) for one in history.outages]
    assert ([(0.0, second.ended_s - first.began_s)] if entry.lost else []) == bounds
    assert made[0].closed


def test_lost_server_closes_the_session(
    made: list[FakeConnection], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With nobody there for a fresh session the sample is bad, and nothing is kept."""
    sampler = Sampler(address(1))
    sampler.sample()
    made[0].dead = True
    monkeypatch.setattr(psycopg2, "connect", refuse("Connection refused"))
    first, second = sampler.sample(), sampler.sample()
    assert (False, True) == (first.good, first.session_lost)
    assert (False, False) == (second.good, second.session_lost)


def test_name_that_does_not_resolve_is_bad_within_three_samples(
    made: list[FakeConnection], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The kept session answers, and no page could open one: told by its kind, then down."""
    sampler = Sampler(address(1))
    sampler.sample()

    def unknown(*, timeout_s: float) -> str:
        raise UnknownHostError("no answer within 1.0 s")

    monkeypatch.setattr(sampler._resolver, "resolve", unknown)
    samples = [sampler.sample() for _ in range(4)]
    assert [True, True, False, False] == [sample.good for sample in samples]
    assert {"unknown_host"} == {sample.trouble.kind for sample in samples if sample.trouble}
    assert made[0].closed


def test_silent_resolver_costs_a_sample_no_more_than_its_deadline(
    made: list[FakeConnection], monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the sample says that the name does not resolve."""
    sampler = Sampler(address(1), deadline_s=0.05)
    monkeypatch.setattr(sampler._resolver, "_look", lambda *_: time.sleep(1.0))
    sample = sampler.sample()
    assert "unknown_host" == sample.trouble.kind
    assert sample.ended_s - sample.began_s < 1.0
    assert module.DEADLINE_S == 1.0


def test_close_gives_the_session_up(made: list[FakeConnection]) -> None:
    """At the stop the server's slot is free again; closing twice is nothing."""
    sampler = Sampler(address(1))
    sampler.sample()
    sampler.close()
    sampler.close()
    assert made[0].closed

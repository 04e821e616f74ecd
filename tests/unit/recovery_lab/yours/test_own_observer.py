"""Fresh sessions over anyone's driver: each is given up on, and few may hang at once."""

import io
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from recovery_lab.record.history import Clock, Probe, Sessions, decode
from recovery_lab.yours.observer import AT_ONCE, OwnObserver
from recovery_lab.yours.way import Run

ROW = (True, 7, "2026-01-01T09:00:00.000000Z", "17.6")


class Server:
    """A way to fresh sessions that answers, refuses or hangs as it is told."""

    def __init__(self) -> None:
        self.opened_count = 0
        self.error: Exception | None = None
        self.back = threading.Event()
        self.back.set()

    @contextmanager
    def opened(self) -> Iterator[Run]:
        """Open a session."""
        self.opened_count += 1
        self.back.wait(5.0)
        if self.error:
            raise self.error
        yield lambda sql: [ROW] if "pg_backend_pid" in sql else [("app", 3, 100)]


@pytest.fixture
def server() -> Iterator[Server]:
    """A server; what hangs is let go at the end."""
    one = Server()
    yield one
    one.back.set()


def told(stream: io.BytesIO) -> list[object]:
    """Return the records that were written."""
    return [decode(line) for line in stream.getvalue().splitlines()]


def test_probe_tells_the_server(server: Server) -> None:
    """Its start, its version, and who answered."""
    probe = OwnObserver(server, 1.0, io.BytesIO()).probe()
    assert (True, False, 7, ROW[2], "17.6") == (
        probe.ok,
        probe.timed_out,
        probe.backend_pid,
        probe.server_started,
        probe.server_version,
    )


def test_refusal_is_told_in_the_drivers_words(server: Server) -> None:
    """Whatever class of error a driver has."""
    server.error = LookupError("FATAL: the database system is starting up\nand more")
    probe = OwnObserver(server, 1.0, io.BytesIO()).probe()
    assert (False, False) == (probe.ok, probe.timed_out)
    assert "starting up" in probe.error
    assert "more" not in probe.error


def test_session_that_hangs_is_given_up_on(server: Server) -> None:
    """And is no refusal; the next one answers though it still hangs."""
    server.back.clear()
    observer = OwnObserver(server, 0.05, io.BytesIO())
    probe = observer.probe()
    assert (False, True) == (probe.ok, probe.timed_out)
    assert probe.ended_at - probe.started_at < 2.0
    server.back.set()
    assert observer.probe().ok


def test_no_more_than_a_few_hang_at_once(server: Server) -> None:
    """A server that is silent for minutes gets no thousand sessions when it is back."""
    server.back.clear()
    observer = OwnObserver(server, 0.01, io.BytesIO())
    probes = [observer.probe() for _ in range(2 * AT_ONCE)]
    assert all(probe.timed_out for probe in probes)
    assert AT_ONCE == server.opened_count


def test_sessions_are_counted_by_application(server: Server) -> None:
    """For the head-room that the server must have."""
    stream = io.BytesIO()
    OwnObserver(server, 1.0, stream).obey("sessions", "")
    assert [({"app": 3}, 100)] == [
        (one.by_application, one.max_connections)
        for one in told(stream)
        if isinstance(one, Sessions)
    ]


def test_without_a_login_it_tells_the_time_alone() -> None:
    """Marks and clocks, and no probe that would be a guess."""
    stream = io.BytesIO()
    observer = OwnObserver(None, 1.0, stream)
    observer.start()
    observer.obey("hurry", "0")
    deadline = time.monotonic() + 5.0
    while not told(stream) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert {Clock} == {type(one) for one in told(stream)}
    assert not [one for one in told(stream) if isinstance(one, Probe)]

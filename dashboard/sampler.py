"""One check of the database over a connection of the monitor's own, within a deadline."""

import select
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import psycopg2
from psycopg2.extensions import POLL_OK, POLL_READ, POLL_WRITE, connection

from dashboard.db_connector import Address
from dashboard.errors import (
    DashboardError,
    DeadlineError,
    NotConnectedError,
    classify,
    driver_line,
)
from dashboard.health import Sample, Server
from dashboard.resolver import Resolver

APPLICATION_NAME = "dashboard-monitor"
DEADLINE_S = 1.0
FRESH_EVERY = 3  # samples: a fresh session costs a login, and a server may refuse new ones alone

SQL = "SELECT current_setting('server_version'), pg_postmaster_start_time()"

_EVENTS = {POLL_READ: select.POLLIN, POLL_WRITE: select.POLLOUT}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    server: Server
    latency_ms: float
    lost: str | None = None  # what the driver said of the kept session, where that was gone


class Sampler:
    """Ask the server who it is; keep the session while it answers, drop it otherwise.

    A server can keep its old sessions and refuse new ones (in a smart shutdown, or with its login
    closed), so at least every third sample asks a fresh one, which is then the one that is kept.
    That begins with the name, as for the pages: where nobody resolves it, no new session works.
    No session is held after a bad sample: a smart shutdown would wait for it. But where no slot is
    free the old one stays: the next sample would take the slot it leaves, and call that up.

    psycopg2's own wait callback would be global to the process, and `connect_timeout` is at least
    2 s and covers no query: so the connection is asynchronous, with a poll loop of its own.
    """

    def __init__(self, address: Address, *, deadline_s: float = DEADLINE_S) -> None:
        self._address = address
        self._deadline_s = deadline_s
        self._resolver = Resolver(address.host, address.port)
        self._connection: connection | None = None
        self._asked_kept = 0  # in a row, since the last fresh session

    def sample(self) -> Sample:
        """Check once; never raises a database error and never takes longer than the deadline."""
        began_s = time.monotonic()
        deadline_at = began_s + self._deadline_s
        kept = self._connection
        try:
            answer = self._answer(deadline_at)
        except (psycopg2.Error, DashboardError, OSError) as error:
            trouble = classify(error)
            if trouble.kind != "too_many_connections":
                self.close()
            return Sample(
                began_s=began_s,
                ended_s=time.monotonic(),
                ended_at=datetime.now(UTC),
                trouble=trouble,
                driver_line=driver_line(error),
                session_lost=kept is not None and self._connection is None,
            )
        return Sample(
            began_s=began_s,
            ended_s=time.monotonic(),
            ended_at=datetime.now(UTC),
            latency_ms=answer.latency_ms,
            server=answer.server,
            driver_line=answer.lost,
            session_lost=answer.lost is not None,
        )

    def close(self) -> None:
        """Throw the connection away."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _answer(self, deadline_at: float) -> _Answer:
        """Ask the kept session; where it fails, or none was proven lately, a fresh one.

        Gone can mean a restart between two samples, a crash under the same postmaster, or this one
        session ended by hand. A statement that was cancelled leaves it: that is no loss.
        """
        answer, lost = None, None
        if self._connection is not None:
            try:
                answer = _ask(self._connection, deadline_at)
            except psycopg2.Error as error:
                if classify(error).kind != "query_failed":
                    lost = driver_line(error)
                    self.close()
        if answer is not None and self._asked_kept + 1 < FRESH_EVERY:
            self._asked_kept += 1
            return answer
        fresh = self._ask_fresh(deadline_at)
        # The kept session's latency, where there is one: the first query of a session is slower.
        return answer or replace(fresh, lost=lost)

    def _ask_fresh(self, deadline_at: float) -> _Answer:
        """Ask a fresh session, and keep it in place of the one before."""
        fresh = self._connect(deadline_at)
        try:
            answer = _ask(fresh, deadline_at)
        except BaseException:
            fresh.close()
            raise
        self.close()
        self._connection, self._asked_kept = fresh, 0
        return answer

    def _connect(self, deadline_at: float) -> connection:
        address = self._resolver.resolve(timeout_s=deadline_at - time.monotonic())
        args = self._address.connect_args(APPLICATION_NAME) | {"hostaddr": address}
        fresh: connection | None = None
        try:
            fresh = psycopg2.connect(async_=1, **args)
            _wait(fresh, deadline_at)
        except BaseException as error:
            if fresh is not None:
                fresh.close()
            if isinstance(error, psycopg2.Error):
                raise NotConnectedError(error) from error
            raise
        return fresh


def _ask(session: connection, deadline_at: float) -> _Answer:
    asked_s = time.monotonic()
    with session.cursor() as cursor:
        cursor.execute(SQL)
        _wait(session, deadline_at)
        row = cursor.fetchone()
    assert row is not None  # noqa: S101 # the statement has no FROM: it returns one row
    version, started_at = row
    latency_ms = (time.monotonic() - asked_s) * 1000
    # Debian's build appends its package's version: "17.6 (Debian 17.6-0+deb13u1)".
    return _Answer(
        server=Server(version=version.split()[0], started_at=started_at), latency_ms=latency_ms
    )


def _wait(session: connection, deadline_at: float) -> None:
    """Drive an asynchronous connection until it is idle.

    Raises:
        DeadlineError: when `deadline_at` comes first; the connection is of no use afterwards.
    """
    while (state := session.poll()) != POLL_OK:
        left_s = deadline_at - time.monotonic()
        # A new poller each time: libpq may change the socket while it connects.
        poller = select.poll()
        poller.register(session.fileno(), _EVENTS[state])
        if left_s <= 0 or not poller.poll(left_s * 1000):
            raise DeadlineError

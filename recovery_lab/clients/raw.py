"""Contenders without a pool: the canary, that shows the fault, and the quitter, a control."""

import threading

import psycopg2
import psycopg2.extensions

from dashboard.db_connector import Address
from recovery_lab.clients.base import READ_SQL, Answer, Failure, Pooled
from recovery_lab.clients.pooled import driver_failure
from recovery_lab.record.session import DeadlineError, drive

QUIT_AFTER_S = 1.0


class Canary:
    """One raw connection, opened once and never again: what happens to it is the fault itself."""

    def __init__(self, address: Address) -> None:
        self._lock = threading.Lock()
        self._connection = psycopg2.connect(**address.connect_args("lab-canary"))
        self._connection.autocommit = True

    def read(self, nonce: str) -> Answer:
        """Read on the one connection."""
        with self._lock, self._connection.cursor() as cursor:
            cursor.execute(READ_SQL.format(nonce=nonce))
            return _answer(cursor.fetchone())

    def warm(self, count: int) -> list[int]:
        """Return the one session's backend, as its server gave it."""
        return [self.read("warm").backend_pid][:count]

    def look(self) -> Pooled | None:
        """Nothing is pooled."""
        return None

    def failure(self, error: Exception) -> Failure:
        """Use the dashboard's own kinds."""
        return driver_failure(error)


class Quitter:
    """Waits a second, closes, and never connects again: no recovery can come of it."""

    def __init__(self, address: Address) -> None:
        self._lock = threading.Lock()
        self._connection = psycopg2.connect(async_=1, **address.connect_args("lab-quitter"))
        drive(self._connection, "connect", QUIT_AFTER_S)

    def read(self, nonce: str) -> Answer:
        """Read within a second, or close for good."""
        with self._lock:
            try:
                cursor = self._connection.cursor()
                cursor.execute(READ_SQL.format(nonce=nonce))
                drive(self._connection, "query", QUIT_AFTER_S)
                return _answer(cursor.fetchone())
            except (psycopg2.Error, DeadlineError):
                self._connection.close()
                raise

    def warm(self, count: int) -> list[int]:
        """Return the one session's backend, as its server gave it."""
        return [self.read("warm").backend_pid][:count]

    def look(self) -> Pooled | None:
        """Nothing is pooled."""
        return None

    def failure(self, error: Exception) -> Failure:
        """A missed deadline is this contender's own."""
        if isinstance(error, DeadlineError):
            return Failure(
                phase=error.phase,
                kind="deadline",
                error_class=type(error).__name__,
                sqlstate="",
                message=str(error),
            )
        return driver_failure(error)


def _answer(row: tuple[str, int, str] | None) -> Answer:
    assert row is not None  # noqa: S101 # the statement has no FROM: it returns one row
    nonce, backend_pid, server_started = row
    return Answer(nonce=nonce, backend_pid=backend_pid, server_started=server_started)

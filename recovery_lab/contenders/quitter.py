"""The quitter, a control: it waits a second, closes, and never connects again."""

import threading
from typing import Any

import psycopg2

from recovery_lab.contenders import driver
from recovery_lab.contenders.base import Answer, Failure
from recovery_lab.record.session import DeadlineError, drive
from recovery_lab.target import Traits

QUIT_AFTER_S = 1.0
START_LIMIT_S = 10.0  # its patience is about reads; it is started in a steady state
TRAITS = Traits(reconnects=False, deadline_s=QUIT_AFTER_S)


class Quitter:
    """Reads on one asynchronous connection, whose every wait is bounded."""

    def __init__(self, login: dict[str, Any]) -> None:
        self._lock = threading.Lock()
        args = driver.connect_args(login, "lab-quitter")
        self._connection = psycopg2.connect(async_=1, **args)
        drive(self._connection, "connect", START_LIMIT_S)

    def read(self, nonce: str) -> Answer:
        """Read within a second, or close for good."""
        with self._lock:
            try:
                cursor = self._connection.cursor()
                driver.ask(cursor, nonce)
                drive(self._connection, "query", QUIT_AFTER_S)
                return driver.answer(cursor)
            except (psycopg2.Error, DeadlineError):
                self._connection.close()
                raise

    def warm(self, count: int) -> list[int]:  # noqa: ARG002 # there is but one session
        """Return the one session's backend, as its server gave it."""
        return [self.read("warm")["backend_pid"]]

    def look(self) -> None:
        """Nothing is pooled."""

    def failure(self, error: Exception) -> Failure:
        """Tell what the driver said; a missed deadline is this contender's own."""
        return driver.failure(error)


def make(name: str, way: dict[str, Any]) -> Quitter:  # noqa: ARG001 # as every factory is called
    """Make the quitter."""
    return Quitter(way["login"])

"""The canary: one raw connection, opened once and never again, that meets the fault itself."""

import threading
from typing import Any

import psycopg2

from recovery_lab.contenders import driver
from recovery_lab.contenders.base import Answer, Failure
from recovery_lab.target import Traits

TRAITS = Traits(reconnects=False, workers=1)


class Canary:
    """Reads on the one connection, one read at a time."""

    def __init__(self, login: dict[str, Any]) -> None:
        self._lock = threading.Lock()
        self._connection = psycopg2.connect(**driver.connect_args(login, "lab-canary"))
        self._connection.autocommit = True

    def read(self, nonce: str) -> Answer:
        """Read on the one connection."""
        with self._lock, self._connection.cursor() as cursor:
            driver.ask(cursor, nonce)
            return driver.answer(cursor)

    def warm(self, count: int) -> list[int]:  # noqa: ARG002 # there is but one session
        """Return the one session's backend, as its server gave it."""
        return [self.read("warm")["backend_pid"]]

    def look(self) -> None:
        """Nothing is pooled."""

    def failure(self, error: Exception) -> Failure:
        """Tell what the driver said."""
        return driver.failure(error)


def make(name: str, way: dict[str, Any]) -> Canary:  # noqa: ARG001 # as every factory is called
    """Make the canary."""
    return Canary(way["login"])

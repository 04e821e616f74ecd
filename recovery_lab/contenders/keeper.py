"""The keeper, a control of rotated passwords: it logs in with its first one for ever."""

import threading
from typing import Any

import msgspec
import psycopg2

from recovery_lab.contenders.base import Json
from recovery_lab.contenders.driver import failure, read_sql
from recovery_lab.login import Login
from recovery_lab.session import connect
from recovery_lab.target import Traits

TRAITS = Traits()
WHEN_ASKED = True  # it is a control by the word of whoever rotates a password, alone


class Keeper:
    """Reads on one session, and opens another where that is lost."""

    def __init__(self, _name: str, way: Json) -> None:
        login = msgspec.convert(way["login"], Login)
        self._login = msgspec.structs.replace(login, password=login.secret())
        self._read_sql = read_sql(way)
        self._session: Any = None  # a connection of psycopg2's
        self._lock = threading.Lock()

    def read(self, nonce: str) -> Json:
        """Read; a session that failed is given up."""
        with self._lock:
            try:
                self._session = self._session or connect(self._login, "lab-keeper")
                with self._session.cursor() as cursor:
                    cursor.execute(self._read_sql, (nonce,))
                    [(answered, backend_pid, server_started)] = cursor.fetchall()
                self._session.rollback()
            except psycopg2.Error:
                self._session = None
                raise
        return {
            "nonce": answered,
            "backend_pid": backend_pid,
            "server_started": server_started,
        }

    def warm(self, count: int) -> list[int]:  # noqa: ARG002 # there is but one session
        """Return the one session's backend."""
        return [self.read("warm")["backend_pid"]]

    def look(self) -> None:
        """Nothing is pooled."""

    failure = staticmethod(failure)


make = Keeper

"""What contenders over plain psycopg2 share: one session for ever, and its errors in words."""

import threading

import msgspec
import psycopg2
from psycopg2.extras import RealDictCursor

from recovery_lab.contenders.base import Json
from recovery_lab.login import DeadlineError, Login, first_line
from recovery_lab.session import DRIVER, connect
from recovery_lab.sql import STARTED

# The columns are an answer: the nonce that came back, who answered, and since when it runs.
_READ_SQL = f"SELECT %s AS nonce, pg_backend_pid() AS backend_pid, {STARTED} AS server_started"


def read_sql(way: Json) -> str:
    """Return the statement of a read, which touches the target's table; it takes the nonce."""
    return f"{_READ_SQL} WHERE {way['work']}"


def failure(error: Exception) -> Json:
    """Put an error of psycopg2's, or a missed deadline, in words."""
    message = first_line(error)
    if isinstance(error, DeadlineError):
        phase, kind = error.phase, "deadline"
    elif _connects(error, message):
        phase, kind = "connect", "connect_refused"
    else:
        lost = isinstance(error, psycopg2.OperationalError | psycopg2.InterfaceError)
        phase, kind = "execute", "connection_lost" if lost else "query"
    sqlstate = getattr(error, "pgcode", None) or ""
    words = {"error_class": type(error).__name__, "sqlstate": sqlstate, "message": message}
    return {"phase": phase, "kind": kind, **words, "driver": DRIVER}


def _connects(error: Exception, message: str) -> bool:
    told = message.startswith(("connection to server", "could not translate"))
    return told or isinstance(error, OSError) or "connect" in getattr(error, "__notes__", [])


class OneSession:
    """Reads on one session, one read at a time, and never opens another."""

    def __init__(self, way: Json, application_name: str) -> None:
        login = msgspec.convert(way["login"], Login)
        self._read_sql = read_sql(way)
        self._session = connect(login, application_name)
        self._session.cursor_factory = RealDictCursor
        self._lock = threading.Lock()

    def read(self, nonce: str) -> Json:
        """Read on the one session."""
        with self._lock, self._session.cursor() as cursor:
            cursor.execute(self._read_sql, (nonce,))
            return dict(cursor.fetchall()[0])

    def warm(self, count: int) -> list[int]:  # noqa: ARG002 # there is but one session
        """Return the one session's backend, as its server gave it."""
        return [self.read("warm")["backend_pid"]]

    def look(self) -> None:
        """Nothing is pooled."""

    failure = staticmethod(failure)

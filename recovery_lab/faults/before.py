"""Sessions from before a fault, in the witness: one of its own, and all others that it notes."""

import select
import threading
import time
from collections.abc import Callable
from typing import Any

import psycopg2

from recovery_lab import session
from recovery_lab.login import DeadlineError, Login, first_line

KEPT = "lab-kept"  # application_name of its own
LIMIT_S = 1.0
Query = Callable[..., list[tuple[Any, ...]]]  # one statement, in a fresh session
# A pid alone may be another session's by then.
_THERE = """SELECT pid, backend_start FROM pg_stat_activity
       WHERE usename = current_user AND pid <> pg_backend_pid()"""
_TERMINATE = """SELECT pid, backend_start, pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE usename = current_user AND client_addr = ANY(%s::inet[])"""


class Before:
    """Carries out orders about sessions of the login's own role; each is told in `obey`."""

    def __init__(self, login: Login, query: Query, resolved: Callable[[], str]) -> None:
        self._login = login
        self._query = query
        self._resolved = resolved  # the server's address
        self._own: Any = None  # a connection of psycopg2's
        self._ended_at = 0.0
        self._noted: set[tuple[Any, ...]] = set()

    def obey(self, order: str, *addresses: str) -> dict[str, Any]:
        """Return an answer's facts, none to an order of another's; raises what the driver does."""
        match order:
            case "keep":  # a session, and note all that are there
                return self._keep()
            case "kept":  # how far a read on it comes
                return {"session": self._read()}
            case "watch":  # for its end; it is asked nothing any more
                threading.Thread(target=self._watch, daemon=True).start()
            case "ended":  # and when
                return {"ended_at": self._ended_at}
            case "terminate":  # and note all that come from some addresses
                self._noted = {row[:2] for row in self._query(_TERMINATE, list(addresses))}
            case "left":  # of those noted
                left = self._noted & set(self._query(_THERE))
                return {"noted": len(self._noted), "sessions": len(left)}
        return {}

    def _keep(self) -> dict[str, Any]:
        self._own = session.connect(self._login, KEPT, address=self._resolved(), async_=1)
        session.drive(self._own, "connect", LIMIT_S)
        self._ended_at = 0.0
        self._noted = set(self._query(_THERE))
        return {"pid": self._own.info.backend_pid}

    def _read(self) -> str:
        """Read on the session that was kept; return how far that came, as of a fresh one."""
        if self._own is None:
            return "none was kept"
        try:
            cursor = self._own.cursor()
            cursor.execute("SELECT 1")
            session.drive(self._own, "execute", LIMIT_S)
        except DeadlineError:
            return "hangs"
        except psycopg2.Error as error:
            return first_line(error)
        return "ok"

    def _watch(self) -> None:
        select.select([self._own], [], [])  # it is idle: only its end can be read
        self._ended_at = time.monotonic()

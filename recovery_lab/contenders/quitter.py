"""The quitter, a control: once it has waited a second in vain it never connects again."""

import threading
import time
from typing import TYPE_CHECKING

import msgspec
import psycopg2
from psycopg2.extras import RealDictCursor

from recovery_lab.contenders.base import Json
from recovery_lab.contenders.driver import failure, read_sql
from recovery_lab.login import DeadlineError, Login, look_up
from recovery_lab.session import connect, drive
from recovery_lab.target import Traits

if TYPE_CHECKING:
    from psycopg2.extensions import connection

QUIT_AFTER_S = 1.0
START_LIMIT_S = 10.0  # its patience is about reads; it is warmed in a steady state
TRAITS = Traits(reconnects=False, fresh=True, deadline_s=QUIT_AFTER_S)


class Quitter:
    """Reads on one asynchronous connection, opened as it is needed, whose every wait is bounded."""

    def __init__(self, _name: str, way: Json) -> None:
        self._login = msgspec.convert(way["login"], Login)
        self._read_sql = read_sql(way)
        self._session: connection | None = None
        self._gone: Exception | None = None
        self._lock = threading.Lock()

    def read(self, nonce: str) -> Json:
        """Read within a second, or give up for good."""
        return self._read_within(QUIT_AFTER_S, nonce)

    def warm(self, count: int) -> list[int]:  # noqa: ARG002 # there is but one session
        """Return the one session's backend; others that start beside it may keep it waiting."""
        return [self._read_within(START_LIMIT_S, "warm")["backend_pid"]]

    def forget(self) -> None:
        """Close its session; it opens another one as long as none was refused."""
        with self._lock:
            if self._session is not None:
                self._session.close()
            self._session = None

    def look(self) -> None:
        """Nothing is pooled."""

    def _read_within(self, limit_s: float, nonce: str) -> Json:
        with self._lock:
            if self._gone is not None:
                raise self._gone
            began_at = time.monotonic()
            try:
                if self._session is None:
                    # By itself the driver looks the name up with all threads waiting.
                    address = look_up(self._login, limit_s)
                    self._session = connect(self._login, "lab-quitter", address=address, async_=1)
                    drive(self._session, "connect", limit_s, began_at)
                cursor = self._session.cursor(cursor_factory=RealDictCursor)
                cursor.execute(self._read_sql, (nonce,))
                drive(self._session, "execute", limit_s, began_at)
                return dict(cursor.fetchall()[0])
            except (psycopg2.Error, DeadlineError, OSError) as error:
                self._gone = error
                if self._session is not None:
                    self._session.close()
                raise

    failure = staticmethod(failure)


make = Quitter

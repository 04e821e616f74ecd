"""The quitter, a control: it waits a second, closes, and never connects again."""

import psycopg2

from recovery_lab.contenders.base import Json
from recovery_lab.contenders.driver import OneSession
from recovery_lab.session import DeadlineError, drive
from recovery_lab.target import Traits

QUIT_AFTER_S = 1.0
START_LIMIT_S = 10.0  # its patience is about reads; it is started in a steady state
TRAITS = Traits(reconnects=False, deadline_s=QUIT_AFTER_S)


class Quitter(OneSession):
    """Reads on one asynchronous connection, whose every wait is bounded."""

    def __init__(self, _name: str, way: Json) -> None:
        super().__init__(way, "lab-quitter", async_=1)
        drive(self._session, "connect", START_LIMIT_S)

    def read(self, nonce: str) -> Json:
        """Read within a second, or close for good."""
        return self._read_within(QUIT_AFTER_S, nonce)

    def warm(self, count: int) -> list[int]:  # noqa: ARG002 # there is but one session
        """Return the one session's backend; others that start beside it may keep it waiting."""
        return [self._read_within(START_LIMIT_S, "warm")["backend_pid"]]

    def _read_within(self, limit_s: float, nonce: str) -> Json:
        with self._lock:
            try:
                cursor = self._session.cursor()
                cursor.execute(self._read_sql, (nonce,))
                drive(self._session, "query", limit_s)
                return dict(cursor.fetchall()[0])
            except (psycopg2.Error, DeadlineError):
                self._session.close()
                raise


make = Quitter

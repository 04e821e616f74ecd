"""The quitter, a control: it waits a second, closes, and never connects again."""

import psycopg2

from recovery_lab.contenders.base import Json
from recovery_lab.contenders.driver import READ_SQL, OneSession
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
        with self._lock:
            try:
                cursor = self._session.cursor()
                cursor.execute(READ_SQL, (nonce,))
                drive(self._session, "query", QUIT_AFTER_S)
                return dict(cursor.fetchall()[0])
            except (psycopg2.Error, DeadlineError):
                self._session.close()
                raise


make = Quitter

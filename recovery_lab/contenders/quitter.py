"""The quitter, a control: it waits a second, closes, and never connects again."""

from typing import Any

import msgspec
import psycopg2

from recovery_lab.contenders.base import Answer
from recovery_lab.contenders.driver import READ_SQL, OneSession, answer
from recovery_lab.session import DeadlineError, Login, connect, drive
from recovery_lab.target import Traits

QUIT_AFTER_S = 1.0
START_LIMIT_S = 10.0  # its patience is about reads; it is started in a steady state
TRAITS = Traits(reconnects=False, deadline_s=QUIT_AFTER_S)


class Quitter(OneSession):
    """Reads on one asynchronous connection, whose every wait is bounded."""

    def read(self, nonce: str) -> Answer:
        """Read within a second, or close for good."""
        with self._lock:
            try:
                reading = self._session.cursor()
                reading.execute(READ_SQL, (nonce,))
                drive(self._session, "query", QUIT_AFTER_S)
                return answer(reading)
            except (psycopg2.Error, DeadlineError):
                self._session.close()
                raise


def make(name: str, way: dict[str, Any]) -> Quitter:  # noqa: ARG001 # as every factory is called
    """Make the quitter."""
    session = connect(msgspec.convert(way["login"], Login), "lab-quitter", async_=1)
    drive(session, "connect", START_LIMIT_S)
    return Quitter(session)

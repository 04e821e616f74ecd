"""The job `cold`: a contender that is made while the database is away, and read at once."""

import threading
from collections.abc import Callable

from recovery_lab.contenders.base import Adapter, Json, first_line


class DiedError(Exception):
    """The contender could not be made: its process ends as it starts, and nobody starts another."""


class MadeByReading:
    """Makes its adapter in the first read, while the others wait; none of them warms it."""

    def __init__(self, make: Callable[[], Adapter]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._made: Adapter | None = None
        self._died: DiedError | None = None

    def read(self, nonce: str) -> Json:
        """Read when it is made; raises DiedError where it could not be."""
        return self._contender().read(nonce)

    def warm(self, count: int) -> list[int]:
        """Nobody warms what is not there yet."""
        raise NotImplementedError(count)

    def look(self) -> None:
        """Its pool is not looked at: there was none before."""

    def failure(self, error: Exception) -> Json:
        """Put a read's error in the contender's own words, unless there is no contender."""
        if self._made is not None:
            return self._made.failure(error)
        told = {"error_class": type(error.__cause__).__name__, "message": first_line(str(error))}
        return {"phase": "start", "kind": "died", "sqlstate": "", **told}

    def _contender(self) -> Adapter:
        with self._lock:
            if self._died is not None:
                raise self._died
            if self._made is None:
                try:
                    self._made = self._make()
                except BaseException as error:  # sys.exit is a process' end as well
                    self._died = DiedError(str(error))
                    raise self._died from error
            return self._made

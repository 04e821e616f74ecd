"""The job `fresh`: readers that hold no session between two reads."""

import queue
from collections.abc import Callable

from recovery_lab.contenders.base import Fresh, Json


class EachAnew:
    """Reads through an adapter for each reader: sessions that it gives up are nobody else's."""

    def __init__(self, make: Callable[[], Fresh], readers: int) -> None:
        self._made = [make() for _ in range(readers)]
        self._idle: queue.SimpleQueue[Fresh] = queue.SimpleQueue()
        for one in self._made:
            self._idle.put(one)

    def read(self, nonce: str) -> Json:
        """Read in a new session, and give it up."""
        one = self._idle.get()
        try:
            return one.read(nonce)
        finally:
            one.forget()
            self._idle.put(one)

    def warm(self, count: int) -> list[int]:
        """Open that many sessions, and give them up; return none, for there is none to be cut."""
        for _ in range(count):
            one = self._idle.get()
            one.warm(1)
            one.forget()
            self._idle.put(one)
        return []

    def look(self) -> None:
        """Nothing is pooled."""

    def failure(self, error: Exception) -> Json:
        """Use the contender's own words."""
        return self._made[0].failure(error)

"""Counters of what a pool did, fed by SQLAlchemy's events."""

import threading
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, event


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolStats:
    """One look at a pool."""

    size: int
    checked_in: int
    checked_out: int
    overflow: int
    connects_total: int
    invalidations_total: int


class Tally:
    """A count that several threads raise."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.value = 0

    def add(self) -> None:
        """Raise the count by one."""
        with self._lock:
            self.value += 1


class PoolCounters:
    """How often a pool opened a connection and threw one away as dead."""

    def __init__(self) -> None:
        self.connects = Tally()
        self.invalidations = Tally()

    def listen(self, engine: Engine) -> None:
        """Count for as long as `engine` lives, across its `dispose`."""

        def connected(*_: Any) -> None:
            self.connects.add()

        def invalidated(*_: Any) -> None:
            self.invalidations.add()

        event.listen(engine, "connect", connected)
        event.listen(engine, "invalidate", invalidated)
        event.listen(engine, "soft_invalidate", invalidated)

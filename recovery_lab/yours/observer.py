"""The observer of one's own engine: fresh sessions of the same login and driver, each bounded."""

import os
import sys
import threading
import time
from contextlib import suppress
from typing import Any

import httpx
import msgspec

from recovery_lab.contenders.program import own_stdout
from recovery_lab.login import DeadlineError, on_thread
from recovery_lab.record.history import Health as Sample
from recovery_lab.record.observer import Observer
from recovery_lab.record.sampler import Sampler
from recovery_lab.sql import PROBE, SESSIONS
from recovery_lab.target import Health
from recovery_lab.yours.look import TOLD, Asked
from recovery_lab.yours.way import Row, Way

AT_ONCE = 8  # attempts that still hang; no more are begun beside them
COUNT_LIMIT_S = 5.0


class Assignment(msgspec.Struct, frozen=True, kw_only=True):
    """What to observe, and how long a fresh session may take."""

    asked: Asked
    limit_s: float


class OwnObserver(Observer):
    """Opens each fresh session on a thread, so as to give up on it: no driver is like another."""

    expected = (Exception,)

    def __init__(self, way: Way | None, limit_s: float, stream: Any = None) -> None:
        super().__init__(stream)
        self.limit_s = limit_s
        self._way = way
        self._free = threading.Semaphore(AT_ONCE)

    def start(self) -> None:
        """Start its threads; without a login there is nothing to probe."""
        if self._way:
            super().start()
        else:
            self.start_telling()

    def ask(self, limit_s: float) -> Row:
        """Open one and do the work, which is to read."""
        [row] = self._bounded(f"{PROBE}true", limit_s)
        return row

    def count(self) -> list[Row]:
        """Count this role's sessions."""
        return self._bounded(SESSIONS, COUNT_LIMIT_S)

    def _bounded(self, sql: str, limit_s: float) -> list[Row]:
        if not self._free.acquire(timeout=limit_s):
            raise DeadlineError("fresh session", limit_s)
        return on_thread(lambda: self._run(sql), limit_s, "fresh session")

    def _run(self, sql: str) -> list[Row]:
        try:
            if self._way is None:
                raise RuntimeError("there is no login")
            with self._way.opened() as run:
                return run(sql)
        finally:
            self._free.release()


class Route(Sampler):
    """Samples a health route of which nothing is known but its status: 2xx is green."""

    def _health(self, client: httpx.Client) -> Sample:
        started_at, status = time.monotonic(), "down"
        with suppress(httpx.HTTPError):
            status = "up" if client.get(self.probes.path).is_success else "down"
        return Sample(started_at=started_at, ended_at=time.monotonic(), status=status)


def main() -> None:
    """Observe what the environment assigns, and follow orders until the input ends."""
    assignment = msgspec.json.decode(os.environ[TOLD], type=Assignment)
    stream = own_stdout()
    observer = OwnObserver(assignment.asked.fresh(), assignment.limit_s, stream)
    observer.start()
    if route := assignment.asked.health:
        Route("", Health(path=route), observer.emit).start()
    observer.follow(sys.stdin)
    os._exit(0)  # a session may be on its way: nobody waits for it


if __name__ == "__main__":
    main()

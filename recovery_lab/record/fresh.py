"""The observer's program in a container on the clients' network, with psycopg2's fresh sessions."""

import os
import sys
import threading
import time
from contextlib import suppress
from typing import Any

import msgspec
import psycopg2

from recovery_lab.login import DeadlineError, Login, look_up
from recovery_lab.record.observer import FAST_S, RARE_S, Assignment, Observer
from recovery_lab.record.sampler import Sampler
from recovery_lab.session import query_fresh
from recovery_lab.sql import PROBE, SESSIONS

PROBE_LIMIT_S = 0.1
# The C library's: a look-up that nobody answers is over within 1 s, the least that it can be told.
LOOK_UPS = {"RES_OPTIONS": "timeout:1 attempts:1"}
COUNT_LIMIT_S = 3.0


class Fresh(Observer):
    """Logs in asynchronously, so that each attempt is bounded, at the last good address."""

    limit_s = PROBE_LIMIT_S
    expected = (psycopg2.Error, DeadlineError, OSError)

    def __init__(self, login: Login, work: str) -> None:
        super().__init__()
        self._login = login
        self._probe = f"{PROBE}{work}"
        self._address = ""
        self._resolved = threading.Event()

    def start(self) -> None:
        """Start its threads, when the name is known."""
        threading.Thread(target=self._keep_resolving, daemon=True).start()
        super().start()

    def ask(self, limit_s: float) -> tuple[Any, ...]:
        """Open one fresh session and do the target's work."""
        began_at = time.monotonic()
        address = look_up(self._login, limit_s) if self._by_name else self._address
        left_s = limit_s - (time.monotonic() - began_at)
        [row] = query_fresh(self._login, address, self._probe, limit_s=left_s)
        return row

    def count(self) -> list[tuple[Any, ...]]:
        """Count this role's sessions."""
        return query_fresh(self._login, self._address, SESSIONS, limit_s=COUNT_LIMIT_S)

    def _keep_resolving(self) -> None:
        """Keep the last good address: a stopped container has no name, a dead upstream hangs."""
        while True:
            with suppress(OSError):
                self._address = self._login.resolve()
                self._resolved.set()
            time.sleep(FAST_S if self._hurry.is_set() else RARE_S)

    def _keep_probing(self) -> None:
        self._resolved.wait(10.0)
        super()._keep_probing()


def main() -> None:
    """Observe what the first argument assigns, and follow orders until the input ends."""
    assignment = msgspec.json.decode(sys.argv[1], type=Assignment)
    os.environ.update(LOOK_UPS)  # before the first of them
    observer = Fresh(assignment.login, assignment.work)
    observer.start()
    if assignment.health:
        Sampler(assignment.url, assignment.health, observer.emit).start()
    observer.follow(sys.stdin)
    os._exit(0)  # a probe may be under way: nobody waits for it


if __name__ == "__main__":
    main()

"""The pool policies, through the dashboard's own code: what is measured is what is shipped."""

import threading
from concurrent.futures import ThreadPoolExecutor

from dashboard.db_connector import POLICIES, Address
from dashboard.errors import classify, driver_error, phase_of
from dashboard.monitor import Monitor
from dashboard.pool import Fetch, ReadPool, make_pool
from dashboard.sampler import Sampler
from dashboard.settings import PolicyName
from recovery_lab.clients.base import READ_SQL, Answer, Failure, Pooled

CHECK_EVERY_S = 1.0  # the dashboard's own default
WARM_LIMIT_S = 10.0


class PolicyClient:
    """Reads through a pool of the dashboard's, under one policy."""

    def __init__(self, policy: PolicyName, address: Address) -> None:
        self._pool: ReadPool = make_pool(POLICIES[policy], address)
        self._pooled = not POLICIES[policy].pins_one_connection
        if POLICIES[policy].disposes_on_failed_check:
            Monitor(
                Sampler(address),
                interval_s=CHECK_EVERY_S,
                on_sample=lambda _: None,
                on_failed_check=self._pool.check_failed,
            ).start()

    def read(self, nonce: str) -> Answer:
        """Read once through the pool."""
        row = self._pool.read(lambda fetch: fetch(READ_SQL.format(nonce=nonce)))[0]
        return Answer(**row)

    def warm(self, count: int) -> list[int]:
        """Hold `count` connections at once, so that the pool must open that many."""
        together = threading.Barrier(count)

        def hold(fetch: Fetch) -> int:
            backend = int(fetch("SELECT pg_backend_pid() AS backend_pid")[0]["backend_pid"])
            together.wait(WARM_LIMIT_S)
            return backend

        with ThreadPoolExecutor(count) as threads:
            return list(threads.map(lambda _: self._pool.read(hold), range(count)))

    def look(self) -> Pooled | None:
        """Return the pool's own count; one pinned connection is no pool."""
        if not self._pooled:
            return None
        stats = self._pool.stats()
        return Pooled(size=stats.size, checked_in=stats.checked_in, checked_out=stats.checked_out)

    def failure(self, error: Exception) -> Failure:
        """Use the dashboard's own kinds."""
        return driver_failure(error)


def driver_failure(error: Exception) -> Failure:
    """Put an error of SQLAlchemy's or psycopg2's in the lab's words."""
    trouble, inner = classify(error), driver_error(error) or error
    return Failure(
        phase=phase_of(error),
        kind=trouble.kind,
        error_class=type(inner).__name__,
        sqlstate=trouble.sqlstate or "",
        message=(str(inner).strip().splitlines() or [""])[0],
    )

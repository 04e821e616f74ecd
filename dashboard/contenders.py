"""The pool policies as the lab's contenders: what is measured is the code that is shipped.

Beside them the parts of the plan: the defaults with one of its options (`only-pool_recycle`), and
the plan without one (`without-pool_pre_ping`), which tell which option cures what; and the plan
with bounds on connecting and on silence, without a retry (`bounded`).

The lab calls `make` in a container of this image, as target.toml declares it. Both ends are
duck-typed: nothing of the lab is imported here.
"""

import contextlib
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import psycopg
import psycopg2
from psycopg2.extensions import libpq_version

from dashboard.db_connector import PLAN_18_03, POLICIES, Address, Policy
from dashboard.errors import classify, driver_error, phase_of
from dashboard.monitor import Monitor
from dashboard.phases import step_of
from dashboard.pool import Fetch, ReadPool, make_pool
from dashboard.retry import BOUNDS
from dashboard.sampler import Sampler

if TYPE_CHECKING:
    from dashboard.settings import PolicyName

PARTS: Mapping[str, Mapping[str, Any]] = {
    **{f"only-{name}": {name: value} for name, value in PLAN_18_03.items()},
    "without-pool_pre_ping": {
        name: value for name, value in PLAN_18_03.items() if name != "pool_pre_ping"
    },
    "bounded": {**PLAN_18_03, "connect_args": BOUNDS},
}

CHECK_EVERY_S = 1.0  # the dashboard's own default
WARM_LIMIT_S = 10.0
# After an outage a pool may hold dead connections; each failed round replaces some of them.
WARM_ROUNDS = 10
_VERSION = psycopg2.__version__.split()[0]  # type: ignore[attr-defined] # the stubs lack it
DRIVER = f"psycopg2 {_VERSION}, libpq {libpq_version() // 10000}"
DRIVER_3 = f"psycopg {psycopg.__version__}, libpq {psycopg.pq.version() // 10000}"  # of `steady`

Json = dict[str, Any]

READ_SQL = """SELECT '{nonce}' AS nonce, pg_backend_pid() AS backend_pid,
       to_char(pg_postmaster_start_time() AT TIME ZONE 'UTC',
               'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS server_started
WHERE {work}"""


class PolicyContender:
    """Reads through a pool of the dashboard's, under one policy."""

    def __init__(self, policy: Policy, address: Address, work: str) -> None:
        self._work = work
        self._pool: ReadPool = make_pool(policy, address)
        self._pinned = policy.pins_one_connection
        if policy.disposes_on_failed_check:
            Monitor(
                Sampler(address),
                interval_s=CHECK_EVERY_S,
                on_sample=lambda _: None,
                on_failed_check=self._pool.check_failed,
            ).start()

    def read(self, nonce: str) -> Json:
        """Read once through the pool."""
        sql = READ_SQL.format(nonce=nonce, work=self._work)
        return self._pool.read(lambda fetch: fetch(sql))[0]

    def warm(self, count: int) -> list[int]:
        """Hold `count` connections at once, so that the pool must open that many."""
        wanted = 1 if self._pinned else count
        for _ in range(WARM_ROUNDS - 1):
            with contextlib.suppress(Exception):  # the last round's error is the one that counts
                backends = self._held_together(wanted)
                if self._pool.stats().checked_in >= wanted:  # not so after a `dispose` meanwhile
                    return backends
        return self._held_together(wanted)

    def look(self) -> Json | None:
        """Return the pool's own count, and its limit; one pinned connection is no pool."""
        if self._pinned:
            return None
        stats = self._pool.stats()
        return {
            "size": stats.size,
            "checked_in": stats.checked_in,
            "checked_out": stats.checked_out,
            "most": self._pool.workers,
        }

    def forget(self) -> None:
        """Close what idles in the pool."""
        self._pool.forget()

    def failure(self, error: Exception) -> Json:
        """Use the dashboard's own kinds; the driver's words are for the record, not for a page."""
        trouble, inner = classify(error), driver_error(error) or error
        said = "\n".join(getattr(inner, "__notes__", []))
        return {
            "phase": _phase(error, inner),
            "kind": trouble.kind,
            "error_class": type(inner).__name__,
            "sqlstate": trouble.sqlstate or "",
            "message": _first_line(str(inner)),
            "said": _first_line(said),
            "driver": DRIVER_3 if isinstance(inner, psycopg.Error) else DRIVER,
        }

    def _held_together(self, count: int) -> list[int]:
        together = threading.Barrier(count)

        def hold(fetch: Fetch) -> int:
            backend = int(fetch("SELECT pg_backend_pid() AS backend_pid")[0]["backend_pid"])
            together.wait(WARM_LIMIT_S)
            return backend

        def one(_: int) -> int:
            try:
                return self._pool.read(hold)
            except Exception:
                together.abort()  # the others would wait for this one
                raise

        with ThreadPoolExecutor(count) as threads:
            return list(threads.map(one, range(count)))


def make(name: str, way: Json) -> PolicyContender:
    """Make the contender of a policy or a part; `way` tells its database, and what it reads."""
    login = way["login"]
    address = Address(
        host=login["host"],
        port=login["port"],
        database=login["name"],
        user=login["user"],
        password_file=Path(login["password_file"]),
        sslmode=login.get("sslmode", ""),
        sslrootcert=login.get("sslrootcert", ""),
    )
    return PolicyContender(_policy(name), address, way["work"])


def _phase(error: Exception, inner: BaseException) -> str:
    return step_of(inner) or ("connect" if phase_of(error) == "connect" else "execute")


def _first_line(words: str) -> str:
    return (words.strip().splitlines() or [""])[0]


def _policy(name: str) -> Policy:
    if name in PARTS:
        return replace(POLICIES["naive"], engine_options=PARTS[name])
    return POLICIES[cast("PolicyName", name)]

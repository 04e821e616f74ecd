"""The pool the pages read through: an engine's, or one connection kept for ever."""

import contextlib
import threading
from collections.abc import Callable, Iterator
from typing import Any, Protocol, TypeVar, cast

import psycopg2
import psycopg2.extras
from sqlalchemy import Connection, Engine, QueuePool

import steadypool
from dashboard import retry
from dashboard.db_connector import APPLICATION_NAME, Address, Policy, build_engine
from dashboard.errors import keep_last_words
from dashboard.pool_stats import PoolCounters, PoolStats

T = TypeVar("T")
WAITS_S = 30.0  # a read under `steady`, where its caller has no deadline
Row = dict[str, Any]
Fetch = Callable[[str], list[Row]]
"""Run one SQL statement and return all its rows."""
Query = Callable[[Fetch], T]


class ReadPool(Protocol):
    """Where reads get their connection from."""

    policy: Policy

    @property
    def workers(self) -> int:
        """Return how many reads the pool can serve at once."""

    def read(self, query: Query[T]) -> T:
        """Run `query` on a connection of the pool and give the connection back, whatever happens.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: from an engine's pool.
            psycopg2.Error: from the pinned connection.
        """

    def stats(self) -> PoolStats:
        """Return the pool's state, without a word to the database."""

    def met(self) -> steadypool.Counters | None:
        """Return what steadypool counts; nothing under another policy."""

    def forget(self) -> None:
        """Close the connections that idle; the next read opens one."""

    def check_failed(self) -> None:
        """Hear that a check of the monitor failed, or that its session was lost."""


class EnginePool:
    """A pool of SQLAlchemy's, with the options of one policy."""

    def __init__(self, policy: Policy, engine: Engine, *, deadline_s: float = WAITS_S) -> None:
        self.policy = policy
        self._engine = engine
        self._deadline_s = deadline_s  # of reads that wait an outage out
        self._counters = PoolCounters()
        self._counters.listen(engine)

    @property
    def workers(self) -> int:
        """Return the pool's size plus its overflow: more could only wait for a connection."""
        pool = self._pool()
        # SQLAlchemy has no public name for the option it was given.
        return pool.size() + pool._max_overflow  # noqa: SLF001

    def read(self, query: Query[T]) -> T:
        """Run `query` in a transaction of its own; `retry` and `steady` wait out an outage."""

        def work(connection: Connection) -> T:
            # Driver SQL: the same words reach psycopg2 as from the pinned connection.
            return query(
                lambda sql: [dict(row) for row in connection.exec_driver_sql(sql).mappings()]
            )

        if self.policy.retries_reads:
            return retry.read(self._engine, work)
        if self.policy.waits_outages_out:
            return steadypool.read(self._engine, work, deadline_s=self._deadline_s)
        with self._engine.connect() as connection:
            return work(connection)

    def stats(self) -> PoolStats:
        """Return the pool's state."""
        pool = self._pool()
        return PoolStats(
            size=pool.size(),
            checked_in=pool.checkedin(),
            checked_out=pool.checkedout(),
            overflow=max(0, pool.overflow()),  # it counts from minus the size upwards
            connects_total=self._counters.connects.value,
            invalidations_total=self._counters.invalidations.value,
        )

    def met(self) -> steadypool.Counters | None:
        """Return steadypool's own counts, where the engine is its."""
        return steadypool.counters(self._engine) if self.policy.waits_outages_out else None

    def forget(self) -> None:
        """Close the pool's idle connections and start a new pool."""
        self._engine.dispose()

    def check_failed(self) -> None:
        """Under `dispose`, do so."""
        if self.policy.disposes_on_failed_check:
            self.forget()

    def _pool(self) -> QueuePool:
        # `dispose` makes a new pool: never keep it.
        return cast("QueuePool", self._engine.pool)


class PinnedPool:
    """One raw connection behind one lock, made at the first read and never replaced.

    So does a dashboard that puts `psycopg2.connect(...)` into a cached resource: only a connect
    that failed is tried again, because an error is not cached.
    """

    workers = 5  # they share the lock: more would only wait, fewer would hide the queueing

    def __init__(self, policy: Policy, address: Address) -> None:
        self.policy = policy
        self._address = address
        self._lock = threading.Lock()
        self._connection: psycopg2.extensions.connection | None = None
        self._counters = PoolCounters()

    def read(self, query: Query[T]) -> T:
        """Run `query` when the lock is free, however long that takes."""
        with self._lock, self._cursor() as cursor:

            def fetch(sql: str) -> list[Row]:
                cursor.execute(sql)
                return [dict(row) for row in cursor.fetchall()]

            return query(fetch)

    def stats(self) -> PoolStats:
        """Return the state of the one connection; a dead one still counts as held."""
        made = int(self._connection is not None)
        busy = made and int(self._lock.locked())
        return PoolStats(
            size=1,
            checked_in=made - busy,
            checked_out=busy,
            overflow=0,
            connects_total=self._counters.connects.value,
            invalidations_total=self._counters.invalidations.value,
        )

    def met(self) -> None:
        """Return nothing: this is no pool of steadypool's."""

    def forget(self) -> None:
        """Do nothing: the connection is kept for ever."""

    check_failed = forget

    @contextlib.contextmanager
    def _cursor(self) -> Iterator[psycopg2.extras.RealDictCursor]:
        if self._connection is None:
            self._connection = psycopg2.connect(**self._address.connect_args(APPLICATION_NAME))
            # A failed transaction would otherwise spoil the reads after it, which is not the
            # trouble that this control is here to show.
            self._connection.autocommit = True
            self._counters.connects.add()
        try:
            with self._connection.cursor(cursor_factory=psycopg2.extras.RealDictCursor) as cursor:
                yield cursor
        except psycopg2.Error as error:
            keep_last_words(error, self._connection)
            raise


def make_pool(policy: Policy, address: Address, *, deadline_s: float = WAITS_S) -> ReadPool:
    """Make the pool that `policy` asks for; nothing connects yet."""
    if policy.pins_one_connection:
        return PinnedPool(policy, address)
    return EnginePool(policy, build_engine(policy, address), deadline_s=deadline_s)

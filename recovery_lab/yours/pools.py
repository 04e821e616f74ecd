"""Pools of psycopg and of asyncpg; nothing of either is imported unless one is there."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from recovery_lab.contenders.base import Json
from recovery_lab.yours import loop
from recovery_lab.yours.way import Row, Run, Way, distribution


class PsycopgPool(Way):
    """A psycopg_pool.ConnectionPool."""

    kind = "psycopg pool"

    def __init__(self, pool: Any) -> None:
        self._pool = pool
        self.pool_size = pool.min_size
        if pool.closed:
            pool.open()
        pool.wait()

    @contextmanager
    def session(self) -> Iterator[Run]:
        """Take a connection."""
        with self._pool.connection() as connection:
            yield lambda sql: [tuple(row) for row in connection.execute(sql).fetchall()]

    @contextmanager
    def opened(self) -> Iterator[Run]:
        """Connect as the pool does."""
        way, options = _told(self._pool)
        with self._pool.connection_class.connect(way, **options) as connection:
            yield lambda sql: [tuple(row) for row in connection.execute(sql).fetchall()]

    def host(self) -> str:
        """Return the host of the connection string."""
        return _psycopg_host(*_told(self._pool))

    def driver(self) -> str:
        """Return psycopg's version."""
        return distribution("psycopg")

    def look(self) -> Json:
        """Return the pool's own counts."""
        return _counts(self._pool.get_stats())


class AsyncPsycopgPool(Way):
    """A psycopg_pool.AsyncConnectionPool."""

    kind = "psycopg asynchronous pool"

    def __init__(self, pool: Any) -> None:
        self._pool = pool
        self.pool_size = pool.min_size
        if pool.closed:
            loop.run(pool.open())
        loop.run(pool.wait())

    @contextmanager
    def session(self) -> Iterator[Run]:
        """Take a connection."""
        with loop.entered(self._pool.connection()) as connection:
            yield lambda sql: loop.run(_rows(connection, sql))

    @contextmanager
    def opened(self) -> Iterator[Run]:
        """Connect as the pool does."""
        way, options = _told(self._pool)
        connection = loop.run(self._pool.connection_class.connect(way, **options))
        try:
            yield lambda sql: loop.run(_rows(connection, sql))
        finally:
            loop.run(connection.close())

    def host(self) -> str:
        """Return the host of the connection string."""
        return _psycopg_host(*_told(self._pool))

    def driver(self) -> str:
        """Return psycopg's version."""
        return distribution("psycopg")

    def look(self) -> Json:
        """Return the pool's own counts."""
        return _counts(self._pool.get_stats())


class AsyncpgPool(Way):
    """What a coroutine function that makes an asyncpg.Pool made."""

    kind = "asyncpg pool"

    def __init__(self, pool: Any) -> None:
        self._pool = pool
        self.pool_size = pool.get_min_size()

    @contextmanager
    def session(self) -> Iterator[Run]:
        """Acquire a connection."""
        with loop.entered(self._pool.acquire()) as connection:
            yield lambda sql: loop.run(_fetched(connection, sql))

    @contextmanager
    def opened(self) -> Iterator[Run]:
        """Connect as the pool does."""
        connection = loop.run(self._connect())
        try:
            yield lambda sql: loop.run(_fetched(connection, sql))
        finally:
            loop.run(connection.close(timeout=1.0))

    def host(self) -> str:
        """Return where one of its connections is."""
        return loop.run(self._peer())

    def driver(self) -> str:
        """Return asyncpg's version."""
        return distribution("asyncpg")

    def look(self) -> Json:
        """Return the pool's own counts."""
        size, idle = self._pool.get_size(), self._pool.get_idle_size()
        return {"size": self.pool_size, "checked_in": idle, "checked_out": size - idle}

    async def _connect(self) -> Any:
        # asyncpg shows nowhere else how a pool connects.
        arguments, options = self._pool._connect_args, self._pool._connect_kwargs  # noqa: SLF001
        return await import_module("asyncpg").connect(*arguments, **options)

    async def _peer(self) -> str:
        connection = await self._connect()
        try:
            address = connection._addr  # noqa: SLF001 # likewise
            return str(address[0] if isinstance(address, tuple) else address)
        finally:
            await connection.close(timeout=1.0)


async def _rows(connection: Any, sql: str) -> list[Row]:
    cursor = await connection.execute(sql)
    return [tuple(row) for row in await cursor.fetchall()]


async def _fetched(connection: Any, sql: str) -> list[Row]:
    return [tuple(row) for row in await connection.fetch(sql)]


def _told(pool: Any) -> tuple[str, Json]:
    """Return how a pool of psycopg_pool connects; either may be a function."""
    way, options = pool.conninfo, pool.kwargs
    return way() if callable(way) else way, (options() if callable(options) else options) or {}


def _psycopg_host(way: str, options: Json) -> str:
    parts = import_module("psycopg.conninfo").conninfo_to_dict(way, **options)
    return str(parts.get("host") or "")


def _counts(stats: Json) -> Json:
    size, idle = stats.get("pool_size", 0), stats.get("pool_available", 0)
    return {"size": stats.get("pool_min", 0), "checked_in": idle, "checked_out": size - idle}

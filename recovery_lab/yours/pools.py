"""Pools of psycopg and of asyncpg; nothing of either is imported unless one is there."""

from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from importlib import import_module
from inspect import Parameter, signature
from typing import Any

from recovery_lab.contenders.base import Json
from recovery_lab.errors import BadInputError
from recovery_lab.yours import loop
from recovery_lab.yours.way import Row, Run, Way, distribution


class PsycopgPool(Way):
    """A psycopg_pool.ConnectionPool."""

    kind = "psycopg pool"

    def __init__(self, pool: Any) -> None:
        self._pool = pool
        self.pool_size = pool.min_size

    def _done(self, act: Any) -> Any:
        """Return what a method of the pool's did, when it is done."""
        return act

    def _open(self) -> None:
        if self._pool.closed:
            self._done(self._pool.open())

    @contextmanager
    def session(self) -> Iterator[Run]:
        """Take a connection, of a pool that may have to be opened first."""
        self._open()
        with self._pool.connection() as connection:
            yield lambda sql: [tuple(row) for row in connection.execute(sql).fetchall()]

    def warm(self, count: int) -> list[int]:
        """Hold so many sessions at once, of a pool that is filled."""
        self._open()
        self._done(self._pool.wait())
        return super().warm(count)

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

    def another(self) -> "PsycopgPool":
        """Return one over a pool that was made with the same arguments."""
        return type(self)(_alike(self._pool))

    def close(self) -> None:
        """Close the pool."""
        self._done(self._pool.close())


class AsyncPsycopgPool(PsycopgPool):
    """A psycopg_pool.AsyncConnectionPool."""

    kind = "psycopg asynchronous pool"
    on_loop = True

    def _done(self, act: Any) -> Any:
        return loop.run(act)

    @contextmanager
    def session(self) -> Iterator[Run]:
        """Take a connection, of a pool that may have to be opened first."""
        self._open()
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


class AsyncpgPool(Way):
    """What a coroutine function that makes an asyncpg.Pool made."""

    kind = "asyncpg pool"
    on_loop = True

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
        with asyncpg_session(self._connect()) as run:
            yield run

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

    def close(self) -> None:
        """Close the pool."""
        loop.run(self._pool.close())

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


@contextmanager
def asyncpg_session(connecting: Coroutine[Any, Any, Any]) -> Iterator[Run]:
    """Lend a connection of asyncpg's that is made for it, and close it."""
    connection = loop.run(connecting)
    try:
        yield lambda sql: loop.run(_fetched(connection, sql))
    finally:
        loop.run(connection.close(timeout=1.0))


async def _fetched(connection: Any, sql: str) -> list[Row]:
    return [tuple(row) for row in await connection.fetch(sql)]


def _alike(pool: Any) -> Any:
    """Make a pool of psycopg_pool as another was made; BadInputError: its class takes no such."""
    told = {}
    for name in _parameters(type(pool)) - {"self", "name", "open"}:
        for attribute in (f"_{name}", name):  # `check` is a callback, and a method of another kind
            if hasattr(pool, attribute):
                told[name] = getattr(pool, attribute)
                break
    try:
        return type(pool)(open=False, **told)
    except TypeError as error:
        told_by = f"{type(pool).__name__} cannot be made a second time: {error}"
        raise BadInputError(f"{told_by}; hand over the function that makes it") from None


def _parameters(made: type) -> set[str]:
    """Return the names that a class is made with, also those that it hands on to its bases."""
    kinds = (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD)
    own = (vars(one)["__init__"] for one in made.__mro__ if "__init__" in vars(one))
    return {
        p.name for one in own for p in signature(one).parameters.values() if p.kind not in kinds
    }


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

"""SQLAlchemy's engines, of both kinds; nothing of SQLAlchemy is imported unless one is there."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from copy import copy
from importlib import import_module
from typing import Any

from recovery_lab.contenders.base import Json
from recovery_lab.yours import loop
from recovery_lab.yours.way import Row, Run, Way, distribution


class SyncEngine(Way):
    """An Engine: a read is a connection, a statement, and the way back to the pool."""

    kind = "SQLAlchemy engine"

    def __init__(self, engine: Any) -> None:
        self._engine = engine
        self.pool_size = _size(engine.pool)

    @contextmanager
    def session(self) -> Iterator[Run]:
        """Check a connection out."""
        with self._engine.connect() as connection:
            yield lambda sql: [tuple(row) for row in connection.exec_driver_sql(sql)]

    @contextmanager
    def opened(self) -> Iterator[Run]:
        """Open one by a pool like the engine's own, which has the same way to connect."""
        with _another(self._engine.pool) as run:
            yield run

    def host(self) -> str:
        """Return the URL's host."""
        return _host(self._engine.url)

    def driver(self) -> str:
        """Return the DBAPI's name and version."""
        return distribution(self._engine.dialect.dbapi.__name__)

    def look(self) -> Json | None:
        """Return the pool's state, of a pool that counts."""
        return _look(self._engine.pool)

    def another(self) -> "SyncEngine":
        """Return one over the same engine with another pool: options and listeners stay."""
        return SyncEngine(_copied(self._engine))

    def close(self) -> None:
        """Dispose of its pool."""
        self._engine.dispose()


class AsyncEngine(Way):
    """An AsyncEngine; its reads run on a loop of their own."""

    kind = "SQLAlchemy asynchronous engine"
    on_loop = True

    def __init__(self, engine: Any) -> None:
        self._engine = engine
        self._sync = engine.sync_engine
        self.pool_size = _size(self._sync.pool)

    @contextmanager
    def session(self) -> Iterator[Run]:
        """Check a connection out."""
        with loop.entered(self._engine.connect()) as connection:

            async def run(sql: str) -> list[Row]:
                return [tuple(row) for row in await connection.exec_driver_sql(sql)]

            yield lambda sql: loop.run(run(sql))

    @contextmanager
    def opened(self) -> Iterator[Run]:
        """Open one by a pool like the engine's own, as its driver wants it: in a greenlet."""

        def run(sql: str) -> list[Row]:
            with _another(self._sync.pool) as run_there:
                return run_there(sql)

        async def spawn(sql: str) -> list[Row]:
            rows: list[Row] = await import_module("sqlalchemy.util").greenlet_spawn(run, sql)
            return rows

        yield lambda sql: loop.run(spawn(sql))

    def host(self) -> str:
        """Return the URL's host."""
        return _host(self._sync.url)

    def driver(self) -> str:
        """Return the DBAPI's name and version."""
        return distribution(self._sync.dialect.driver)

    def look(self) -> Json | None:
        """Return the pool's state, of a pool that counts."""
        return _look(self._sync.pool)

    def another(self) -> "AsyncEngine":
        """Return one over the same engine with another pool: options and listeners stay."""
        return AsyncEngine(type(self._engine)(_copied(self._sync)))

    def close(self) -> None:
        """Dispose of its pool."""
        loop.run(self._engine.dispose())


@contextmanager
def _another(pool: Any) -> Iterator[Run]:
    """Lend the one session of a pool that was made like another one."""
    own = pool.recreate()
    try:
        with closing(own.connect()) as connection, closing(connection.cursor()) as cursor:

            def run(sql: str) -> list[Row]:
                cursor.execute(sql)
                return [tuple(row) for row in cursor.fetchall()]

            yield run
    finally:
        own.dispose()


def _copied(engine: Any) -> Any:
    """Return a copy that keeps all of an engine but its pool, which is made anew like it."""
    copied, under = copy(engine), getattr(engine, "_proxied", None)
    if under is None:
        copied.pool = engine.pool.recreate()
    else:  # of Engine.execution_options(): its pool is that of the engine under it
        copied._proxied = _copied(under)  # noqa: SLF001 # SQLAlchemy has no other way
    return copied


def _size(pool: Any) -> int:
    size = getattr(pool, "size", None)
    return int(size()) if callable(size) else 0


def _look(pool: Any) -> Json | None:
    if not _size(pool):
        return None
    return {"size": pool.size(), "checked_in": pool.checkedin(), "checked_out": pool.checkedout()}


def _host(url: Any) -> str:
    return url.host or url.query.get("host", "") or ""

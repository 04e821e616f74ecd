"""Counts what is in store: one route, and a database connection held in one of two ways.

It takes its database as a plain application does, from libpq's variables, and knows nothing of
the lab. `STORE_CONNECTION=cached` is the mistake that the lab must find.
"""

import os
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import psycopg
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from psycopg_pool import AsyncConnectionPool, PoolTimeout

COUNT = "SELECT count(*), pg_backend_pid() FROM items"

Connection = psycopg.AsyncConnection[tuple[int, int]]


class Pooled:
    """The driver's own pool, which looks at each connection before it lends it."""

    def __init__(self) -> None:
        self._pool = AsyncConnectionPool(
            kwargs={"autocommit": True},
            min_size=2,
            max_size=4,
            timeout=2.0,
            check=AsyncConnectionPool.check_connection,
            open=False,
        )

    async def open(self) -> None:
        """Start without waiting for the database."""
        await self._pool.open()

    async def close(self) -> None:
        """End the pool's connections."""
        await self._pool.close(timeout=1.0)

    def connection(self) -> AbstractAsyncContextManager[Connection]:
        """Lend a connection for one read."""
        return self._pool.connection()


class Cached:
    """One connection, made at the start and kept for ever: nobody opens another."""

    async def open(self) -> None:
        """Connect; a database that is not there ends the program."""
        self._connection: Connection = await psycopg.AsyncConnection.connect(autocommit=True)

    async def close(self) -> None:
        """End the connection."""
        await self._connection.close()

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """Lend the one connection, whatever has become of it."""
        yield self._connection


store = {"pooled": Pooled, "cached": Cached}[os.environ["STORE_CONNECTION"]]()


@asynccontextmanager
async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
    """Hold the connections for as long as the program lives."""
    await store.open()
    yield
    await store.close()


app = FastAPI(lifespan=lifespan)


@app.get("/items/count")
async def count_items() -> dict[str, int]:
    """Answer with the number of items, and the session that counted them."""
    async with store.connection() as connection:
        row = await (await connection.execute(COUNT)).fetchone()
    assert row is not None
    return {"count": row[0], "server": row[1]}


@app.exception_handler(psycopg.Error)
async def tell(_request: Request, error: psycopg.Error) -> JSONResponse:
    """Answer an error of the driver: 503 where the pool had none to lend, otherwise 500."""
    words = str(error).splitlines()[:1]
    return JSONResponse(
        {"error": type(error).__name__, "message": " ".join(words)},
        503 if isinstance(error, PoolTimeout) else 500,
    )

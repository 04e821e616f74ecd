"""Reads in ways of `pools`, before an outage and after it, and prints how each read ended.

usage: DATABASE_URL=... python -m pools.meet NAME..., and a line on its standard input to go on;
a name of another module than `db` stands behind it: `opened.pool`
"""

import asyncio
import importlib
import json
import sys
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from importlib.metadata import version
from typing import Any

import asyncpg
from psycopg_pool import ConnectionPool
from sqlalchemy import Engine, text
from sqlalchemy.ext.asyncio import AsyncEngine

from pools import db

AT_ONCE = 4
SLOWLY = f"{db.COUNT}, pg_sleep(0.2)"  # so that reads at once take a session each

Read = Callable[[], Awaitable[Any]]


def through_engine(engine: Engine) -> int:
    """Read through SQLAlchemy's pool."""
    with engine.connect() as session:
        return session.execute(text(SLOWLY)).scalar_one()


async def through_async_engine(engine: AsyncEngine) -> int:
    """Read through SQLAlchemy's other pool."""
    async with engine.connect() as session:
        return (await session.execute(text(SLOWLY))).scalar_one()


def through_pool(pool: ConnectionPool) -> int:
    """Read through psycopg's pool."""
    with pool.connection() as session:
        return session.execute(SLOWLY).fetchone()[0]


def named(name: str) -> Any:
    """Return the engine, pool or callable of a name."""
    module, _, attribute = name.rpartition(".")
    return getattr(importlib.import_module(f"pools.{module or 'db'}"), attribute)


async def reader(way: Any) -> Read:
    """Return how one reads in a way, opened."""
    if isinstance(way, AsyncEngine):
        return partial(through_async_engine, way)
    if isinstance(way, Engine):
        return partial(asyncio.to_thread, through_engine, way)
    if isinstance(way, ConnectionPool):
        way.open(wait=True)
        return partial(asyncio.to_thread, through_pool, way)
    if not asyncio.iscoroutinefunction(way):
        return partial(asyncio.to_thread, way)
    made = await way()
    return partial(made.fetchval, SLOWLY) if isinstance(made, asyncpg.Pool) else way


async def outcome(read: Read) -> dict[str, Any]:
    """Read once; return the error's class, empty where it is good, and how long it took."""
    began, error = time.monotonic(), ""
    try:
        await read()
    except Exception as failed:  # noqa: BLE001 - how it failed is what is asked
        error = type(failed).__name__
    return {"error": error, "wait_s": round(time.monotonic() - began, 3)}


async def outcomes(read: Read) -> dict[str, list[dict[str, Any]]]:
    """Read at once, then one by one."""
    first = await asyncio.gather(*(outcome(read) for _ in range(AT_ONCE)))
    return {"first": first, "then": [await outcome(read) for _ in range(AT_ONCE)]}


async def main(names: list[str]) -> None:
    """Warm all ways, wait for the line, read in each."""
    # No way's threads wait for another's.
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(AT_ONCE * len(names) + 1))
    reads = [await reader(named(name)) for name in names]
    await asyncio.gather(*(read() for read in reads for _ in range(AT_ONCE)))
    print("warm", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    met = await asyncio.gather(*(outcomes(read) for read in reads))
    ways = dict(zip(names, met, strict=True))
    print(json.dumps({"sqlalchemy": version("sqlalchemy"), "ways": ways}))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))

"""A program's ways to its database, each one it might have alone; the address is DATABASE_URL.

None connects before it is first used. What is called plain or kept must fail after a restart.
"""

import asyncio
import os
from functools import cache

import asyncpg
import psycopg
from psycopg_pool import ConnectionPool
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import create_async_engine
from tenacity import retry, retry_if_exception_type, stop_after_attempt, wait_exponential

ADDRESS = os.environ["DATABASE_URL"]
COUNT = "SELECT count(*) FROM items"
_SYNC = make_url(ADDRESS).set(drivername="postgresql+psycopg")
_ASYNC = make_url(ADDRESS).set(drivername="postgresql+asyncpg")

# SQLAlchemy's, with its check at checkout, and as it comes.
engine = create_engine(_SYNC, pool_pre_ping=True)
plain_engine = create_engine(_SYNC)
async_engine = create_async_engine(_ASYNC, pool_pre_ping=True)
plain_async_engine = create_async_engine(_ASYNC)

# The driver's own, as its manual has it: made with the module, opened when the program starts.
checked_pool = ConnectionPool(
    ADDRESS, min_size=2, max_size=4, check=ConnectionPool.check_connection, open=False
)
plain_pool = ConnectionPool(ADDRESS, min_size=2, max_size=4, open=False)


async def asyncpg_pool() -> asyncpg.Pool:
    """Make a pool: asyncpg's belongs to the loop that made it."""
    return await asyncpg.create_pool(ADDRESS, min_size=2, max_size=4)


def read_once() -> int:
    """Read over a session of its own."""
    with psycopg.connect(ADDRESS, connect_timeout=2) as session:
        return session.execute(COUNT).fetchone()[0]


@cache
def _kept() -> psycopg.Connection:
    return psycopg.connect(ADDRESS, autocommit=True)


def read_kept() -> int:
    """Read over the one session that is kept for ever: nobody opens another."""
    return _kept().execute(COUNT).fetchone()[0]


_lock = asyncio.Lock()
_session: list[asyncpg.Connection] = []


async def async_read_kept() -> int:
    """Do the same over asyncpg, which takes one query at a time."""
    async with _lock:
        if not _session:
            _session.append(await asyncpg.connect(ADDRESS))
        return await _session[0].fetchval(COUNT)


_its_own = create_engine(_SYNC)


@retry(
    wait=wait_exponential(multiplier=8),
    stop=stop_after_attempt(3),
    retry=retry_if_exception_type(OperationalError),
    reraise=True,
)
def backoff() -> int:
    """Read, and try again after 8 and 16 seconds: nobody fails, and users wait long."""
    with _its_own.connect() as session:
        return session.execute(text(COUNT)).scalar_one()

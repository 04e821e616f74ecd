"""Reads that a short outage of PostgreSQL does not reach: one file to paste.

    engine = create_engine("postgresql+psycopg2://reader@db/shop", **OPTIONS)
    rows = read(engine, lambda connection: connection.execute(text("SELECT 1")).all())

Reads alone: this engine's transactions are read-only at the server, so each may be run again.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError, OperationalError
from tenacity import Retrying, retry_if_exception, stop_before_delay, wait_random_exponential

T = TypeVar("T")
DEADLINE_S = 4.5  # no attempt begins later; one under way ends by the limits below

BOUNDS: Mapping[str, Any] = {
    "connect_timeout": 2,  # s, for each address of the host
    "tcp_user_timeout": 3000,  # ms that what was sent may stay without an acknowledgement
    "keepalives_idle": 5,  # s; the three find a dead peer that is only being waited for
    "keepalives_interval": 1,
    "keepalives_count": 3,
}
OPTIONS: Mapping[str, Any] = {
    "pool_pre_ping": True,
    "pool_recycle": 1800,
    "pool_timeout": 10,
    "pool_use_lifo": True,
    "connect_args": {"options": "-c default_transaction_read_only=on", **BOUNDS},  # no round trip
}


def is_outage(error: BaseException) -> bool:
    """Tell whether the database was away: a session was lost, or none could be opened."""
    if not isinstance(error, DBAPIError):
        return False
    # libpq gives none to a connect that failed: a rejected login is tried again as well.
    no_sqlstate = getattr(error.orig, "pgcode", None) is None
    return error.connection_invalidated or (isinstance(error, OperationalError) and no_sqlstate)


# Random waits: those who failed together do not come back together.
RETRYING = Retrying(
    retry=retry_if_exception(is_outage),
    wait=wait_random_exponential(multiplier=0.05, max=0.4),
    stop=stop_before_delay(DEADLINE_S),
    reraise=True,
)


def read(engine: Engine, work: Callable[[Connection], T]) -> T:
    """Run `work` in a read-only transaction, again while the database is away."""

    def once() -> T:
        with engine.connect() as connection:
            return work(connection)

    return RETRYING(once)

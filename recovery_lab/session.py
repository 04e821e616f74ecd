"""Sessions with PostgreSQL: how all parts of the lab log in, wait, and tell of an error."""

import select
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from typing import Any

import psycopg2
from psycopg2.extensions import POLL_OK, POLL_READ, POLL_WRITE, connection, libpq_version

from recovery_lab.login import DeadlineError, Login

_VERSION = psycopg2.__version__.split()[0]  # type: ignore[attr-defined] # the stubs lack it
DRIVER = f"psycopg2 {_VERSION}, libpq {libpq_version() // 10000}"

_TLS = ("sslmode", "sslrootcert")


def connect(
    login: Login,
    name: str,
    *,
    address: str = "",
    async_: int = 0,
    limits: Mapping[str, int] | None = None,
) -> connection:
    """Open a session of an application's name; one that is asynchronous is to be driven."""
    way: dict[str, Any] = {"host": login.host, "hostaddr": address, "port": login.port}
    way |= {"dbname": login.name, "user": login.user, "password": login.secret()}
    way |= {name: value for name in _TLS if (value := getattr(login, name))} | dict(limits or {})
    opened: connection = psycopg2.connect(**way, application_name=name, async_=async_)
    return opened


def query_fresh(
    login: Login,
    address: str,
    sql: str,
    parameters: Sequence[object] = (),
    *,
    limit_s: float,
) -> list[tuple[Any, ...]]:
    """Run one statement in a session of its own, all by the limit; raises as `drive` does."""
    # By the server's clock, too: what we give up on would else wait on there, and sessions pile up.
    bounded = f"SET statement_timeout = {max(1, round(limit_s * 1000))}; {sql}"
    began_at = time.monotonic()
    with closing(connect(login, "lab-observer", address=address, async_=1)) as fresh:
        drive(fresh, "connect", limit_s, began_at)
        cursor = fresh.cursor()
        cursor.execute(bounded, parameters)
        drive(fresh, "execute", limit_s, began_at)
        return cursor.fetchall()


def drive(driven: connection, phase: str, limit_s: float, began_at: float | None = None) -> None:
    """Drive an asynchronous connection until it is idle; raises psycopg2.Error or DeadlineError."""
    # libpq's own limit is of whole seconds, at least two, and never bounds a frozen server's query.
    deadline = (time.monotonic() if began_at is None else began_at) + limit_s
    while (state := _polled(driven, phase)) != POLL_OK:
        left = deadline - time.monotonic()
        if left <= 0:
            raise DeadlineError(phase, limit_s)
        reads = [driven] if state == POLL_READ else []
        writes = [driven] if state == POLL_WRITE else []
        select.select(reads, writes, [], left)


def _polled(driven: connection, phase: str) -> int:
    try:
        return driven.poll()
    except psycopg2.Error as error:
        error.add_note(phase)  # its words do not tell, as those of a connect that waits do
        raise

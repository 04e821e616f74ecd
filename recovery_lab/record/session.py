"""One fresh session with PostgreSQL under a deadline of our own.

libpq's `connect_timeout` is whole seconds and at least two, so the socket is polled here
(`async_=1`), which also bounds the query on a frozen server, where connecting succeeds.
"""

import select
import socket
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import psycopg2
import psycopg2.extensions

# A lost first SYN is then repeated by us at once, not by the kernel after a second.
CONNECT_LIMIT_S = 0.1
QUERY_LIMIT_S = 1.0


class Login(msgspec.Struct, frozen=True, kw_only=True):
    """How to log in; a password that stands in a file is read anew for each session."""

    host: str
    port: int
    name: str
    user: str
    password_file: str = ""
    password: str = ""

    def secret(self) -> str:
        """Return the password as it is now."""
        return self.password or Path(self.password_file).read_text().strip()


class DeadlineError(Exception):
    """The session did not get that far in time; `phase` is `connect` or `query`."""

    def __init__(self, phase: str, limit_s: float) -> None:
        self.phase = phase
        super().__init__(f"{phase} not done after {limit_s:.1f} s")


def resolve(host: str, port: int) -> str:
    """Return the first address of a name; blocks as the resolver does: give it its own thread."""
    return str(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][4][0])


def query_fresh(
    login: Login,
    address: str,
    sql: str,
    *,
    parameters: Sequence[object] = (),
    limits_s: tuple[float, float] = (CONNECT_LIMIT_S, QUERY_LIMIT_S),
) -> list[tuple[Any, ...]]:
    """Open a session, run one statement, close the session; return its rows.

    `limits_s` are those to connect and to query.

    Raises psycopg2.Error as the driver gives it, or DeadlineError.
    """
    connection = psycopg2.connect(
        host=login.host,
        hostaddr=address,
        port=login.port,
        dbname=login.name,
        user=login.user,
        password=login.secret(),
        application_name="lab-observer",
        async_=1,
    )
    try:
        drive(connection, "connect", limits_s[0])
        cursor = connection.cursor()
        cursor.execute(sql, parameters)
        drive(connection, "query", limits_s[1])
        return cursor.fetchall()
    finally:
        connection.close()


def drive(connection: psycopg2.extensions.connection, phase: str, limit_s: float) -> None:
    """Drive an asynchronous connection until it is idle.

    Raises DeadlineError, after which the connection is of no use, or psycopg2.Error.
    """
    deadline = time.monotonic() + limit_s
    while (state := connection.poll()) != psycopg2.extensions.POLL_OK:
        left = deadline - time.monotonic()
        if left <= 0:
            raise DeadlineError(phase, limit_s)
        reads = [connection] if state == psycopg2.extensions.POLL_READ else []
        writes = [connection] if state == psycopg2.extensions.POLL_WRITE else []
        select.select(reads, writes, [], left)

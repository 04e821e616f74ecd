"""Sessions with PostgreSQL: how all parts of the lab log in, wait, and tell of an error."""

import select
import socket
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import psycopg2
from psycopg2.extensions import POLL_OK, POLL_READ, POLL_WRITE, connection, libpq_version

_VERSION = psycopg2.__version__.split()[0]  # type: ignore[attr-defined] # the stubs lack it
DRIVER = f"psycopg2 {_VERSION}, libpq {libpq_version() // 10000}"

_TLS = ("sslmode", "sslrootcert")
# An SQL expression: when the server started.
STARTED = """to_char(pg_postmaster_start_time() AT TIME ZONE 'UTC',
       'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""


class Login(msgspec.Struct, frozen=True, kw_only=True):
    """How to log in; a password that stands in a file is read anew for each session."""

    host: str
    port: int
    name: str
    user: str
    password_file: str = ""
    password: str = ""
    sslmode: str = ""
    sslrootcert: str = ""

    def secret(self) -> str:
        """Return the password as it is now."""
        return self.password or Path(self.password_file).read_text(encoding="utf-8").strip()

    def resolve(self) -> str:
        """Return the host's first address; blocks as the resolver does: give it its own thread."""
        return str(socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)[0][4][0])


class DeadlineError(Exception):
    """The session did not get that far (`connect`, `execute`) in time; it is of no use any more."""

    def __init__(self, phase: str, limit_s: float) -> None:
        self.phase = phase
        super().__init__(f"{phase} not done after {limit_s:.1f} s")


def look_up(login: Login, limit_s: float) -> str:
    """Look the name up, on a thread, so as to give up on it. Raises DeadlineError or OSError."""
    looked: Future[str] = Future()

    def look() -> None:
        try:
            looked.set_result(login.resolve())
        except OSError as error:
            looked.set_exception(error)

    threading.Thread(target=look, daemon=True).start()
    try:
        return looked.result(limit_s)
    except TimeoutError:
        raise DeadlineError("look-up", limit_s) from None


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


def first_line(error: Exception) -> str:
    """Return the first line of an error; addresses and hints that follow it are left out."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]

"""What can go wrong with a read, as a kind with a fixed message that is safe to show.

The driver's own words hold addresses and user names: they go to the log, never to a response.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import psycopg2
import sqlalchemy.exc

Phase = Literal["connect", "query"]

MESSAGES: Mapping[str, str] = {
    "connection_lost": "the database closed the connection",
    "refused": "the database refuses connections",
    "unreachable": "the database's host does not answer",
    "unknown_host": "the database's name is not known",
    "starting_up": "the database is starting up",
    "shutting_down": "the database is shutting down",
    "too_many_connections": "the database has no free connection slot",
    "login_rejected": "the database rejected the login",
    "query_failed": "the database rejected the query",
    "pool_timeout": "no pooled connection became free in time",
    "overloaded": "too many reads are waiting",
    "deadline": "no answer within the deadline",
    "closing": "the dashboard is stopping",
    "internal": "the read failed in the dashboard",
}

# SQLSTATEs as PostgreSQL's appendix A lists them.
_BY_SQLSTATE: Mapping[str, str] = {
    "57P01": "connection_lost",  # admin_shutdown: this session was ended
    "57P02": "connection_lost",  # crash_shutdown
    "57P03": "starting_up",  # cannot_connect_now
    "53300": "too_many_connections",
    "28000": "login_rejected",
    "28P01": "login_rejected",
}

# During connect the driver passes on no SQLSTATE, so the words decide (the server's
# lc_messages is C; libpq's and the C library's are untranslated in the image). First match wins.
_BY_WORDS: tuple[tuple[str, str], ...] = (
    ("system is shutting down", "shutting_down"),
    ("system is starting up", "starting_up"),
    ("in recovery mode", "starting_up"),
    ("not yet accepting connections", "starting_up"),
    ("could not translate host name", "unknown_host"),
    ("connection refused", "refused"),
    ("no route to host", "unreachable"),
    ("network is unreachable", "unreachable"),
    ("timeout expired", "unreachable"),
    ("connection timed out", "unreachable"),
    ("too many clients", "too_many_connections"),
    ("remaining connection slots", "too_many_connections"),
    ("authentication failed", "login_rejected"),
    ("not permitted to log in", "login_rejected"),
    ("closed the connection", "connection_lost"),
    ("connection already closed", "connection_lost"),
    ("connection has been closed", "connection_lost"),
    ("terminating connection", "connection_lost"),
    ("connection reset", "connection_lost"),
    ("broken pipe", "connection_lost"),
    ("could not receive data", "connection_lost"),
    ("could not send data", "connection_lost"),
)


class DashboardError(Exception):
    """Root of the dashboard's own errors."""


class OverloadedError(DashboardError):
    """The executor's queue is full."""


class DeadlineError(DashboardError):
    """The caller's deadline passed before the read ended."""


class ClosingError(DashboardError):
    """The process is stopping."""


class UnknownHostError(DashboardError):
    """The resolver knows no address for the database's name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """One classified failure."""

    kind: str
    sqlstate: str | None = None

    @property
    def message(self) -> str:
        """Return the fixed message of this kind."""
        return MESSAGES[self.kind]

    def as_json(self) -> dict[str, str | None]:
        """Return the shape the HTTP contract has for an error."""
        return {"kind": self.kind, "sqlstate": self.sqlstate, "message": self.message}


class ReadFailedError(DashboardError):
    """A read ended without data; `trouble` says why."""

    def __init__(self, trouble: Trouble) -> None:
        super().__init__(trouble.message)
        self.trouble = trouble


_OWN: Mapping[type[BaseException], str] = {
    OverloadedError: "overloaded",
    DeadlineError: "deadline",
    ClosingError: "closing",
    UnknownHostError: "unknown_host",
    sqlalchemy.exc.TimeoutError: "pool_timeout",
}


def classify(error: BaseException) -> Trouble:
    """Name the kind of `error`: the dashboard's, SQLAlchemy's or psycopg2's."""
    if isinstance(error, ReadFailedError):
        return error.trouble
    for own, kind in _OWN.items():
        if isinstance(error, own):
            return Trouble(kind=kind)
    driver = driver_error(error)
    if driver is None:
        return Trouble(kind="internal")
    return Trouble(kind=_kind_of(driver, phase_of(error)), sqlstate=driver.pgcode)


def driver_error(error: BaseException) -> psycopg2.Error | None:
    """Return the driver's error inside `error`, if there is one."""
    inner = error.orig if isinstance(error, sqlalchemy.exc.DBAPIError) else error
    return inner if isinstance(inner, psycopg2.Error) else None


def phase_of(error: BaseException) -> Phase:
    """Tell whether `error` came while connecting: then there was no statement yet."""
    if isinstance(error, sqlalchemy.exc.DBAPIError):
        return "connect" if error.statement is None else "query"
    words = str(error).lower()
    return (
        "connect" if words.startswith(("connection to server", "could not translate")) else "query"
    )


def driver_line(error: BaseException) -> str:
    """Return the class and first line of what the driver said, for the log only."""
    inner = driver_error(error) or error
    first, *_ = str(inner).strip().splitlines() or [""]
    return f"{type(inner).__name__}: {first}" if first else type(inner).__name__


def _kind_of(driver: psycopg2.Error, phase: Phase) -> str:
    words = str(driver).lower()
    by_words = next((kind for part, kind in _BY_WORDS if part in words), None)
    if driver.pgcode == "57P03" and by_words is not None:
        return by_words  # one SQLSTATE for starting up and shutting down: the words tell
    if driver.pgcode is not None:
        return _BY_SQLSTATE.get(driver.pgcode, "query_failed")
    if by_words is not None:
        return by_words
    if phase == "connect":
        return "unreachable"
    lost = isinstance(driver, psycopg2.OperationalError | psycopg2.InterfaceError)
    return "connection_lost" if lost else "query_failed"

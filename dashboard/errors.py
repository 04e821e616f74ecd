"""What can go wrong with a read, as a kind with a fixed message that is safe to show.

The driver's own words hold addresses and user names: they go to the log, never to a response.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

import psycopg2
import sqlalchemy.exc
from psycopg2.extensions import connection

from dashboard.kinds import BY_SQLSTATE, ENDING, MESSAGES, SERVER, WORDS, Phase, Told


class DashboardError(Exception):
    """Root of the dashboard's own errors."""


class OverloadedError(DashboardError):
    """The executor's queue is full."""


class DeadlineError(DashboardError):
    """The caller's deadline passed before the read ended."""


class ClosingError(DashboardError):
    """The process is stopping."""


class UnknownHostError(DashboardError):
    """The resolver tells no address for the name of the database's host."""


class PasswordFileError(DashboardError):
    """The file that holds the password cannot be read."""


class NotConnectedError(DashboardError):
    """The driver opened no session; `orig` is its error, which need not tell that by its words."""

    def __init__(self, orig: psycopg2.Error) -> None:
        super().__init__(str(orig))
        self.orig = orig


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """One classified failure; a reader's carries the id under which the log has the whole of it."""

    kind: str
    sqlstate: str | None = None
    operation_id: str | None = None

    @property
    def message(self) -> str:
        """Return the fixed message of this kind."""
        return MESSAGES[self.kind]

    def as_json(self) -> dict[str, str | None]:
        """Return the shape the HTTP contract has for an error."""
        told = {"kind": self.kind, "sqlstate": self.sqlstate, "message": self.message}
        return told | ({"operation_id": self.operation_id} if self.operation_id else {})


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
    PasswordFileError: "no_password",
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
    inner: BaseException | None = error
    if isinstance(error, sqlalchemy.exc.DBAPIError | NotConnectedError):
        inner = error.orig
    return inner if isinstance(inner, psycopg2.Error) else None


def keep_last_words(error: BaseException, session: connection) -> None:
    """Note on `error` what the server said last over `session`, where that was lost.

    libpq gives the server's FATAL and the loss after it as two results, and psycopg2 keeps the
    second alone: "server closed the connection unexpectedly", whatever the reason.
    """
    if session.closed:
        error.add_note("\n".join([*session.notices[-1:], session.info.error_message or ""]))


def phase_of(error: BaseException) -> Phase:
    """Tell whether `error` came while connecting: then there was no session yet."""
    if isinstance(error, NotConnectedError):
        return "connect"
    if _last_words(driver_error(error)):
        return "query"
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


def _last_words(driver: psycopg2.Error | None) -> list[str]:
    return getattr(driver, "__notes__", [])


def _kind_of(driver: psycopg2.Error, phase: Phase) -> str:
    words, sqlstate = "\n".join([str(driver), *_last_words(driver)]).lower(), driver.pgcode
    if sqlstate is None:  # as always while the driver connects, and of a session that is gone
        return _told(words, WORDS[phase]) or _untold(driver, phase)
    if driver.diag.severity_nonlocalized not in ENDING:
        return "query_failed"
    by_code = BY_SQLSTATE.get(sqlstate) or BY_SQLSTATE.get(sqlstate[:2])
    return _told(words, SERVER) or by_code or "connection_lost"


def _told(words: str, told: Told) -> str | None:
    nameless = re.sub(r'"[^"]*"', '""', words)  # a role may be called "too many clients"
    matches = (kind for kind, patterns in told if re.search("|".join(patterns), nameless))
    return next(matches, None)


def _untold(driver: psycopg2.Error, phase: Phase) -> str:
    if phase == "connect":
        return "not_connected"
    return "connection_lost" if isinstance(driver, psycopg2.OperationalError) else "query_failed"

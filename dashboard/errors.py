"""What can go wrong with a read, as a kind with a fixed message that is safe to show.

The driver's own words hold addresses and user names: they go to the log, never to a response.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

import psycopg
import psycopg2
import sqlalchemy.exc
from psycopg2.extensions import connection

import steadypool
from dashboard.kinds import BY_SQLSTATE, ENDING, MESSAGES, SERVER, WORDS, Phase, Told

DriverError = psycopg2.Error | psycopg.Error
# How both drivers and steadypool begin where no session stands yet.
_CONNECTING = (
    "connection to server",
    "could not translate",
    "connection failed: ",
    "failed to resolve",
    "the server's ",
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
    """Name the kind of `error`: the dashboard's, SQLAlchemy's, steadypool's or a driver's."""
    if isinstance(error, ReadFailedError):
        return error.trouble
    error = _unwrapped(error)
    for own, kind in _OWN.items():
        if isinstance(error, own):
            return Trouble(kind=kind)
    driver = driver_error(error)
    if driver is None:
        return Trouble(kind="internal")
    return Trouble(kind=_kind_of(driver, phase_of(error)), sqlstate=_sqlstate(driver))


def driver_error(error: BaseException) -> DriverError | None:
    """Return the driver's error inside `error`, if there is one: psycopg2's or psycopg 3's."""
    inner: BaseException | None = (error := _unwrapped(error))
    if isinstance(error, sqlalchemy.exc.DBAPIError | NotConnectedError):
        inner = error.orig
    return inner if isinstance(inner, psycopg2.Error | psycopg.Error) else None


def keep_last_words(error: BaseException, session: connection) -> None:
    """Note on `error` what the server said last over `session`, where that was lost.

    libpq gives the server's FATAL and the loss after it as two results, and psycopg2 keeps the
    second alone: "server closed the connection unexpectedly", whatever the reason.
    """
    if session.closed:
        error.add_note("\n".join([*session.notices[-1:], session.info.error_message or ""]))


def phase_of(error: BaseException) -> Phase:
    """Tell whether `error` came while connecting: then there was no session yet."""
    error = _unwrapped(error)
    if isinstance(error, NotConnectedError):
        return "connect"
    if _last_words(driver_error(error)):
        return "query"
    if isinstance(error, sqlalchemy.exc.DBAPIError):
        return "connect" if error.statement is None else "query"
    return "connect" if str(error).lower().startswith(_CONNECTING) else "query"


def driver_line(error: BaseException) -> str:
    """Return the class and first line of what the driver said, for the log only."""
    inner = driver_error(error) or error
    first, *_ = str(inner).strip().splitlines() or [""]
    return f"{type(inner).__name__}: {first}" if first else type(inner).__name__


def _unwrapped(error: BaseException) -> BaseException:
    """Return what kept a read under `steady` from its answer."""
    steady = isinstance(error, steadypool.DeadlineError | steadypool.AttemptsError)
    return error.__cause__ if steady and error.__cause__ else error


def _sqlstate(driver: DriverError) -> str | None:
    return driver.sqlstate if isinstance(driver, psycopg.Error) else driver.pgcode


def _last_words(driver: DriverError | None) -> list[str]:
    return getattr(driver, "__notes__", [])


def _kind_of(driver: DriverError, phase: Phase) -> str:
    words, sqlstate = "\n".join([str(driver), *_last_words(driver)]).lower(), _sqlstate(driver)
    if isinstance(driver, steadypool.LateError):
        return "deadline"
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


def _untold(driver: DriverError, phase: Phase) -> str:
    if phase == "connect":
        return "not_connected"
    lost = isinstance(driver, psycopg2.OperationalError | psycopg.OperationalError)
    return "connection_lost" if lost else "query_failed"

"""Reads that may be repeated: again while the database is away, to one deadline."""

import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar, cast

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from steadypool import waits
from steadypool.engine import watch_of
from steadypool.errors import AttemptsError, DeadlineError, OutageError, SteadyError

if TYPE_CHECKING:
    from steadypool.session import Session

T = TypeVar("T")

MOST_ATTEMPTS = 8  # each was sent: what ends the session every time is perhaps the read itself
PAUSES_S = (0.0, 0.0, 0.02, 0.05, 0.1, 0.2, 0.4)  # after each that failed


def read(engine: Engine, work: Callable[[Connection], T], *, deadline_s: float) -> T:
    """Run `work` on a connection in autocommit and return what it returns, within one deadline.

    `work` may run several times, and must do nothing that is not to be repeated.

    Raises:
        DeadlineError: there was no answer in time; its cause is the last error met.
        AttemptsError: each of many attempts lost its session.
        sqlalchemy.exc.DBAPIError: the database is there and rejects the query, or the session.
    """
    watch = watch_of(engine)

    def attempt() -> T:
        with engine.connect() as connection:
            return in_mode(connection, work, autocommit=True)

    with waits.deadline(deadline_s, repeatable=True) as until:
        try:
            return repeated(attempt, until, on_retry=lambda: watch.tally.add("retries"))
        except Late as late:
            watch.tally.add("late_reads")
            raise DeadlineError(deadline_s, late.attempts, late.cause) from late.cause


def in_mode(connection: Connection, work: Callable[[Connection], T], *, autocommit: bool) -> T:
    """Run `work` with the driver's autocommit on or off, and leave it as it was.

    On, each statement stands for itself: one round trip, and none that undoes a good read.
    SQLAlchemy's option for it does the same in several times the time.
    """
    session = cast("Session[Any]", connection.connection.dbapi_connection)
    if session.autocommit == autocommit:
        return work(connection)
    session.set_autocommit(autocommit)
    try:
        return work(connection)
    finally:
        if not session.closed:
            session.rollback()  # of a transaction that the work began by itself, or left
            session.set_autocommit(not autocommit)


class Late(Exception):  # noqa: N818 # within this module
    """The deadline came first."""

    def __init__(self, attempts: int, cause: BaseException) -> None:
        super().__init__()
        self.attempts, self.cause = attempts, cause


def repeated(
    attempt: Callable[[], T],
    until: float,
    *,
    on_retry: Callable[[], None],
    clock: Callable[[], float] = waits.clock,
    sleep: Callable[[float], None] = time.sleep,
) -> T:
    """Run `attempt` until it succeeds; none begins at `until` or later, none after a refusal.

    Raises:
        Late: the deadline came first.
        AttemptsError: so many attempts lost their session that one more is not worth it.
    """
    attempts = lost = 0
    while True:
        try:
            return attempt()
        except Exception as error:
            attempts += 1
            if not is_outage(error):
                raise
            lost += not isinstance(error, PoolTimeoutError)  # which was never sent
            if lost == MOST_ATTEMPTS and clock() < until:
                raise AttemptsError(attempts, error) from error
            pause_s = PAUSES_S[min(attempts, len(PAUSES_S)) - 1]
            if clock() + pause_s >= until:
                raise Late(attempts, error) from error
            sleep(pause_s)
        on_retry()


def is_outage(error: BaseException) -> bool:
    """Tell whether the session was lost or not to be had in time, also where it is wrapped.

    What this package has told as the end of something is no outage, whatever it was caused by.
    """
    for one in _chain(error):
        if isinstance(one, (OutageError, PoolTimeoutError)):
            return True
        if isinstance(one, SteadyError):
            return False
        if isinstance(one, DBAPIError) and one.connection_invalidated:
            return True
    return False


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:  # pandas, for one, wraps what SQLAlchemy has wrapped
        yield error
        error = error.__cause__

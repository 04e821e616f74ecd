"""Writes with an outcome: committed, not committed, or unknown; an unknown one never runs again."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeVar, cast

import psycopg
from psycopg.pq import TransactionStatus
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from steadypool import waits
from steadypool.engine import watch_of
from steadypool.errors import AttemptsError, DeadlineError, SteadyError, first_line
from steadypool.reads import Late, in_mode, is_outage, read, repeated

if TYPE_CHECKING:
    from steadypool.session import Session

T = TypeVar("T")
Outcome = Literal["committed", "not committed", "unknown"]

ASK_AGAIN_S = 0.05  # of a transaction that is still in progress, when its session was told to end

TIMELINE = "left(pg_walfile_name(pg_current_wal_insert_lsn()), 8)"
BEGIN = f"SELECT pg_current_xact_id()::text, now(), {TIMELINE}"
# A crash forgets the transactions that had left nothing in the log, and their numbers are given
# out again: pg_xact_status may speak of another's. It also resets the statistics; and the one
# checkpoint that ends its recovery, as nothing else runs, begins and stands at one place, and knows
# the next number.
ASK = text(f"""
SELECT pg_xact_status(CAST(:xid AS xid8)), {TIMELINE}, pg_stat_get_bgwriter_stat_reset_time(),
  redo_lsn = checkpoint_lsn, next_xid FROM pg_control_checkpoint()""")  # noqa: S608 # a constant
END = text("""
SELECT pg_terminate_backend(pid) FROM pg_stat_get_activity(NULL)
WHERE backend_xid = CAST(CAST(:xid AS xid8) AS xid)""")


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionId:
    """One transaction, as it can be asked about later, from elsewhere, too."""

    xid: str  # 64 bits, in decimal
    begun_at: datetime  # by the server's clock
    timeline: str  # of the server; another one's numbers are other transactions


class NotCommittedError(SteadyError):
    """A write was not committed, and is not to be run again, or no more in time."""

    def __init__(self, cause: BaseException) -> None:
        super().__init__(f"not committed: {first_line(cause)}")


class UnknownOutcomeError(SteadyError):
    """Whether a write was committed is not known; ask `outcome` about its `transaction`."""

    def __init__(self, transaction: TransactionId, cause: BaseException) -> None:
        super().__init__(
            f"unknown whether transaction {transaction.xid} was committed: {first_line(cause)}"
        )
        self.transaction = transaction


class Answer(NamedTuple):
    """What the server tells of a transaction, and of itself."""

    status: str | None  # committed, aborted, in progress; of an old one nothing is known
    timeline: str
    reset_at: datetime | None  # of its statistics: a crash resets them
    stands: (
        bool  # its last checkpoint began and ended at one place: of a shutdown, or of a recovery
    )
    next_xid: str  # at that checkpoint; epoch:number


def write(
    engine: Engine,
    work: Callable[[Connection], T],
    *,
    deadline_s: float,
    repeatable: bool = False,
) -> T:
    """Run `work` in a transaction, commit it, and return what `work` returned.

    A lost answer to the COMMIT is asked about by the transaction's number while there is time.
    `work` must leave the transaction open. It runs again only where it is `repeatable` and known
    not to be committed.

    Raises:
        NotCommittedError: the session was lost, or not to be had in time: nothing was written.
        UnknownOutcomeError: the answer was lost, and nobody told in time what it was.
        sqlalchemy.exc.DBAPIError: the database is there and rejects it: nothing was written.
    """
    watch = watch_of(engine)

    def attempt() -> T:
        try:
            with engine.connect() as connection:
                return in_mode(
                    connection, lambda it: _committed(it, work, repeatable), autocommit=False
                )
        except _InDoubt as doubt:
            watch.tally.add("lost_commits")
            return cast("T", _resolved(engine, doubt, repeatable=repeatable))

    with waits.deadline(deadline_s) as until:
        try:
            return repeated(attempt, until, on_retry=lambda: watch.tally.add("rewrites"))
        except Late as late:
            raise NotCommittedError(late.cause) from late.cause
        except AttemptsError as error:
            raise NotCommittedError(error) from error


def outcome(engine: Engine, transaction: TransactionId, *, deadline_s: float) -> Outcome:
    """Tell what became of a transaction whose session was lost; one still open there is ended.

    Raises:
        ValueError: when `deadline_s` is no positive number.
        sqlalchemy.exc.DBAPIError: the database is there and rejects the question.
    """
    with waits.deadline(deadline_s) as until:
        while (left_s := until - waits.clock()) > 0:
            found = _asked(engine, transaction, left_s)
            if found is not None:
                return found
            time.sleep(min(ASK_AGAIN_S, left_s))
    return "unknown"


def _asked(engine: Engine, transaction: TransactionId, left_s: float) -> Outcome | None:
    """Ask once; where the transaction is still in progress, end its session."""
    asked = {"xid": transaction.xid}
    try:
        row = read(engine, lambda it: it.execute(ASK, asked).one(), deadline_s=left_s)
        found = verdict(transaction, Answer(*row))
        if found is None:
            read(engine, lambda it: it.execute(END, asked).all(), deadline_s=left_s)
    except DeadlineError:
        return "unknown"
    except DBAPIError as error:
        if isinstance(error.orig, psycopg.errors.InvalidParameterValue):
            return "not committed"  # its number was not given out yet: a crash forgot it
        if not isinstance(error.orig, psycopg.errors.ObjectNotInPrerequisiteState):
            raise
        return None  # a standby, which may yet be promoted
    return found


def verdict(transaction: TransactionId, answer: Answer) -> Outcome | None:
    """Return what an answer means; nothing while the transaction's own session may yet commit."""
    if answer.status is None:
        return "unknown"
    same = answer.timeline == transaction.timeline
    if same and answer.reset_at is not None and answer.reset_at < transaction.begun_at:
        return {"committed": "committed", "in progress": None}.get(answer.status, "not committed")
    if answer.status != "committed":
        return "not committed"  # its session ended in the crash: what is in progress is another's
    if same and answer.stands:
        epoch, number = answer.next_xid.split(":")
        recovered = int(transaction.xid) < (int(epoch) << 32) + int(number)
        return "committed" if recovered else "not committed"
    return "unknown"


class _InDoubt(Exception):  # noqa: N818 # within this module
    """The answer to a COMMIT was lost."""

    def __init__(self, transaction: TransactionId, value: Any, cause: Exception) -> None:
        super().__init__()
        self.transaction, self.value, self.cause = transaction, value, cause


def _committed(connection: Connection, work: Callable[[Connection], T], repeatable: bool) -> T:
    """Run one attempt; what is lost before `work` begins may be tried again in any case."""
    xid, begun_at, timeline = connection.exec_driver_sql(BEGIN).one()
    transaction = TransactionId(xid=xid, begun_at=begun_at, timeline=timeline)
    begun = connection.get_transaction()
    try:
        value = work(connection)
        _look(connection, begun)
    except Exception as error:
        if is_outage(error) and not repeatable:
            raise NotCommittedError(error) from error
        raise
    try:
        connection.commit()
    except Exception as error:
        if is_outage(error):
            raise _InDoubt(transaction, value, error) from error
        raise  # the server's own word: it has rolled back
    return value


def _look(connection: Connection, begun: object) -> None:
    """Look at a session before the COMMIT is sent: one that is lost by now has committed nothing.

    Raises:
        sqlalchemy.exc.DBAPIError: it is lost.
        RuntimeError: its transaction has ended, or has failed and would be rolled back.
    """
    if connection.get_transaction() is not begun:
        raise RuntimeError("the work ended its transaction; let steadypool.write commit it")
    session = cast("Session[Any]", connection.connection.driver_connection)
    if session.pgconn.transaction_status == TransactionStatus.INERROR:
        raise RuntimeError("the work went on after an error in its transaction; let it be raised")
    if session.has_news:
        connection.exec_driver_sql(";")


def _resolved(engine: Engine, doubt: _InDoubt, *, repeatable: bool) -> Any:
    """Return the value of a write that was committed; raise its cause where it may run again."""
    left_s = waits.until(0.0) - waits.clock()
    try:
        found = outcome(engine, doubt.transaction, deadline_s=left_s) if left_s > 0 else "unknown"
    except Exception as error:  # noqa: BLE001 # whatever kept it from being told
        raise UnknownOutcomeError(doubt.transaction, error) from doubt.cause
    if found == "committed":
        return doubt.value
    if found == "unknown":
        raise UnknownOutcomeError(doubt.transaction, doubt.cause) from doubt.cause
    if repeatable:
        raise doubt.cause
    raise NotCommittedError(doubt.cause) from doubt.cause

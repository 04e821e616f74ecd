"""Reads of the database, from the caller's side: a deadline, an outcome, a last word."""

import asyncio
import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeVar

from dashboard.errors import (
    DeadlineError,
    ReadFailedError,
    Trouble,
    classify,
    driver_error,
    driver_line,
    phase_of,
)
from dashboard.executor import ReadExecutor
from dashboard.pool import Query, ReadPool

if TYPE_CHECKING:
    from concurrent.futures import Future

T = TypeVar("T")
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class LastRead:
    """How the latest read ended, as its caller saw it."""

    at: datetime
    trouble: Trouble | None


class Reads:
    """The only door to the pool: pages and API both come through it."""

    def __init__(
        self,
        *,
        pool: ReadPool,
        executor: ReadExecutor,
        deadline_s: float,
        on_outcome: Callable[[str], None],
    ) -> None:
        self.pool = pool
        self.executor = executor
        self.deadline_s = deadline_s
        self.last: LastRead | None = None
        self._on_outcome = on_outcome

    async def read(self, query: Query[T]) -> T:
        """Run `query` and wait for it at most the deadline, without blocking the event loop.

        Raises:
            ReadFailedError: with the trouble to show.
        """
        try:
            value = await self._awaited(query)
        except Exception as error:
            raise ReadFailedError(self.failed(error)) from error
        self.succeeded()
        return value

    def start(self, query: Query[T]) -> "Future[T]":
        """Start `query`; the caller keeps the deadline and reports its end.

        Raises:
            OverloadedError: when the queue is full.
            ClosingError: while the process stops.
        """
        return self.executor.submit(lambda: self.pool.read(query), deadline_s=self.deadline_s)

    def succeeded(self) -> None:
        """Take down that a caller got its data."""
        self._ended(None)

    def failed(self, error: BaseException) -> Trouble:
        """Take down, log and classify what a caller got instead of data.

        The driver's own words stay in the log; the operation's id leads there from what was shown.
        """
        trouble = replace(classify(error), operation_id=secrets.token_hex(4))
        log.warning(
            "read failed: kind=%s sqlstate=%s phase=%s op=%s driver=%s",
            trouble.kind,
            trouble.sqlstate or "-",
            phase_of(error) if driver_error(error) else "-",
            trouble.operation_id,
            driver_line(error),
            exc_info=error if trouble.kind == "internal" else None,  # a bug: say where
        )
        self._ended(trouble)
        return trouble

    def _ended(self, trouble: Trouble | None) -> None:
        self.last = LastRead(at=datetime.now(UTC), trouble=trouble)
        self._on_outcome(trouble.kind if trouble else "ok")

    async def _awaited(self, query: Query[T]) -> T:
        wrapped = asyncio.wrap_future(self.start(query))
        # `wait` and not `wait_for`: a TimeoutError of the read itself is no missed deadline.
        await asyncio.wait({wrapped}, timeout=self.deadline_s)
        wrapped.cancel()  # what has not ended: a queued task with it; a running one ends unheard
        if wrapped.cancelled():  # or by the executor, which drops what is past its deadline
            raise DeadlineError
        return wrapped.result()

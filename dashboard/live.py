"""The last good value of one query, kept for all sessions, and at most one read in flight."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, wait
from dataclasses import dataclass
from typing import Generic, TypeVar

from dashboard.errors import ClosingError, DeadlineError, OverloadedError, Trouble
from dashboard.pool import Query
from dashboard.reads import Reads

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading(Generic[T]):
    """What a page can show now: the last good value, its age, and what is wrong, if anything."""

    value: T | None
    age_s: float | None
    trouble: Trouble | None
    waiting: bool


class LiveRead(Generic[T]):
    """Read `query` at most every `every_s`, for however many sessions ask.

    One read in flight serves them all: while the server hangs, twenty open pages hold one thread
    of the executor and not twenty.
    """

    def __init__(
        self,
        reads: Reads,
        query: Query[T],
        *,
        every_s: float = 1.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._reads, self._query, self._every_s, self._clock = reads, query, every_s, clock
        self._lock = threading.Lock()
        self._pending: Future[T] | None = None
        self._started_s = float("-inf")
        self._value: T | None = None
        self._value_s = 0.0
        self._trouble: Trouble | None = None

    @property
    def known(self) -> bool:
        """Tell whether there ever was a good value."""
        return self._value is not None

    def poll(self, *, patience_s: float) -> Reading[T]:
        """Start a read if one is due and tell what is known.

        Wait for the read in flight until it is `patience_s` old: so whoever comes while it hangs
        is answered at once.
        """
        pending = self._due()
        if pending is not None:
            left_s = self._started_s + patience_s - self._clock()
            wait({pending}, timeout=max(0.0, left_s))
            self._settle(pending)
        with self._lock:
            known = self.known
            return Reading(
                value=self._value,
                age_s=self._clock() - self._value_s if known else None,
                trouble=self._trouble,
                waiting=self._pending is not None,
            )

    def _due(self) -> "Future[T] | None":
        with self._lock:
            if self._pending is None and self._clock() - self._started_s >= self._every_s:
                self._started_s = self._clock()
                try:
                    self._pending = self._reads.start(self._query)
                except (OverloadedError, ClosingError) as error:
                    self._trouble = self._reads.failed(error)
            return self._pending

    def _settle(self, pending: "Future[T]") -> None:
        """Take in the end of `pending`, once, whichever session comes first."""
        with self._lock:
            if self._pending is not pending:
                return
            if pending.done():
                self._take(pending)
            elif self._clock() - self._started_s >= self._reads.deadline_s:
                pending.cancel()
                self._fail(DeadlineError())

    def _take(self, ended: "Future[T]") -> None:
        error = DeadlineError() if ended.cancelled() else ended.exception()
        if error is not None:
            self._fail(error)
            return
        self._pending, self._trouble = None, None
        self._value, self._value_s = ended.result(), self._started_s
        self._reads.succeeded()

    def _fail(self, error: BaseException) -> None:
        self._pending = None
        self._trouble = self._reads.failed(error)

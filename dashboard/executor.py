"""The one executor through which every read of the database goes.

Its threads are daemons, because `concurrent.futures` joins its own at exit: a read hanging on a
frozen server would then hold the process past its stop. Its queue is bounded, because waiting
reads behind a frozen server would otherwise pile up without end.
"""

import contextlib
import queue
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, InvalidStateError
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from dashboard.errors import ClosingError, OverloadedError
from dashboard.pool_stats import Tally

T = TypeVar("T")

QUEUE_SIZE = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Workers:
    """The threads at one instant."""

    total: int
    stuck: Mapping[str, float]  # by name, those whose caller gave up; for how many s each has run

    @property
    def all_stuck(self) -> bool:
        """Tell whether nobody is left who could read."""
        return len(self.stuck) == self.total


@dataclass(frozen=True, slots=True, kw_only=True)
class _Task(Generic[T]):
    call: Callable[[], T]
    future: "Future[T]"
    deadline_at: float


class ReadExecutor:
    """Run reads on `workers` daemon threads behind a queue of at most `queue_size`."""

    def __init__(
        self,
        *,
        workers: int,
        queue_size: int = QUEUE_SIZE,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._clock = clock
        self._queue: queue.Queue[_Task[Any]] = queue.Queue(queue_size)
        self._open: set[Future[Any]] = set()
        self._closed = threading.Event()
        self._rejections = Tally()
        self._workers = workers
        self._running: dict[str, tuple[float, float]] = {}  # by thread: since when, until when
        for number in range(workers):
            threading.Thread(target=self._work, name=f"read-{number}", daemon=True).start()

    @property
    def queue_depth(self) -> int:
        """Return how many reads wait for a thread."""
        return self._queue.qsize()

    @property
    def rejections(self) -> int:
        """Return how many reads found the queue full."""
        return self._rejections.value

    def workers(self) -> Workers:
        """Tell how many threads there are, and which of them hang."""
        now = self._clock()
        stuck = {
            name: now - began_at
            for name, (began_at, deadline_at) in sorted(self._running.copy().items())
            if now > deadline_at
        }
        return Workers(total=self._workers, stuck=stuck)

    def submit(self, call: Callable[[], T], *, deadline_s: float) -> "Future[T]":
        """Queue `call`; it is dropped unrun if its deadline passes, or it is cancelled, first.

        Raises:
            OverloadedError: when the queue is full; nobody waits for a place in it.
            ClosingError: once `close` was called.
        """
        future: Future[T] = Future()
        task = _Task(call=call, future=future, deadline_at=self._clock() + deadline_s)
        self._open.add(future)
        future.add_done_callback(self._open.discard)
        if self._closed.is_set():  # asked only now: `close` has seen the future, or we see it
            future.cancel()
            raise ClosingError
        try:
            self._queue.put_nowait(task)
        except queue.Full:
            future.cancel()
            self._rejections.add()
            raise OverloadedError from None
        return future

    def close(self) -> None:
        """Fail everything that is waited for, at once; the threads end with the process."""
        self._closed.set()
        for future in tuple(self._open):
            # A caller may have cancelled it, or its read ended, in this very moment.
            with contextlib.suppress(InvalidStateError):
                future.set_exception(ClosingError())

    def _work(self) -> None:
        name = threading.current_thread().name
        while True:
            task = self._queue.get()
            self._running[name] = self._clock(), task.deadline_at
            self._run(task)
            del self._running[name]

    def _run(self, task: _Task[Any]) -> None:
        if self._clock() > task.deadline_at:
            task.future.cancel()
        # Suppressed: `close` fails a future whatever its thread is doing with it.
        with contextlib.suppress(InvalidStateError):
            if task.future.done() or not task.future.set_running_or_notify_cancel():
                return
            try:
                result = task.call()
            except BaseException as error:  # noqa: BLE001 # the caller gets it; the thread lives
                task.future.set_exception(error)
            else:
                task.future.set_result(result)

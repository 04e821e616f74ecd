"""An open loop: operations are due on a raster, whatever became of the ones before."""

import queue
import threading
import time
from collections.abc import Callable

_Inbox = queue.SimpleQueue[float]


class OpenLoop:
    """Some workers share one schedule; what is due while all are busy is *missed*.

    `read` and `missed` get the instant at which the operation was due.
    """

    def __init__(
        self,
        read: Callable[[float], object],
        missed: Callable[[float], None],
        *,
        workers: int,
        reads_per_s: float,
    ) -> None:
        self._read = read
        self._missed = missed
        self._workers = workers
        self._period_s = 1.0 / reads_per_s
        self._idle: queue.SimpleQueue[_Inbox] = queue.SimpleQueue()
        self._stop = threading.Event()

    def start(self) -> None:
        """Start reading; the threads end with the process."""
        for _ in range(self._workers):
            threading.Thread(target=self._worker, daemon=True).start()
        threading.Thread(target=self._schedule, daemon=True).start()

    def stop(self) -> None:
        """Stop scheduling; reads under way end by themselves."""
        self._stop.set()

    def _schedule(self) -> None:
        due = time.monotonic() + self._period_s
        while not self._stop.wait(max(0.0, due - time.monotonic())):
            try:
                self._idle.get_nowait().put(due)
            except queue.Empty:
                self._missed(due)
            due += self._period_s

    def _worker(self) -> None:
        inbox: _Inbox = queue.SimpleQueue()
        while not self._stop.is_set():
            self._idle.put(inbox)
            self._read(inbox.get())


def at_once(count: int, one: Callable[[], object], limit_s: float) -> None:
    """Call `one` on `count` threads from behind a barrier; wait at most `limit_s` for each."""
    barrier = threading.Barrier(count)

    def held() -> None:
        barrier.wait(5.0)
        one()

    threads = [threading.Thread(target=held, daemon=True) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(limit_s)

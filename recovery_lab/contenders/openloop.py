"""An open loop: reads are due on a raster, whatever became of the ones before."""

import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass
class OpenLoop:
    """Some workers share one schedule; what is due while all are busy is *missed*."""

    read: Callable[[float], object]  # gets the instant at which a read was due, as `missed` does
    missed: Callable[[float], None]
    workers: int
    reads_per_s: float

    def __post_init__(self) -> None:
        self._idle = threading.Semaphore(self.workers)
        self._due: queue.SimpleQueue[float | None] = queue.SimpleQueue()
        self._taken_at = float("-inf")  # when the last idle worker was given a read
        self._stop = threading.Event()

    def start(self, at_once: int = 0) -> None:
        """Start with `at_once` reads that are due now; the threads end after `stop`."""
        for _ in range(self.workers):
            threading.Thread(target=self._work, daemon=True).start()
        now = time.monotonic()
        for _ in range(at_once):
            self._hand_out(now)
        threading.Thread(target=self._schedule, args=(now,), daemon=True).start()

    def stop(self) -> None:
        """Schedule no more, also where it was not started; reads under way end by themselves."""
        self._stop.set()

    def _schedule(self, began_at: float) -> None:
        period_s = 1.0 / self.reads_per_s
        due = began_at + period_s
        while not self._stop.wait(max(0.0, due - time.monotonic())):
            self._hand_out(due)
            due += period_s
        for _ in range(self.workers):
            self._due.put(None)

    def _hand_out(self, due: float) -> None:
        if self._idle.acquire(blocking=False):
            self._taken_at = time.monotonic()
            self._due.put(due)
        elif due > self._taken_at:
            self.missed(due)  # all have been busy since before it was due
        else:
            # A worker was idle when it was due, and this thread is late: its record says so.
            threading.Thread(target=self.read, args=(due,), daemon=True).start()

    def _work(self) -> None:
        while (due := self._due.get()) is not None:
            self.read(due)
            self._idle.release()

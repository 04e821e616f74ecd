"""The open loop: reads are due on a raster, whatever became of the ones before."""

import itertools
import threading
import time
from collections.abc import Callable
from itertools import pairwise

import pytest

from recovery_lab.contenders.openloop import OpenLoop


class Seen:
    """What a loop asked for: (due, begun) of each read, due of each missed one."""

    def __init__(self) -> None:
        self.read: list[tuple[float, float]] = []
        self.missed: list[float] = []
        self.free = threading.Event()

    def take(self, due: float) -> None:
        self.read.append((due, time.monotonic()))
        self.free.wait(5.0)


def loop_of(seen: Seen, workers: int = 2, reads_per_s: float = 100.0) -> OpenLoop:
    """Return a loop over what is seen, not started."""
    return OpenLoop(seen.take, seen.missed.append, workers=workers, reads_per_s=reads_per_s)


@pytest.fixture
def seen() -> Seen:
    """Reads that end at once."""
    seen = Seen()
    seen.free.set()
    return seen


def test_reads_are_due_on_a_raster(seen: Seen) -> None:
    """One period from read to read, the first a period after the start; none is left out."""
    loop = loop_of(seen)
    before = time.monotonic()
    loop.start()
    after = time.monotonic()
    time.sleep(0.3)
    loop.stop()
    dues = [due for due, _ in sorted(seen.read)]
    assert before + 0.01 <= dues[0] <= after + 0.01
    assert all(abs(late - early - 0.01) < 1e-6 for early, late in pairwise(dues))
    assert not seen.missed


def test_due_while_all_workers_are_busy_is_missed(seen: Seen) -> None:
    """Two workers, held: the first reads, the others missed; each due instant is told once."""
    seen.free.clear()
    loop = loop_of(seen)
    loop.start()
    deadline = time.monotonic() + 5.0
    while len(seen.missed) < 5 and time.monotonic() < deadline:
        time.sleep(0.005)
    loop.stop()
    seen.free.set()
    reads = [due for due, _ in seen.read]
    assert len(reads) >= 2
    assert len(seen.missed) >= 5
    assert max(reads) < min(seen.missed)


def test_starts_with_reads_that_are_due_at_once(seen: Seen) -> None:
    """As many as are asked for, all due at the start and begun beside each other."""
    seen.free.clear()
    loop = loop_of(seen, workers=5, reads_per_s=1.0)
    before = time.monotonic()
    loop.start(at_once=5)
    after = time.monotonic()
    while len(seen.read) < 5 and time.monotonic() < after + 5.0:
        time.sleep(0.005)
    loop.stop()
    seen.free.set()
    assert 5 == len(seen.read)
    assert 1 == len({due for due, _ in seen.read})
    assert before <= seen.read[0][0] <= after


def test_late_schedule_is_a_late_read_and_not_a_missed_one(
    seen: Seen, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The scheduling thread slept over five periods while both workers were idle.

    What was due then begins late, as its record shows; to call it missed would put the
    recorder's fault on the contender.
    """
    seen.free.clear()
    loop = loop_of(seen)
    waits = itertools.count()

    def oversleep(_: float) -> bool:
        """Sleep before the first read is handed out; stop when five have been."""
        wait = next(waits)
        if wait == 0:
            time.sleep(0.06)
        return wait == 5

    monkeypatch.setattr(loop._stop, "wait", oversleep)
    loop.start()
    deadline = time.monotonic() + 5.0
    while len(seen.read) < 5 and time.monotonic() < deadline:
        time.sleep(0.005)
    seen.free.set()
    assert [] == seen.missed
    assert 5 == len(seen.read)
    first_due, begun = min(seen.read)
    assert begun - first_due > 0.02


def test_stopped_loop_reads_no_more_and_its_threads_end(
    seen: Seen, threads_end: Callable[[], None]
) -> None:
    """Forty outages with kept contenders must not leave threads behind."""
    for _ in range(5):
        loop = loop_of(seen)
        loop.start()
        time.sleep(0.02)
        loop.stop()
    threads_end()
    count = len(seen.read)
    time.sleep(0.05)
    assert count == len(seen.read)


def test_loop_stopped_before_its_start_reads_nothing(seen: Seen) -> None:
    """A `stop` that comes first is not lost."""
    loop = loop_of(seen)
    loop.stop()
    loop.start()
    time.sleep(0.05)
    assert not seen.read

"""The one executor: bounded, deadlined, and no hindrance to the process's end."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import CancelledError

import pytest

from dashboard.errors import ClosingError, OverloadedError
from dashboard.executor import ReadExecutor, Workers


class Gate:
    """A read that hangs until it is let go."""

    def __init__(self) -> None:
        self.entered = threading.Semaphore(0)
        self.open = threading.Event()

    def __call__(self) -> str:
        """Hang."""
        self.entered.release()
        assert self.open.wait(10)
        return "through"


@pytest.fixture
def gate() -> Iterator[Gate]:
    """Give a hanging read, and let it go at the end."""
    gate = Gate()
    yield gate
    gate.open.set()


def test_submit_gives_the_result() -> None:
    """A read's value and its error both reach the caller."""
    executor = ReadExecutor(workers=1)
    assert 42 == executor.submit(lambda: 42, deadline_s=1).result(1)
    with pytest.raises(ZeroDivisionError):
        executor.submit(lambda: 1 / 0, deadline_s=1).result(1)


def test_thread_outlives_any_error() -> None:
    """A thread that died with a read would be missing for ever."""

    def leave() -> None:
        raise SystemExit

    executor = ReadExecutor(workers=1)
    with pytest.raises(SystemExit):
        executor.submit(leave, deadline_s=1).result(1)
    assert "alive" == executor.submit(lambda: "alive", deadline_s=1).result(1)


def test_full_queue_is_refused_at_once(gate: Gate) -> None:
    """Who finds the queue full is told so, and does not wait."""
    executor = ReadExecutor(workers=1, queue_size=2)
    executor.submit(gate, deadline_s=10)
    assert gate.entered.acquire(timeout=5)
    queued = [executor.submit(lambda: 1, deadline_s=10) for _ in range(2)]
    assert 2 == executor.queue_depth
    started = time.monotonic()
    with pytest.raises(OverloadedError):
        executor.submit(lambda: 1, deadline_s=10)
    assert time.monotonic() - started < 0.5
    gate.open.set()
    assert [1, 1] == [future.result(5) for future in queued]
    assert 1 == executor.rejections


def test_abandoned_read_is_dropped_unrun(gate: Gate) -> None:
    """A read whose caller gave up does not burden a database that just came back."""
    ran: list[str] = []
    executor = ReadExecutor(workers=1)
    executor.submit(gate, deadline_s=10)
    assert gate.entered.acquire(timeout=5)
    abandoned = executor.submit(lambda: ran.append("abandoned"), deadline_s=10)
    kept = executor.submit(lambda: ran.append("kept"), deadline_s=10)
    assert abandoned.cancel()
    gate.open.set()
    kept.result(5)
    assert ["kept"] == ran


def test_read_past_its_deadline_is_dropped_unrun(gate: Gate) -> None:
    """The deadline is fixed when the read is asked for, not when its turn comes."""
    now = [0.0]
    ran: list[str] = []
    executor = ReadExecutor(workers=1, clock=lambda: now[0])
    executor.submit(gate, deadline_s=10)
    assert gate.entered.acquire(timeout=5)
    late = executor.submit(lambda: ran.append("late"), deadline_s=2)
    timely = executor.submit(lambda: ran.append("timely"), deadline_s=5)
    now[0] = 3.0
    gate.open.set()
    timely.result(5)
    with pytest.raises(CancelledError):
        late.result(0)
    assert ["timely"] == ran


def test_worker_is_stuck_once_its_caller_gave_up(gate: Gate) -> None:
    """By name, with how long its read has run; one that ends is free again."""
    now = [100.0]
    executor = ReadExecutor(workers=2, clock=lambda: now[0])
    assert Workers(total=2, stuck={}) == executor.workers()
    hanging = [executor.submit(gate, deadline_s=deadline_s) for deadline_s in (5, 9)]
    assert all(gate.entered.acquire(timeout=5) for _ in hanging)
    now[0] += 5.0
    assert Workers(total=2, stuck={}) == executor.workers()
    now[0] += 0.5
    (name,) = executor.workers().stuck
    assert name in {"read-0", "read-1"}
    assert {name: 5.5} == executor.workers().stuck
    assert not executor.workers().all_stuck
    now[0] += 4.0
    assert {"read-0": 9.5, "read-1": 9.5} == executor.workers().stuck
    assert executor.workers().all_stuck
    gate.open.set()
    for future in hanging:
        future.result(5)
    assert "free" == executor.submit(lambda: "free", deadline_s=5).result(5)


def test_worker_is_free_again_after_its_read(gate: Gate, wait_for) -> None:
    """However it ended, and though nobody heard of it."""
    now = [100.0]
    executor = ReadExecutor(workers=1, clock=lambda: now[0])
    abandoned = executor.submit(gate, deadline_s=5)
    assert gate.entered.acquire(timeout=5)
    now[0] += 6.0
    assert executor.workers().all_stuck
    gate.open.set()
    wait_for(lambda: not executor.workers().stuck)
    assert "through" == abandoned.result(0)


def test_close_fails_waiting_and_running_reads_at_once(gate: Gate) -> None:
    """At the stop nobody waits for a read that hangs."""
    executor = ReadExecutor(workers=1)
    running = executor.submit(gate, deadline_s=10)
    assert gate.entered.acquire(timeout=5)
    waiting = executor.submit(lambda: 1, deadline_s=10)
    executor.close()
    for future in (running, waiting):
        with pytest.raises(ClosingError):
            future.result(0)
    with pytest.raises(ClosingError):
        executor.submit(lambda: 1, deadline_s=10)


def test_close_leaves_the_threads_alive_for_a_late_result(gate: Gate) -> None:
    """A read that ends after the stop finds its future closed, and harms nothing."""
    executor = ReadExecutor(workers=1)
    future = executor.submit(gate, deadline_s=10)
    assert gate.entered.acquire(timeout=5)
    executor.close()
    gate.open.set()
    assert isinstance(future.exception(0), ClosingError)


def test_threads_are_daemons(gate: Gate) -> None:
    """Threads of another kind are joined at exit and would hold the process."""
    before = set(threading.enumerate())
    ReadExecutor(workers=3)
    made = set(threading.enumerate()) - before
    assert [True] * 3 == [thread.daemon for thread in made]

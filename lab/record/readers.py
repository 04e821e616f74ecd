"""Read the dashboard as its users do: an open loop, each read recorded before and after."""

import itertools
import queue
import threading
import time
from collections.abc import Callable

import httpx
import msgspec

from lab.record.history import Began, Ended, Health, Missed, Record

HUNG_S = 10.0  # not finished this long after its schedule: hung


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """What is read and how often."""

    url: str
    read_path: str
    read_must_have: list[str]
    health_path: str
    workers: int = 4
    reads_per_s: float = 20.0
    health_every_s: float = 0.1


class Readers:
    """Readers of one dashboard; a shared schedule, served by whichever worker is idle."""

    def __init__(self, reading: Reading, emit: Callable[[Record], None]) -> None:
        self._reading = reading
        self._emit = emit
        self._ops = itertools.count(1)
        self._stop = threading.Event()
        # Operations and health samples must not wait for each other's connections.
        self._reads = httpx.Client(base_url=reading.url, timeout=HUNG_S, trust_env=False)
        self._samples = httpx.Client(base_url=reading.url, timeout=2.0, trust_env=False)

    def stop(self) -> None:
        """Stop scheduling; reads under way end by their own limit."""
        self._stop.set()

    def start_health(self) -> None:
        """Sample System Health on a thread of its own."""
        threading.Thread(target=self._health_loop, daemon=True).start()

    def start_steady(self) -> None:
        """Read at a steady rate."""
        idle: queue.SimpleQueue[queue.SimpleQueue[float]] = queue.SimpleQueue()
        for _ in range(self._reading.workers):
            threading.Thread(target=self._worker, args=(idle,), daemon=True).start()
        threading.Thread(target=self._schedule, args=(idle,), daemon=True).start()

    def burst(self, count: int) -> list[Ended]:
        """Send `count` reads at once, from behind a barrier; return how they ended."""
        ends: list[Ended] = []
        barrier = threading.Barrier(count)

        def one() -> None:
            barrier.wait(5.0)
            ends.append(self._read(time.monotonic()))

        threads = [threading.Thread(target=one, daemon=True) for _ in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(HUNG_S + 1.0)
        return ends

    def health(self) -> Health:
        """Take one sample of System Health; an unreachable dashboard is a status of its own."""
        started_at = time.monotonic()
        try:
            answer = self._samples.get(self._reading.health_path)
            body = answer.json()
            pool, server = body["pool"], body["postgres"]
            return Health(
                started_at=started_at,
                ended_at=time.monotonic(),
                status=body["status"],
                policy=pool["policy"],
                shown_as=pool.get("shown_as", ""),
                server_started=server["server_started_at"] or "",
                checked_in=pool["checked_in"],
                checked_out=pool["checked_out"],
            )
        except (httpx.HTTPError, ValueError, KeyError, TypeError):
            return Health(started_at=started_at, ended_at=time.monotonic(), status="unreachable")

    def pool_size(self) -> int:
        """Return how many connections the pool is meant to keep."""
        return int(self._samples.get(self._reading.health_path).json()["pool"]["size"])

    def _health_loop(self) -> None:
        while not self._stop.is_set():
            sample = self.health()
            self._emit(sample)
            spent = sample.ended_at - sample.started_at
            self._stop.wait(max(0.0, self._reading.health_every_s - spent))

    def _schedule(self, idle: "queue.SimpleQueue[queue.SimpleQueue[float]]") -> None:
        period_s = 1.0 / self._reading.reads_per_s
        due = time.monotonic() + period_s
        while not self._stop.wait(max(0.0, due - time.monotonic())):
            try:
                idle.get_nowait().put(due)
            except queue.Empty:
                self._emit(Missed(scheduled_at=due))
            due += period_s

    def _worker(self, idle: "queue.SimpleQueue[queue.SimpleQueue[float]]") -> None:
        inbox: queue.SimpleQueue[float] = queue.SimpleQueue()
        while not self._stop.is_set():
            idle.put(inbox)
            self._read(inbox.get())

    def _read(self, scheduled_at: float) -> Ended:
        op = next(self._ops)
        self._emit(Began(op=op, scheduled_at=scheduled_at, started_at=time.monotonic()))
        try:
            end = self._judged(op, self._reads.get(self._reading.read_path))
        except httpx.TimeoutException as error:
            end = Ended(op=op, at=time.monotonic(), outcome="hung", kind=type(error).__name__)
        except httpx.HTTPError as error:
            end = _error(op, "http", str(error))
        self._emit(end)
        return end

    def _judged(self, op: int, answer: httpx.Response) -> Ended:
        """Tell a live read from anything else; a plain Streamlit answers 200 HTML on any path."""
        try:
            body = answer.json()
        except ValueError:
            return _error(op, "not_json", f"status {answer.status_code}")
        if answer.status_code != 200:
            error = body.get("error") or {}
            return _error(op, error.get("kind", "http"), error.get("message", ""))
        if body.get("stale") or any(name not in body for name in self._reading.read_must_have):
            return _error(op, "not_live", "stale or incomplete answer")
        return Ended(
            op=op, at=time.monotonic(), outcome="ok", backend_pid=body.get("backend_pid", 0)
        )


def _error(op: int, kind: str, message: str) -> Ended:
    return Ended(op=op, at=time.monotonic(), outcome="error", kind=kind, message=message)

"""Read the dashboard as its users do: an open loop, each read recorded before and after."""

import itertools
import threading
import time
from collections.abc import Callable

import httpx
import msgspec

from recovery_lab.record.history import Began, Ended, Health, Missed, Record
from recovery_lab.record.live import NotLiveError, live_backend
from recovery_lab.record.openloop import OpenLoop, at_once

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
        self._loop = OpenLoop(
            self._read,
            lambda due: emit(Missed(scheduled_at=due)),
            workers=reading.workers,
            reads_per_s=reading.reads_per_s,
        )
        # Operations and health samples must not wait for each other's connections.
        self._reads = httpx.Client(base_url=reading.url, timeout=HUNG_S, trust_env=False)
        self._samples = httpx.Client(base_url=reading.url, timeout=2.0, trust_env=False)

    def stop(self) -> None:
        """Stop scheduling; reads under way end by their own limit."""
        self._loop.stop()
        self._stop.set()

    def start_health(self) -> None:
        """Sample System Health on a thread of its own."""
        threading.Thread(target=self._health_loop, daemon=True).start()

    def start_steady(self) -> None:
        """Read at a steady rate."""
        self._loop.start()

    def burst(self, count: int) -> list[Ended]:
        """Send `count` reads at once, from behind a barrier; return how they ended."""
        ends: list[Ended] = []
        at_once(count, lambda: ends.append(self._read(time.monotonic())), HUNG_S + 1.0)
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

    def _read(self, scheduled_at: float) -> Ended:
        op = next(self._ops)
        self._emit(Began(op=op, scheduled_at=scheduled_at, started_at=time.monotonic()))
        try:
            answer = self._reads.get(self._reading.read_path)
            backend = live_backend(answer, self._reading.read_must_have)
            end = Ended(op=op, at=time.monotonic(), outcome="ok", backend_pid=backend)
        except httpx.TimeoutException as error:
            end = Ended(op=op, at=time.monotonic(), outcome="hung", kind=type(error).__name__)
        except httpx.HTTPError as error:
            end = _error(op, "http", str(error))
        except NotLiveError as error:
            end = _error(op, error.kind, error.message)
        self._emit(end)
        return end


def _error(op: int, kind: str, message: str) -> Ended:
    return Ended(op=op, at=time.monotonic(), outcome="error", kind=kind, message=message)

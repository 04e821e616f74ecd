"""What every observer does: fresh sessions on one clock, and what the runner marks on it."""

import sys
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from typing import Any, BinaryIO

import msgspec

from recovery_lab.login import DeadlineError, Login, first_line
from recovery_lab.record.history import Clock, Mark, Probe, Record, Sessions, Trouble, encode
from recovery_lab.sql import TOLD
from recovery_lab.target import Health

FAST_S = 0.02  # from the injection on, until a probe succeeds
CONFIRM_S = 0.1  # while the 2 s of good probes are counted: logins must not compete with readers
RARE_S = 1.0  # otherwise


class Assignment(msgspec.Struct, frozen=True, kw_only=True):
    """What to observe; handed over as the one argument, in JSON."""

    login: Login
    work: str  # a condition: what a fresh session must be able to do
    url: str
    health: Health | None


class Observer(ABC):
    """Probes, and tells its clocks, as orders have it; it hurries from the injection on."""

    limit_s: float  # of an attempt; a lost first SYN is repeated by us, not by the kernel after 1 s
    expected: tuple[type[Exception], ...]  # what a fresh session may raise

    def __init__(self, stream: BinaryIO | None = None) -> None:
        self._stream = stream or sys.stdout.buffer
        self._delay_s = 0.0  # what the fault declares: attempts may take so much longer
        self._by_name = False  # and whether it denies names: then each attempt begins with one
        self._hurry = threading.Event()
        self._over = threading.Event()
        self._lock = threading.Lock()

    @abstractmethod
    def ask(self, limit_s: float) -> Sequence[Any]:
        """Open one fresh session and do the work; return its row. Raises as `expected`."""

    @abstractmethod
    def count(self) -> list[tuple[Any, ...]]:
        """Return the rows of `sql.SESSIONS`, by a fresh session. Raises as `expected`."""

    def start(self) -> None:
        """Start its threads, which end with the process."""
        self.start_telling()
        threading.Thread(target=self._keep_probing, daemon=True).start()

    def start_telling(self) -> None:
        """Start telling its clocks alone."""
        threading.Thread(target=self._keep_telling, daemon=True).start()

    def end(self) -> None:
        """Let its threads end, where the process goes on."""
        self._over.set()
        self._hurry.set()

    def emit(self, record: Record) -> None:
        """Write a record to the stream, whole, from any thread."""
        line = encode(record)
        with self._lock:
            self._stream.write(line)
            self._stream.flush()

    def obey(self, order: str, argument: str) -> None:
        """Carry out an order: `mark NAME`, `hurry DELAY-S DENIED...`, `rest` or `sessions`."""
        match order:
            case "mark":
                self.emit(Mark(at=time.monotonic(), name=argument))
            case "hurry":
                delay_s, *denied = argument.split()
                self._delay_s, self._by_name = float(delay_s), "names" in denied
                self._hurry.set()
                self._tell_clock()  # and not within a second: an outage begins with it
            case "rest":
                self._delay_s, self._by_name = 0.0, False
                self._hurry.clear()
            case "sessions":
                self.emit(self._sessions())
            case _:
                self.emit(Trouble(at=time.monotonic(), message=f"unknown order {order!r}"))

    def follow(self, orders: Iterable[str]) -> None:
        """Follow orders to their end."""
        for line in orders:
            order, _, argument = line.strip().partition(" ")
            self.obey(order, argument)

    def probe(self) -> Probe:
        """Open one fresh session and do the target's work."""
        started_at = time.monotonic()
        try:
            told = dict(zip(TOLD, self.ask(self.limit_s + self._delay_s), strict=True))
            told["error"] = "" if told["ok"] else "in recovery"
        except self.expected as error:
            timed_out = isinstance(error, DeadlineError)
            told = {"ok": False, "timed_out": timed_out, "error": first_line(error)}
        return Probe(started_at=started_at, ended_at=time.monotonic(), **told)

    def _sessions(self) -> Sessions | Trouble:
        try:
            rows = self.count()
        except self.expected as error:
            return Trouble(at=time.monotonic(), message=f"could not count the sessions: {error}")
        at, counts = time.monotonic(), {row[0]: row[1] for row in rows}
        return Sessions(at=at, by_application=counts, max_connections=rows[0][2])

    def _tell_clock(self) -> None:
        self.emit(Clock(at=time.monotonic(), wall=time.time()))

    def _keep_telling(self) -> None:
        self._tell_clock()
        while not self._over.wait(1.0):  # a pace, not a synchronisation
            self._tell_clock()

    def _keep_probing(self) -> None:
        while not self._over.is_set():
            probe = self.probe()
            self.emit(probe)
            if self._hurry.is_set():
                took_s = probe.ended_at - probe.started_at
                self._over.wait(CONFIRM_S if probe.ok else max(0.0, FAST_S - took_s))
            else:
                self._hurry.wait(RARE_S)

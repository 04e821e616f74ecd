"""One job of one contender: an open loop of reads, each recorded before and after."""

import itertools
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from recovery_lab.contenders.base import Adapter, Writer
from recovery_lab.contenders.openloop import OpenLoop


@dataclass
class Job:
    """Reads through one adapter; every record tells whose it is (`names`: contender, job)."""

    names: dict[str, str]
    adapter: Adapter
    emit: Writer
    workers: int
    reads_per_s: float
    sessions: int  # that it is warmed with
    # Through all outages: a read may hang from the one before.
    _ops: Iterator[int] = field(default_factory=lambda: itertools.count(1), init=False)
    warmed: int = field(default=0, init=False)
    _loop: OpenLoop | None = field(default=None, init=False)

    def obey(self, order: str) -> None:
        """Carry out an order; each has the jobs that it is for."""
        match order, self.names["job"]:
            case "warm", "steady" | "idle" | "fresh" | "crowd":
                self.warm(self.sessions)
            case "stop", _:
                self.stop()
            case "look", _:
                self.look()
            case ("steady", "steady" | "fresh" | "crowd") | ("begin", "cold"):
                self.start()
            case "release", "idle":
                self.start(self.warmed)  # uses what idles

    def warm(self, count: int) -> None:
        """Open `count` sessions and let them idle; record what the pool and the server say."""
        backends = self.adapter.warm(count)
        pooled = self.adapter.look()
        self.warmed = held = len(backends)
        self._tell(
            "warmed",
            at=time.monotonic(),
            wanted=max(count, held) if pooled else held,
            checked_in=pooled["checked_in"] if pooled else held,
            readers=self.workers,
            backends=[backend for backend in backends if backend],
        )

    def start(self, at_once: int = 0) -> None:
        """Read at a steady rate, anew; begin with some reads at once."""
        self.stop()
        self._loop = OpenLoop(
            self._read,
            lambda due: self._tell("missed", due_at=due),
            workers=max(self.workers, at_once),
            reads_per_s=self.reads_per_s,
        )
        self._loop.start(at_once)

    def stop(self) -> None:
        """Schedule no more."""
        if self._loop:
            self._loop.stop()

    def look(self) -> None:
        """Record the pool's state, where there is a pool."""
        if (pooled := self.adapter.look()) is not None:
            self._tell("look", at=time.monotonic(), **pooled)

    def _read(self, due: float) -> None:
        try:
            self._recorded(due)
        except Exception as error:  # noqa: BLE001 # an adapter that is no adapter: nothing is proven
            said = f"{self.names['contender']}: {type(error).__name__}: {error}"
            self.emit("trouble", at=time.monotonic(), message=said)

    def _recorded(self, due: float) -> None:
        op = next(self._ops)
        nonce = f"{op}-{secrets.token_hex(4)}"
        self._tell("began", op=op, due_at=due, started_at=time.monotonic(), nonce=nonce)
        try:
            answer = self.adapter.read(nonce)
        except Exception as error:  # noqa: BLE001 # whatever a contender raises is its outcome
            at = time.monotonic()
            self._tell("ended", op=op, at=at, outcome="error", **self.adapter.failure(error))
            return
        at = time.monotonic()
        if answer["nonce"] != nonce:
            self._tell("ended", op=op, at=at, outcome="error", kind="another_answer")
            return
        who = {name: answer[name] for name in ("backend_pid", "server_started")}
        self._tell("ended", op=op, at=at, outcome="ok", **who)

    def _tell(self, record: str, **fields: Any) -> None:
        self.emit(record, **self.names, **fields)

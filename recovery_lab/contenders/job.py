"""One job of one contender: an open loop of reads, each recorded before and after."""

import itertools
import secrets
import time
from typing import Any

from recovery_lab.contenders.base import Adapter, Writer
from recovery_lab.contenders.openloop import OpenLoop


class Job:
    """Reads through one adapter; every record tells whose it is (`names`: contender, job).

    Numbers of reads go on through all outages, so that a read which still hangs from the one
    before is never taken for a later one. A read that began late though a worker was idle tells
    so by `due_at` and `started_at`: `missed` is only what found every worker busy.
    """

    def __init__(
        self,
        names: dict[str, str],
        adapter: Adapter,
        emit: Writer,
        *,
        workers: int,
        reads_per_s: float,
    ) -> None:
        self._names = names
        self._adapter = adapter
        self._emit = emit
        self._workers = workers
        self._reads_per_s = reads_per_s
        self._ops = itertools.count(1)
        self._warmed = 0
        self._loop: OpenLoop | None = None

    def obey(self, order: str) -> None:
        """Carry out an order; `steady` and `release` are for one job each, the others for both."""
        match order, self._names["job"]:
            case "warm", _:
                self.warm(self._workers)
            case "stop", _:
                self.stop()
            case "look", _:
                self.look()
            case "steady", "steady":
                self.steady()
            case "release", "idle":
                self.release()

    def warm(self, count: int) -> None:
        """Open `count` sessions and let them idle; record what the pool and the server say."""
        backends = self._adapter.warm(count)
        pooled = self._adapter.look()
        self._warmed = held = len(backends)
        self._tell(
            "warmed",
            at=time.monotonic(),
            wanted=max(count, held) if pooled else held,
            checked_in=pooled["checked_in"] if pooled else held,
            backends=[backend for backend in backends if backend],
        )

    def steady(self) -> None:
        """Read at a steady rate, anew."""
        self._start(at_once=0)

    def release(self) -> None:
        """Use what idles: as many reads at once as were warmed, and steady ones from then on."""
        self._start(at_once=self._warmed)

    def stop(self) -> None:
        """Schedule no more."""
        if self._loop:
            self._loop.stop()

    def look(self) -> None:
        """Record the pool's state, where there is a pool."""
        if (pooled := self._adapter.look()) is not None:
            self._tell("look", at=time.monotonic(), **pooled)

    def _start(self, at_once: int) -> None:
        self.stop()
        self._loop = OpenLoop(
            self._read,
            lambda due: self._tell("missed", due_at=due),
            workers=max(self._workers, at_once),
            reads_per_s=self._reads_per_s,
        )
        self._loop.start(at_once)

    def _read(self, due: float) -> None:
        try:
            self._recorded(due)
        except Exception as error:  # noqa: BLE001 # an adapter that is no adapter: nothing is proven
            said = f"{self._names['contender']}: {type(error).__name__}: {error}"
            self._emit("trouble", at=time.monotonic(), message=said)

    def _recorded(self, due: float) -> None:
        op = next(self._ops)
        nonce = f"{op}-{secrets.token_hex(4)}"
        self._tell("began", op=op, due_at=due, started_at=time.monotonic(), nonce=nonce)
        try:
            answer = self._adapter.read(nonce)
        except Exception as error:  # noqa: BLE001 # whatever a contender raises is its outcome
            at = time.monotonic()
            self._tell("ended", op=op, at=at, outcome="error", **self._adapter.failure(error))
            return
        at = time.monotonic()
        if answer["nonce"] != nonce:
            self._tell("ended", op=op, at=at, outcome="error", kind="another_answer")
            return
        who = {name: answer[name] for name in ("backend_pid", "server_started")}
        self._tell("ended", op=op, at=at, outcome="ok", **who)

    def _tell(self, record: str, **fields: Any) -> None:
        self._emit(record, **self._names, **fields)

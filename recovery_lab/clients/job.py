"""One job of one contender: an open loop of reads, each recorded before and after."""

import itertools
import secrets
import time
from collections.abc import Callable
from typing import TypedDict

from recovery_lab.clients.base import Client
from recovery_lab.record.history import Began, Ended, Look, Missed, Record, Warmed
from recovery_lab.record.openloop import OpenLoop, at_once
from recovery_lab.record.readers import HUNG_S


class Names(TypedDict):
    """Whose records these are."""

    contender: str
    job: str


class Job:
    """Reads through one client under a name; `emit` gets each record as it is made."""

    def __init__(
        self,
        names: Names,
        client: Client,
        emit: Callable[[Record], None],
        *,
        workers: int,
        reads_per_s: float,
    ) -> None:
        self._names = names
        self._client = client
        self._emit = emit
        self._ops = itertools.count(1)
        self._loop = OpenLoop(self._read, self._miss, workers=workers, reads_per_s=reads_per_s)

    def warm(self, count: int) -> None:
        """Open `count` sessions and let them idle; record what the pool and the server say."""
        backends = self._client.warm(count)
        pooled = self._client.look()
        idle = pooled.checked_in if pooled else len(backends)
        self._emit(
            Warmed(
                at=time.monotonic(),
                wanted=count,
                checked_in=idle,
                backends=backends,
                **self._names,
            )
        )

    def steady(self) -> None:
        """Read at a steady rate."""
        self._loop.start()

    def burst(self, count: int) -> None:
        """Read `count` times at once, from behind a barrier, and do not wait for the hung."""
        at_once(count, lambda: self._read(time.monotonic()), HUNG_S)

    def stop(self) -> None:
        """Schedule no more."""
        self._loop.stop()

    def look(self) -> None:
        """Record the pool's state, where there is a pool."""
        if (pooled := self._client.look()) is not None:
            self._emit(
                Look(
                    at=time.monotonic(),
                    size=pooled.size,
                    checked_in=pooled.checked_in,
                    checked_out=pooled.checked_out,
                    **self._names,
                )
            )

    def _miss(self, due: float) -> None:
        self._emit(Missed(scheduled_at=due, **self._names))

    def _read(self, scheduled_at: float) -> None:
        op = next(self._ops)
        nonce = f"{op}-{secrets.token_hex(4)}"
        self._emit(
            Began(
                op=op,
                scheduled_at=scheduled_at,
                started_at=time.monotonic(),
                nonce=nonce,
                **self._names,
            )
        )
        self._emit(self._ended(op, nonce))

    def _ended(self, op: int, nonce: str) -> Ended:
        try:
            answer = self._client.read(nonce)
        except Exception as error:  # noqa: BLE001 # whatever a contender raises is its outcome
            return self._failed(op, time.monotonic(), error)
        at = time.monotonic()
        if answer.nonce != nonce:
            return Ended(op=op, at=at, outcome="error", kind="another_answer", **self._names)
        return Ended(
            op=op,
            at=at,
            outcome="ok",
            backend_pid=answer.backend_pid,
            server_started=answer.server_started,
            **self._names,
        )

    def _failed(self, op: int, at: float, error: Exception) -> Ended:
        failure = self._client.failure(error)
        return Ended(
            op=op,
            at=at,
            outcome="error",
            kind=failure.kind,
            message=failure.message,
            phase=failure.phase,
            error_class=failure.error_class,
            sqlstate=failure.sqlstate,
            **self._names,
        )

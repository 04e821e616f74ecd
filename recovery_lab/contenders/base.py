"""What every contender is: one small adapter that reads, and tells what went wrong.

This module, like job, openloop and program, runs in any image: with the standard library alone. An
adapter is duck-typed; a target's own contenders import nothing from here.
"""

import json
import threading
from typing import Any, BinaryIO, NotRequired, Protocol, TypedDict


class Answer(TypedDict):
    """A good read; `backend_pid` is 0 and `server_started` empty where they are not told."""

    nonce: str
    backend_pid: int
    server_started: str


class Failure(TypedDict):
    """What a read ended with instead of an answer."""

    phase: str
    kind: str
    error_class: str
    sqlstate: str
    message: str
    operation_id: NotRequired[str]


class Pooled(TypedDict):
    """One look at a pool, by its own count."""

    size: int
    checked_in: int
    checked_out: int


class Adapter(Protocol):
    """One contender's way to the database, made for each of its jobs."""

    def read(self, nonce: str) -> Answer:
        """Read once; raises whatever this way of reading raises."""

    def warm(self, count: int) -> list[int]:
        """Open `count` sessions at once and give them back; return all the backends it holds."""

    def look(self) -> Pooled | None:
        """Return the pool's state, or None where nothing is pooled."""

    def failure(self, error: Exception) -> Failure:
        """Put an error of `read` in words."""


class Writer:
    """Writes records as JSON lines, each whole, from any thread."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._lock = threading.Lock()

    def __call__(self, record: str, **fields: Any) -> None:
        """Write one record; its name comes first."""
        line = json.dumps({"record": record, **fields}, separators=(",", ":")).encode() + b"\n"
        with self._lock:
            self._stream.write(line)
            self._stream.flush()

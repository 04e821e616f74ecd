"""What every contender is; it, job, openloop and program need the standard library alone."""

import json
import threading
from typing import Any, BinaryIO, Protocol

Json = dict[str, Any]
CROWD = 2  # readers in a crowd for each read that a pool serves at once


class Adapter(Protocol):
    """One contender's way to the database, made for each of its jobs; nobody need import it."""

    def read(self, nonce: str) -> Json:
        """Return `nonce`, `backend_pid` (or 0), `server_started` (or ""); raises as it likes."""

    def warm(self, count: int) -> list[int]:
        """Open `count` sessions at once and give them back; return all the backends it holds."""

    def look(self) -> Json | None:
        """Return the pool's `size`, `checked_in`, `checked_out`; None where nothing is pooled.

        And `most`, how many sessions it opens at most, where it has such a limit.
        """

    def failure(self, error: Exception) -> Json:
        """Put a read's error in words: `phase`, `kind`, `error_class`, `sqlstate`, `message`.

        It may tell what the server had `said` before, and the `driver` with its version.
        """


class Fresh(Adapter, Protocol):
    """An adapter that can play the job `fresh`: its sessions can be given up between two reads."""

    def forget(self) -> None:
        """Close all sessions that idle, so that the next read opens one."""


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


def first_line(words: str) -> str:
    """Return the first line; empty where there is none."""
    return (words.strip().splitlines() or [""])[0]

"""What every contender is: one small adapter that reads, and tells what went wrong."""

from typing import Protocol

import msgspec

READ_SQL = """SELECT '{nonce}' AS nonce, pg_backend_pid() AS backend_pid,
       to_char(pg_postmaster_start_time() AT TIME ZONE 'UTC',
               'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS server_started"""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """A good read: the nonce that came back, who answered, and since when that server runs."""

    nonce: str
    backend_pid: int
    server_started: str


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """What a read ended with instead of an answer."""

    phase: str
    kind: str
    error_class: str
    sqlstate: str
    message: str


class Pooled(msgspec.Struct, frozen=True, kw_only=True):
    """One look at a pool, by its own count."""

    size: int
    checked_in: int
    checked_out: int


class Client(Protocol):
    """One contender's way to the database."""

    def read(self, nonce: str) -> Answer:
        """Read once; raises whatever this way of reading raises."""

    def warm(self, count: int) -> list[int]:
        """Open `count` sessions at once and give them back; return their backends."""

    def look(self) -> Pooled | None:
        """Return the pool's state, or None where nothing is pooled."""

    def failure(self, error: Exception) -> Failure:
        """Put an error of `read` in the lab's words."""

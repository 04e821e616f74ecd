"""What is under test, whoever made it: how it reads, and how a fresh session is opened."""

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from recovery_lab.contenders.base import Json
from recovery_lab.login import begun, first_line
from recovery_lab.sql import STARTED

Row = tuple[Any, ...]
Run = Callable[[str], list[Row]]  # one statement, on the session that it was lent with
WARM_LIMIT_S, WARM_ROUNDS = 20.0, 10
# SQLSTATEs of a session that is no more: connection exceptions, shutdown, crash, idle time-outs.
_LOST = ("08", "57P01", "57P02", "57P03", "57P05", "25P03")


class Way(ABC):
    """A contender (contenders/base.py) over an object of the user's, one for each job."""

    kind: str  # as people read it
    pool_size = 0  # sessions that it keeps, at the most; 0: none, or it tells nothing
    has_fresh = True  # whether `opened` can be had
    on_loop = False  # whether its sessions belong to the event loop that they were opened on

    @abstractmethod
    def session(self) -> AbstractContextManager[Run]:
        """Lend a session as the object itself hands it out; it goes back as the user's would."""

    @abstractmethod
    def opened(self) -> AbstractContextManager[Run]:
        """Open a session beside the object, by its own login and driver, and close it again."""

    @abstractmethod
    def host(self) -> str:
        """Return where the server is sought: a name, an address or a socket's folder."""

    def driver(self) -> str:
        """Return the driver and its version."""
        return ""

    def another(self) -> "Way":
        """Return one made alike, with sessions of its own; whoever asks for it closes it."""
        raise NotImplementedError

    def close(self) -> None:  # noqa: B027 # some keep nothing
        """Close what it keeps."""

    def read(self, nonce: str) -> Json:
        """Read once; the nonce is of our own making: letters, digits and `-`."""
        with self.session() as run:
            [answer] = run(f"SELECT '{nonce}', pg_backend_pid(), {STARTED}")
        return dict(zip(("nonce", "backend_pid", "server_started"), answer, strict=True))

    def warm(self, count: int) -> list[int]:
        """Hold sessions at once, and give them back, until all that idle were held; return them."""
        for _ in range(WARM_ROUNDS):
            backends = self._held(count)
            idle = (self.look() or {}).get("checked_in", len(backends))
            if idle == len(backends):
                break
            count = max(1, idle)  # a pool may grow while it is asked, and shrink by itself
        return backends

    def _held(self, count: int) -> list[int]:
        together = threading.Barrier(count)

        def hold() -> int:
            with self.session() as run:
                together.wait(WARM_LIMIT_S)
                return int(run("SELECT pg_backend_pid()")[0][0])

        # Not by an executor: a test's own process would not end while one of them hangs.
        held = [begun(hold) for _ in range(count)]
        return sorted({one.result(WARM_LIMIT_S) for one in held})

    def look(self) -> Json | None:
        """Return the pool's state as it tells it; None where it tells none."""
        return None

    def failure(self, error: Exception) -> Json:
        """Put a read's error in words; of one that wraps another the driver's own."""
        cause = getattr(error, "orig", None) or error
        sqlstate = getattr(cause, "sqlstate", None) or getattr(cause, "pgcode", None) or ""
        lost = getattr(error, "connection_invalidated", False) or sqlstate.startswith(_LOST)
        return {
            "phase": "read",
            "kind": "connection_lost" if lost else "query",
            "error_class": type(cause).__name__,
            "sqlstate": sqlstate,
            "message": first_line(cause),
            "driver": self.driver(),
        }


def distribution(module: str) -> str:
    """Return a driver's name and version, by the module that it is imported as."""
    found = __import__(module)
    return f"{module} {str(getattr(found, '__version__', '')).split()[0]}".strip()

"""Name resolution under a deadline.

libpq resolves while it holds the interpreter's lock when it connects without blocking: a resolver
that does not answer would then stop every thread of the process. `socket.getaddrinfo` releases the
lock, but cannot be given up on; so it runs on a thread of its own, and the waiting is bounded.
"""

import queue
import socket
import threading
from collections.abc import Callable
from concurrent.futures import Future

from dashboard.errors import DeadlineError, UnknownHostError

Lookup = Callable[[str, int], str]


def lookup(host: str, port: int) -> str:
    """Return the first address of `host`, however long the system takes."""
    return str(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][4][0])


class Resolver:
    """Resolve one host on a daemon thread, one lookup at a time; for one calling thread."""

    def __init__(self, host: str, port: int, *, look: Lookup = lookup) -> None:
        self._host, self._port, self._look = host, port, look
        self._pending: Future[str] | None = None
        self._asked: queue.SimpleQueue[Future[str]] = queue.SimpleQueue()
        threading.Thread(target=self._work, name="resolver", daemon=True).start()

    def resolve(self, *, timeout_s: float) -> str:
        """Return an address found after this call began, or by a lookup that was under way.

        Raises:
            DeadlineError: no answer within `timeout_s`; the lookup goes on for the next caller.
            UnknownHostError: the name has no address.
        """
        if self._pending is None:
            self._pending = Future()
            self._asked.put(self._pending)
        try:
            return self._pending.result(timeout=max(0.0, timeout_s))
        except TimeoutError:
            raise DeadlineError(f"name not resolved within {timeout_s:.1f} s") from None
        finally:
            if self._pending.done():
                self._pending = None

    def _work(self) -> None:
        while True:
            future = self._asked.get()
            try:
                future.set_result(self._look(self._host, self._port))
            except Exception as error:  # noqa: BLE001 # handed to the caller
                future.set_exception(UnknownHostError(str(error)))

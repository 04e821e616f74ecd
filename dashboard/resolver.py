"""Name resolution under a deadline.

libpq resolves while it holds the interpreter's lock when it connects without blocking: a resolver
that does not answer would then stop every thread of the process. `socket.getaddrinfo` releases the
lock, but cannot be given up on; so it runs on a thread of its own, and the waiting is bounded.
"""

import socket
import threading
from collections.abc import Callable
from concurrent.futures import Future

from dashboard.errors import UnknownHostError

Lookup = Callable[[str, int], str]
MOST = 16  # look-ups under way: the C library gives each up after 10 s, as a rule


def lookup(host: str, port: int) -> str:
    """Return the first address of `host`, however long the system takes."""
    return str(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][4][0])


class Resolver:
    """Resolve one host, each time anew and on a daemon thread; for one calling thread.

    One that hangs is left to its end: who asks when the name is back does not wait for it.
    """

    def __init__(self, host: str, port: int, *, look: Lookup = lookup) -> None:
        self._host, self._port, self._look = host, port, look
        self._under_way: list[Future[str]] = []

    def resolve(self, *, timeout_s: float) -> str:
        """Return an address found after this call began; of too many that hang, the newest's.

        Raises:
            UnknownHostError: the name has no address, or nobody told one within `timeout_s`.
        """
        self._under_way = [future for future in self._under_way if not future.done()]
        if len(self._under_way) < MOST:
            self._under_way.append(Future())
            args = (self._under_way[-1],)
            threading.Thread(target=self._answer, args=args, name="resolver", daemon=True).start()
        try:
            return self._under_way[-1].result(timeout=max(0.0, timeout_s))
        except TimeoutError:
            raise UnknownHostError(f"no answer within {timeout_s:.1f} s") from None

    def _answer(self, future: Future[str]) -> None:
        try:
            future.set_result(self._look(self._host, self._port))
        except Exception as error:  # noqa: BLE001 # handed to the caller
            future.set_exception(UnknownHostError(str(error)))

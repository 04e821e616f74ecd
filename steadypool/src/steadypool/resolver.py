"""Name resolution on a thread of its own: the C library's cannot be given up on."""

import os
import socket
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future

import psycopg

from steadypool.errors import SilentError
from steadypool.waits import clock

Lookup = Callable[[str], list[str]]

KNOWN_S = 0.05  # for a look-up's answer where an address is known already: it serves as well
AGAIN_S = 1.0  # a look-up that has not ended by then is left to its end, and another begun
MOST = 8  # look-ups of a name under way: the C library gives each up after 10 s, as a rule


def lookup(host: str) -> list[str]:
    """Return the addresses of `host`, however long the system takes."""
    found = socket.getaddrinfo(host, None, proto=socket.IPPROTO_TCP, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(item[4][0]) for item in found))


class Name:
    """One host's name, resolved anew each time."""

    def __init__(self, host: str, *, look: Lookup = lookup) -> None:
        self._host, self._look = host, look
        self._lock = threading.Lock()
        self._under_way: list[tuple[float, Future[list[str]]]] = []
        self._known: list[str] = []
        self._known_at = 0.0  # when the look-up began that told it
        self.tried: Counter[str] = Counter()  # attempts to log in at each, since one succeeded

    def addresses(self, timeout_s: float) -> list[str]:
        """Return the addresses as they are now; the last known ones when nobody tells in time.

        Raises:
            psycopg.OperationalError: the name has no address.
            SilentError: nobody told one within `timeout_s`, and none is known.
        """
        began_at, answer = self._newest()
        if self._known:  # who comes later need not wait as long again for the same silence
            timeout_s = min(timeout_s, max(0.0, began_at + KNOWN_S - clock()))
        try:
            return answer.result(timeout_s)
        except TimeoutError:
            if self._known:
                return self._known
            raise SilentError(f"no address of {self._host!r} within {timeout_s:.1f} s") from None
        except OSError as error:
            said = f"failed to resolve host {self._host!r}: {error}"
            raise psycopg.OperationalError(said) from error

    def least_tried(self, timeout_s: float) -> list[str]:
        """Return the addresses, first those with the fewest attempts: one may be the old server's.

        Raises:
            psycopg.OperationalError, SilentError: as `addresses`.
        """
        found = self.addresses(timeout_s)
        for address in found:
            self.tried[address] += 0
        return sorted(found, key=lambda address: self.tried[address])

    def leads_elsewhere(self) -> bool:
        """Tell whether there is an address by now that nobody has tried; wait for none.

        Answers that alternate are news but once each: a slow login is not given up for them.
        """
        try:
            return any(not self.tried[address] for address in self.addresses(0))
        except psycopg.OperationalError:
            return False

    def _newest(self) -> "tuple[float, Future[list[str]]]":
        with self._lock:
            self._under_way = [item for item in self._under_way if not item[1].done()]
            fresh = self._under_way and clock() - self._under_way[-1][0] < AGAIN_S
            if not fresh and len(self._under_way) < MOST:
                future: Future[list[str]] = Future()
                self._under_way.append((clock(), future))
                args = self._under_way[-1]
                threading.Thread(
                    target=self._answer, args=args, name="steadypool-resolver", daemon=True
                ).start()
            return self._under_way[-1]

    def _answer(self, began_at: float, future: "Future[list[str]]") -> None:
        try:
            found = self._look(self._host)
        except Exception as error:  # noqa: BLE001 # handed to the caller
            future.set_exception(error)
            return
        with self._lock:
            if began_at >= self._known_at:  # one that hung knows less than those begun after it
                self._known, self._known_at = found, began_at
        future.set_result(found)


_names: dict[str, Name] = {}


def name(host: str) -> Name:
    """Return the name of this process for `host`: its look-ups are shared."""
    return _names.setdefault(host, Name(host))


os.register_at_fork(after_in_child=_names.clear)  # a lock may have been held by another thread

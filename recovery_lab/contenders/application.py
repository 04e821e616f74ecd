"""The target's application as a contender: read through HTTP, as its users read it."""

import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import httpx
import msgspec

from recovery_lab.contenders.base import Json
from recovery_lab.live import NotLiveError, live_body
from recovery_lab.login import Login, first_line
from recovery_lab.session import query_fresh

HUNG_S = 10.0  # where no deadline is declared; no read is given up on before it counts as hung
GRACE_S = 0.5  # after a declared deadline
HEALTH_LIMIT_S = 2.0
COUNT_LIMIT_S = 3.0
WARM_ROUNDS = 40  # reads at once overlap within a few rounds; more means that they cannot
BLIND_ROUNDS = 3  # where nobody tells what the pool holds

# A contender's session may have the same name, from elsewhere.
_POOLED = """SELECT pid FROM pg_stat_activity
       WHERE application_name = %s AND client_addr = ANY(%s::inet[]) ORDER BY pid"""


class Application:
    """Reads as a user does. Its pool is the application's own, where that one shows it."""

    def __init__(self, _name: str, way: Json) -> None:
        self._login = msgspec.convert(way["login"], Login)
        self._reading = way["reading"]
        deadline_s = self._reading["deadline_s"]
        given_up_s = deadline_s + GRACE_S if deadline_s else HUNG_S
        url = self._reading["url"]
        self._http = httpx.Client(base_url=url, timeout=given_up_s, trust_env=False)

    def read(self, nonce: str) -> Json:
        """Ask for a live read; it takes no nonce: whose the answer is is HTTP's promise."""
        answered = self._http.get(self._reading["read_path"])
        backend = live_body(answered, self._reading["read_must_have"]).get("backend_pid")
        backend_pid = backend if isinstance(backend, int) else 0
        return {"nonce": nonce, "backend_pid": backend_pid, "server_started": ""}

    def warm(self, count: int) -> list[int]:
        """Fill the pool until all its connections idle in it; return the backends (0: not told)."""
        if not self._reading["pool_application"]:  # it does not show its pool
            backends = [self._read_at_once(count) for _ in range(BLIND_ROUNDS)][-1]
            if len(backends) < count:
                raise RuntimeError(f"{len(backends)} of {count} reads at once were answered")
            return backends
        for _ in range(WARM_ROUNDS):
            size = self._pooled()["size"]
            self._read_at_once(size)
            idle, backends = self._pooled()["checked_in"], self._backends()
            # The server's count decides: the pool also counts sessions that are long gone.
            if idle == len(backends) == size:
                return backends
        counts = f"the pool counts {idle} idle connections, the server {len(backends)} sessions"
        raise RuntimeError(f"{counts}; {size} wanted")

    def look(self) -> Json | None:
        """Return the state of the application's pool, as its health route tells it."""
        return self._pooled() if self._reading["pool_application"] else None

    def failure(self, error: Exception) -> Json:
        """Use the words that the application told its user."""
        told, kind = {}, "http"
        if isinstance(error, NotLiveError):
            told, kind = error.error, error.kind
        elif isinstance(error, httpx.TimeoutException):
            kind = "client_timeout"
        operation = told.get("operation_id")
        return {
            "phase": "http",
            "kind": kind,
            "error_class": type(error).__name__,
            "sqlstate": told.get("sqlstate") or "",
            "message": first_line(error),
            **({"operation_id": str(operation)} if operation else {}),
        }

    def _read_at_once(self, count: int) -> list[int]:
        together, backends = threading.Barrier(count), []

        def one(_: int) -> None:
            together.wait(HUNG_S)
            with suppress(httpx.HTTPError, NotLiveError):  # the next round tells if it matters
                backends.append(int(self.read("warm")["backend_pid"]))

        with ThreadPoolExecutor(count) as threads:
            list(threads.map(one, range(count)))
        return backends

    def _pooled(self) -> Json:
        answered = self._http.get(self._reading["health_path"], timeout=HEALTH_LIMIT_S)
        pool = answered.json()["pool"]
        return {name: pool[name] for name in ("size", "checked_in", "checked_out")}

    def _backends(self) -> list[int]:
        host = httpx.URL(self._reading["url"]).host
        addresses = sorted({str(found[4][0]) for found in socket.getaddrinfo(host, None)})
        wanted, address = (self._reading["pool_application"], addresses), self._login.resolve()
        rows = query_fresh(self._login, address, _POOLED, wanted, limit_s=COUNT_LIMIT_S)
        return [row[0] for row in rows]


make = Application

"""The running dashboard itself, read through its HTTP routes: what its users saw."""

import httpx
import msgspec

from recovery_lab.clients.base import Answer, Failure, Pooled
from recovery_lab.record.live import NotLiveError, live_backend
from recovery_lab.record.readers import HUNG_S, Reading


class DashboardClient:
    """Reads as a user does. Its pool is the dashboard's, seen as System Health tells it."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._http = httpx.Client(base_url=reading.url, timeout=HUNG_S, trust_env=False)

    def read(self, nonce: str) -> Answer:
        """Ask for a live read.

        The route takes no nonce: that each answer belongs to its own request is HTTP's promise.
        """
        answer = self._http.get(self._reading.read_path)
        backend = live_backend(answer, self._reading.read_must_have)
        return Answer(nonce=nonce, backend_pid=backend, server_started="")

    def warm(self, count: int) -> list[int]:
        """Return the backends of `count` reads."""
        return [self.read("warm").backend_pid for _ in range(count)]

    def look(self) -> Pooled:
        """Ask System Health for the state of the dashboard's own pool."""
        told = self._http.get(self._reading.health_path).json()["pool"]
        return msgspec.convert(told, Pooled)

    def failure(self, error: Exception) -> Failure:
        """Use the kind that the dashboard told its user."""
        told = error if isinstance(error, NotLiveError) else None
        return Failure(
            phase="http",
            kind=told.kind if told else "http",
            error_class=type(error).__name__,
            sqlstate=told.sqlstate if told else "",
            message=told.message if told else str(error),
        )

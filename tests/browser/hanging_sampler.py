"""A sampler that never comes back after its first check, or at once (see test_impaired.py)."""

import os
import threading
import time
from datetime import UTC, datetime

from dashboard.db_connector import Address
from dashboard.health import Sample, Server


class Sampler:
    """Stands in for the dashboard's own."""

    def __init__(self, _: Address) -> None:
        self._asked = "HANGS_AT_ONCE" in os.environ

    def sample(self) -> Sample:
        """Tell of a good check, once at most."""
        if self._asked:
            threading.Event().wait()
        self._asked = True
        now_s, now = time.monotonic(), datetime.now(UTC)
        server = Server(version="17.0", started_at=now)
        return Sample(began_s=now_s, ended_s=now_s, ended_at=now, latency_ms=0.5, server=server)

    def close(self) -> None:
        """Hold nothing."""

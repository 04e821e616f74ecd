"""Ask the application's own probes, as an orchestrator and a monitor do."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx

from recovery_lab.record.history import Health, Live, Record
from recovery_lab.target import Health as Probes

HEALTH_EVERY_S, HEALTH_LIMIT_S = 0.1, 2.0
LIVE_EVERY_S, LIVE_LIMIT_S = 1.0, 5.0  # past the judge's limit of 3 s, so that it decides
NEVER_S = 1e9  # the age of a check that nobody has told of: it speaks of no time
_Sample = Callable[[httpx.Client], Record]
_NO_ANSWER = (httpx.HTTPError, ValueError, KeyError, TypeError, AttributeError)


@dataclass(frozen=True, slots=True)
class Sampler:
    """Samples each probe on a thread of its own; none waits for another's connection."""

    url: str
    probes: Probes
    emit: Callable[[Record], None]

    def start(self) -> None:
        """Start sampling; the threads end with the process."""
        self._keep_sampling(self._health, HEALTH_EVERY_S, HEALTH_LIMIT_S)
        if self.probes.live_path:
            self._keep_sampling(self._live, LIVE_EVERY_S, LIVE_LIMIT_S)

    def _keep_sampling(self, sample: _Sample, every_s: float, limit_s: float) -> None:
        client = httpx.Client(base_url=self.url, timeout=limit_s, trust_env=False)

        def loop() -> None:
            while True:
                began_at = time.monotonic()
                self.emit(sample(client))
                time.sleep(max(0.0, every_s - (time.monotonic() - began_at)))  # the raster

        threading.Thread(target=loop, daemon=True).start()

    def _health(self, client: httpx.Client) -> Health:
        """Take one sample; an application that does not answer is a status of its own."""
        started_at = time.monotonic()
        try:
            told = self._told(client.get(self.probes.path).json())
        except _NO_ANSWER:
            told = {"status": "unreachable"}
        return Health(started_at=started_at, ended_at=time.monotonic(), **told)

    def _told(self, body: dict[str, Any]) -> dict[str, Any]:
        server = body.get(self.probes.server_key) or {}
        pool = body.get("pool") or {}
        outage = server.get("last_outage") or {}
        return {
            "status": body["status"],
            "age_s": NEVER_S if body.get("age_s") is None else float(body["age_s"]),
            "policy": pool.get("policy", ""),
            "shown_as": pool.get("shown_as", ""),
            "server_started": server.get("server_started_at") or "",
            "checked_in": pool.get("checked_in", 0),
            "checked_out": pool.get("checked_out", 0),
            "last_outage": outage.get("began_at") or "",
        }

    def _live(self, client: httpx.Client) -> Live:
        started_at = time.monotonic()
        try:
            # The body counts: a plain Streamlit answers 200 HTML on any path.
            ok = client.get(self.probes.live_path).json()["status"] == "alive"
        except _NO_ANSWER:
            ok = False
        return Live(started_at=started_at, ended_at=time.monotonic(), ok=ok)

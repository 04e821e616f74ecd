"""Ask the application's own probes, as an orchestrator and a monitor do."""

import threading
import time
from collections.abc import Callable
from typing import Any

import httpx
import msgspec

from recovery_lab.record.history import Health, Live, Record

HEALTH_EVERY_S, HEALTH_LIMIT_S = 0.1, 2.0
LIVE_EVERY_S, LIVE_LIMIT_S = 1.0, 5.0  # past the judge's limit of 3 s, so that it decides


NEVER_S = 1e9  # the age of a check that nobody has told of: it speaks of no time

_Loop = tuple[Callable[[httpx.Client], Record], float, float]


class Probes(msgspec.Struct, frozen=True, kw_only=True):
    """Where the application's probes are; `live_path` is empty where it has none.

    `server_key` is the key of the health answer under which it tells of the server.
    """

    url: str
    path: str
    server_key: str
    live_path: str = ""


class Sampler:
    """Samples each probe on a thread of its own; none waits for another's connection."""

    def __init__(self, probes: Probes, emit: Callable[[Record], None]) -> None:
        self._probes = probes
        self._emit = emit

    def start(self) -> None:
        """Start sampling; the threads end with the process."""
        loops: list[_Loop] = [(self._health, HEALTH_EVERY_S, HEALTH_LIMIT_S)]
        if self._probes.live_path:
            loops.append((self._live, LIVE_EVERY_S, LIVE_LIMIT_S))
        for loop in loops:
            threading.Thread(target=self._loop, args=loop, daemon=True).start()

    def _loop(
        self, sample: Callable[[httpx.Client], Record], every_s: float, limit_s: float
    ) -> None:
        client = httpx.Client(base_url=self._probes.url, timeout=limit_s, trust_env=False)
        while True:
            began_at = time.monotonic()
            self._emit(sample(client))
            time.sleep(max(0.0, every_s - (time.monotonic() - began_at)))  # the raster

    def _health(self, client: httpx.Client) -> Health:
        """Take one sample; an application that does not answer is a status of its own."""
        started_at = time.monotonic()
        try:
            body = client.get(self._probes.path).json()
            server = body.get(self._probes.server_key) or {}
            return _health(body, server, started_at, time.monotonic())
        except (httpx.HTTPError, ValueError, KeyError, TypeError, AttributeError):
            return Health(started_at=started_at, ended_at=time.monotonic(), status="unreachable")

    def _live(self, client: httpx.Client) -> Live:
        started_at = time.monotonic()
        try:
            # The body counts: a plain Streamlit answers 200 HTML on any path.
            ok = client.get(self._probes.live_path).json()["status"] == "alive"
        except (httpx.HTTPError, ValueError, KeyError, TypeError):
            ok = False
        return Live(started_at=started_at, ended_at=time.monotonic(), ok=ok)


def _health(
    body: dict[str, Any], server: dict[str, Any], started_at: float, ended_at: float
) -> Health:
    pool = body.get("pool") or {}
    outage = server.get("last_outage") or {}
    return Health(
        started_at=started_at,
        ended_at=ended_at,
        status=body["status"],
        age_s=NEVER_S if body.get("age_s") is None else float(body["age_s"]),
        policy=pool.get("policy", ""),
        shown_as=pool.get("shown_as", ""),
        server_started=server.get("server_started_at") or "",
        checked_in=pool.get("checked_in", 0),
        checked_out=pool.get("checked_out", 0),
        last_outage=outage.get("began_at") or "",
    )

"""The HTTP contract: health from memory, one live read, metrics.

Every route is `async` and waits for nothing but futures. Synchronous routes would share 40
threads with Streamlit's own, and a frozen database would then stop the pages as well.
"""

import time
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from dashboard import queries
from dashboard.errors import ReadFailedError
from dashboard.health import Health, Outage
from dashboard.metrics import CONTENT_TYPE
from dashboard.reads import Reads
from dashboard.services import Services

Json = dict[str, Any]

# Data for programs: no browser is to guess another type, show it inside a page, or keep it.
HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}


class Routes:
    """The routes over one process's parts."""

    def __init__(self, services: Callable[[], Services]) -> None:
        self._services = services
        self._last: tuple[float, queries.Summary] | None = None

    def all(self) -> list[BaseRoute]:
        """Return the routes to add to the Streamlit application."""
        return [
            Route("/healthz", self.healthz),
            Route("/readyz", self.readyz),
            Route("/api/system-health", self.system_health),
            Route("/api/orders/summary", self.orders_summary),
            Route("/metrics", self.metrics),
        ]

    async def healthz(self, _: Request) -> Response:
        """Say that the process lives, whatever the database does."""
        return _answer({"status": "alive"})

    async def readyz(self, _: Request) -> Response:
        """Say whether the database is up, by status code."""
        body = self._health()
        return _answer(body, status=200 if body["status"] == "up" else 503)

    async def system_health(self, _: Request) -> Response:
        """Say everything about the database and the pool."""
        return _answer(self._health())

    async def orders_summary(self, request: Request) -> Response:
        """Read as a user does; `?stale=allow` accepts the last good data instead."""
        asked_s = time.monotonic()
        try:
            summary = await self._services().reads.read(queries.summary)
        except ReadFailedError as error:
            if self._last is not None and request.query_params.get("stale") == "allow":
                read_s, last = self._last
                age_s = round(time.monotonic() - read_s, 3)
                return _answer({**summary_json(last), "stale": True, "age_s": age_s})
            return _answer({"error": error.trouble.as_json()}, status=503)
        self._last = asked_s, summary
        return _answer({**summary_json(summary), "stale": False})

    async def metrics(self, _: Request) -> Response:
        """Answer a scrape."""
        text = self._services().metrics.text()
        return Response(text, headers={**HEADERS, "content-type": CONTENT_TYPE})

    def _health(self) -> Json:
        parts = self._services()
        return health_json(parts.monitor.health(), pool_json(parts.reads))


def health_json(health: Health, pool: Json) -> Json:
    """Return the body of `/api/system-health`."""
    sample, server = health.history.sample, health.history.server
    return {
        "status": health.status,
        "checked_at": iso(sample.ended_at) if sample else None,
        "age_s": None if health.age_s is None else round(health.age_s, 3),
        "postgres": {
            "status": health.status,
            "latency_ms": None if not sample else _rounded(sample.latency_ms),
            "since": iso(health.since),
            "server_version": server.version if server else None,
            "server_started_at": iso(server.started_at) if server else None,
            "error": sample.trouble.as_json() if sample and sample.trouble else None,
            "last_outage": _outage_json(health.last_outage),
        },
        "pool": pool,
    }


def pool_json(reads: Reads) -> Json:
    """Return the pool's part of the body."""
    last = reads.last
    return {
        "policy": reads.pool.policy.name,
        "shown_as": reads.pool.policy.shown_as,
        **asdict(reads.pool.stats()),
        "last_read": last
        and {
            "at": iso(last.at),
            "ok": last.trouble is None,
            "error": last.trouble.as_json() if last.trouble else None,
        },
    }


def iso(at: datetime) -> str:
    """Return `at` in UTC with milliseconds, as in 2026-01-01T00:00:00.000Z."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _outage_json(outage: Outage | None) -> Json | None:
    if outage is None:
        return None
    return {
        "began_at": iso(outage.began_at),
        "ended_at": iso(outage.ended_at) if outage.ended_at else None,
        "duration_s": _rounded(outage.duration_s),
        "duration_min_s": _rounded(outage.duration_min_s),
        "duration_max_s": _rounded(outage.duration_max_s),
    }


def summary_json(summary: queries.Summary) -> Json:
    """Return the answer of one statement, with its evidence."""
    return {
        "rows": [asdict(row) for row in summary.rows],
        "as_of": iso(summary.as_of),
        "backend_pid": summary.backend_pid,
    }


def _answer(body: Json, status: int = 200) -> JSONResponse:
    return JSONResponse(body, status_code=status, headers=HEADERS)


def _rounded(number: float | None) -> float | None:
    return None if number is None else round(number, 3)

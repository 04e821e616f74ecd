"""The HTTP contract."""

import asyncio
import logging
import re
import time
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from dashboard.errors import Trouble
from dashboard.routes import Routes
from dashboard.services import Services

ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


@pytest.fixture
def app(parts: Services) -> Starlette:
    """Give the routes without Streamlit."""
    return Starlette(routes=Routes(lambda: parts).all())


async def ask(app: Starlette, *paths: str) -> list[httpx.Response]:
    """Ask for all paths at once."""
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://dashboard") as client:
        return await asyncio.gather(*(client.get(path) for path in paths))


def get(app: Starlette, path: str) -> tuple[int, Any]:
    """Ask for one path."""
    (answer,) = asyncio.run(ask(app, path))
    return answer.status_code, answer.json()


@pytest.mark.parametrize("status", ["up", "down", "stale", "starting"])
def test_healthz_is_alive_whatever_the_database_does(status, app, monitor) -> None:
    """The container's health is the process's."""
    monitor.put(status)
    assert (200, {"status": "alive"}) == get(app, "/healthz")


@pytest.mark.parametrize(
    ("status", "code"), [("up", 200), ("down", 503), ("stale", 503), ("starting", 503)]
)
def test_readyz_tells_by_its_code(status, code, app, monitor) -> None:
    """Ready is up, and nothing else; the body is System Health's."""
    monitor.put(status)
    assert code == get(app, "/readyz")[0]
    assert get(app, "/api/system-health")[1] == get(app, "/readyz")[1]


def test_system_health_has_the_contracts_shape(app) -> None:
    """Every key of the contract, in its unit."""
    code, body = get(app, "/api/system-health")
    at = "2026-01-01T12:00:00.000Z"
    assert 200 == code
    assert {
        "status": "up",
        "checked_at": at,
        "age_s": 0.4,
        "postgres": {
            "status": "up",
            "latency_ms": 0.712,
            "since": at,
            "server_version": "17.6",
            "server_started_at": at,
            "error": None,
            "last_outage": {
                "began_at": at,
                "ended_at": at,
                "duration_s": 1.92,
                "duration_min_s": 0.95,
                "duration_max_s": 2.9,
            },
        },
        "pool": {
            "policy": "adopted",
            "shown_as": "plan 18-03",
            "size": 5,
            "checked_in": 1,
            "checked_out": 0,
            "overflow": 0,
            "connects_total": 3,
            "invalidations_total": 1,
            "last_read": None,
        },
    } == body


def test_system_health_of_a_lost_database(app, monitor) -> None:
    """Down is an answer too: 200, with the kind of trouble."""
    trouble = Trouble(kind="refused")
    monitor.put("down", trouble)
    code, body = get(app, "/api/system-health")
    assert (200, "down", trouble.as_json()) == (code, body["status"], body["postgres"]["error"])


def test_system_health_before_the_first_sample(app, monitor) -> None:
    """Starting claims nothing."""
    monitor.put("starting")
    _, body = get(app, "/api/system-health")
    assert ("starting", None, None) == (body["status"], body["checked_at"], body["age_s"])
    assert body["postgres"]["last_outage"] is None


def test_summary_is_a_live_read(app, parts) -> None:
    """Rows with the evidence of their statement, and the pool's last word."""
    code, body = get(app, "/api/orders/summary")
    assert (200, 71, False) == (code, body["backend_pid"], body["stale"])
    assert [("east", 55, 550.0), ("west", 55, 550.0)] == [
        (row["region"], row["orders"], row["amount"]) for row in body["rows"]
    ]
    assert ISO.fullmatch(body["as_of"])
    last = get(app, "/api/system-health")[1]["pool"]["last_read"]
    assert (True, None) == (last["ok"], last["error"])
    assert ISO.fullmatch(last["at"])


def test_summary_of_a_lost_database_shows_nothing_of_it(app, pool, caplog) -> None:
    """503 with a fixed message: no traceback, no address, no user, no driver's words."""
    pool.lost = True
    with caplog.at_level(logging.WARNING):
        code, body = get(app, "/api/orders/summary")
    expected = {
        "kind": "connection_lost",
        "sqlstate": None,
        "message": "the database closed the connection",
        "operation_id": body["error"]["operation_id"],
    }
    assert (503, {"error": expected}) == (code, body)
    (line,) = caplog.messages
    assert f" op={expected['operation_id']} driver=OperationalError: server closed" in line
    last = get(app, "/api/system-health")[1]["pool"]["last_read"]
    assert (False, expected) == (last["ok"], last["error"])


def test_stale_summary_is_given_only_when_allowed(app, pool) -> None:
    """The last good data, marked as such, with its age."""
    pool.lost = True
    assert 503 == get(app, "/api/orders/summary?stale=allow")[0]
    pool.lost = False
    _, live = get(app, "/api/orders/summary")
    pool.lost = True
    assert 503 == get(app, "/api/orders/summary")[0]
    assert 503 == get(app, "/api/orders/summary?stale=no")[0]
    code, stale = get(app, "/api/orders/summary?stale=allow")
    assert (200, True) == (code, stale["stale"])
    assert 0 <= stale["age_s"] < 5
    assert (live["rows"], live["as_of"]) == (stale["rows"], stale["as_of"])


def test_hanging_reads_leave_the_health_routes_alone(app, pool) -> None:
    """With reads hanging on a frozen server, health is answered at once."""
    pool.thawed.clear()

    async def both() -> tuple[list[httpx.Response], float]:
        reading = asyncio.create_task(ask(app, *["/api/orders/summary"] * 20))
        await asyncio.sleep(0.05)
        started = time.monotonic()
        health = await ask(app, "/healthz", "/api/system-health", "/metrics")
        took_s = time.monotonic() - started
        return health + await reading, took_s

    answers, took_s = asyncio.run(both())
    assert took_s < 0.15, f"took {took_s:.3f} s"
    assert [200] * 3 == [answer.status_code for answer in answers[:3]]
    kinds = {answer.json()["error"]["kind"] for answer in answers[3:]}
    assert {"deadline", "overloaded"} == kinds


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("cache-control", "no-store"),
        ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
    ],
)
def test_every_route_keeps_browsers_and_proxies_off(header, value, app, pool) -> None:
    """An old state is never shown as new, nothing is sniffed or framed; failures included."""
    paths = [route.path for route in app.routes]
    pool.lost = True
    answers = asyncio.run(ask(app, *paths))
    pool.lost = False
    answers += asyncio.run(ask(app, *paths))
    assert {200, 503} == {answer.status_code for answer in answers}
    assert {value} == {answer.headers.get(header) for answer in answers}


def test_metrics_are_prometheus_text(app) -> None:
    """A scrape gets the text format's content type."""
    (answer,) = asyncio.run(ask(app, "/metrics"))
    assert answer.headers["content-type"].startswith("text/plain; version=")
    assert "lab_db_up 1.0" in answer.text

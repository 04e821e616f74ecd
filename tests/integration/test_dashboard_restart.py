"""Scenario 2: the dashboard restarts, the database does not."""

import time

from tests.integration.conftest import health, wait_until, wait_until_up
from tests.running import Running


def test_restarted_dashboard_shows_postgres_again(stack: Running, proves, record_property) -> None:
    """After the dashboard's restart PostgreSQL's state is back on System Health by itself."""
    service = stack.application
    started = stack.container(service)["State"]["StartedAt"]
    server = health(stack)["postgres"]["server_started_at"]

    asked_at = time.monotonic()
    stack.compose("restart", service)
    wait_until(lambda: stack.get("/healthz").json()["status"] == "alive", "the process lives")
    record_property("live_s", f"{time.monotonic() - asked_at:.3f}")
    wait_until_up(stack)
    record_property("up_s", f"{time.monotonic() - asked_at:.3f}")

    assert started != stack.container(service)["State"]["StartedAt"]
    assert server == health(stack)["postgres"]["server_started_at"]
    assert stack.get("/api/orders/summary").status_code == 200
    proves("PostgreSQL's state is back on System Health after the dashboard's restart")

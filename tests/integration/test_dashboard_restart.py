"""Scenario 2: the dashboard restarts, the database does not."""

from tests.integration.conftest import health, wait_until_up
from tests.running import Running


def test_restarted_dashboard_shows_postgres_again(stack: Running, proves) -> None:
    """After the dashboard's restart PostgreSQL's state is back on System Health by itself."""
    service = stack.application
    started = stack.container(service)["State"]["StartedAt"]
    server = health(stack)["postgres"]["server_started_at"]

    stack.compose("restart", service)
    wait_until_up(stack)

    assert started != stack.container(service)["State"]["StartedAt"]
    assert server == health(stack)["postgres"]["server_started_at"]
    assert stack.get("/api/orders/summary").status_code == 200
    proves("PostgreSQL's state is back on System Health after the dashboard's restart")

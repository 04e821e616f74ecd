"""Scenario 2: the dashboard restarts, the database does not."""

from recovery_lab import docker
from recovery_lab.stack import Stack
from tests.integration.conftest import health, wait_until_up


def test_restarted_dashboard_shows_postgres_again(stack: Stack, proves) -> None:
    """After the dashboard's restart PostgreSQL's state is back on System Health by itself."""
    service = stack.target.dashboard.service
    started = docker.container(stack.target, service)["State"]["StartedAt"]
    server = health(stack)["postgres"]["server_started_at"]

    docker.compose(stack.target, "restart", service)
    wait_until_up(stack)

    assert started != docker.container(stack.target, service)["State"]["StartedAt"]
    assert server == health(stack)["postgres"]["server_started_at"]
    assert stack.get("/api/orders/summary").status_code == 200
    proves("PostgreSQL's state is back on System Health after the dashboard's restart")

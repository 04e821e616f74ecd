"""Scenario 7: the dashboard is there before its database."""

from recovery_lab import docker
from recovery_lab.stack import Stack
from tests.integration.conftest import health, wait_until


def test_dashboard_started_first_recovers_when_the_database_appears(stack: Stack, proves) -> None:
    """Without a database it lives, says so, and reads when the database appears."""
    stack.down()
    stack.up(stack.target.dashboard.service)
    wait_until(lambda: stack.get("/healthz").status_code == 200, "the dashboard answers")
    assert stack.get("/readyz").status_code == 503
    assert health(stack)["status"] in {"starting", "down"}
    answer = stack.get("/api/orders/summary")
    assert answer.status_code == 503
    assert answer.json()["error"]["kind"] in {"unknown_host", "refused", "deadline"}
    began = docker.container(stack.target, stack.target.dashboard.service)["State"]["StartedAt"]

    stack.up(stack.target.database.service)
    stack.settle()
    assert stack.get("/api/orders/summary").status_code == 200
    assert began == docker.container(stack.target, "dashboard")["State"]["StartedAt"]
    proves("started without a database, read when it appeared, without a restart")

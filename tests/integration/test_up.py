"""Scenario 1: the stack is up."""

import re
import time

from tests.integration.conftest import health
from tests.integration.streamlit_session import run_page
from tests.running import Running

ROWS = 200_000


def test_system_health_is_up_and_tells_of_the_server(stack: Running, proves) -> None:
    """System Health says `up`, with the server's version and start, from a fresh sample."""
    body = health(stack)
    assert body["status"] == "up"
    assert body["age_s"] < 4.0
    assert re.fullmatch(r"17\.\d+.*", body["postgres"]["server_version"])
    assert body["postgres"]["server_started_at"].endswith("Z")
    proves(f"status {body['status']}, PostgreSQL {body['postgres']['server_version']}")


def test_orders_add_up_to_the_table(stack: Running, proves) -> None:
    """The regions' counts add up to the table's rows, read live from a backend that is there."""
    body = stack.get("/api/orders/summary").json()
    assert sum(row["orders"] for row in body["rows"]) == ROWS
    assert body["backend_pid"] > 0
    proves(f"{len(body['rows'])} regions, {ROWS} orders")


def test_pages_run_to_their_end_without_a_traceback(stack: Running) -> None:
    """Both pages run over the WebSocket, as a browser runs them, and raise nothing."""
    for page in ("system_health", "orders"):
        run = run_page(stack.url, page, limit_s=10.0)
        assert run.finished
        assert run.exceptions == []
        assert run.elements > 3


def test_routes_answer_as_the_contract_says(stack: Running) -> None:
    """Alive, ready, metrics in Prometheus' text; no page of Streamlit's own in their place."""
    assert stack.get("/healthz").json() == {"status": "alive"}
    assert stack.get("/readyz").status_code == 200
    metrics = stack.get("/metrics").text
    for name in (
        "lab_db_up 1.0",
        "lab_db_outages_total",
        "lab_reads_total",
        "lab_pool_connections",
    ):
        assert name in metrics


def test_no_answer_holds_a_secret_or_an_address(stack: Running) -> None:
    """Neither passwords nor the database's address or user stand in any answer or environment."""
    password = (stack.target.root / stack.target.database.password_file).read_text().strip()
    for path in ("/api/system-health", "/api/orders/summary", "/metrics", "/readyz"):
        text = stack.get(path).text
        assert password not in text
        assert "dashboard_reader" not in text
    assert password not in stack.log("dashboard")


def test_orphan_in_the_databases_container_ends_no_session(stack: Running, proves) -> None:
    """A process there that loses its parent and ends badly is no crash of the server.

    PostgreSQL as process 1 takes it for one of its own: every session is gone (seen with a health
    check that was cut off on a busy machine).
    """
    before = stack.get("/api/orders/summary").json()["backend_pid"]
    stack.compose("exec", "-T", stack.database, "bash", "-c", "(sleep 0.2; exit 2) & exit 0")
    time.sleep(1.0)  # what is shown is that nothing comes of it
    assert before == stack.get("/api/orders/summary").json()["backend_pid"]
    assert "reinitializing" not in stack.log(stack.database)
    proves("an orphan that ended with status 2 harmed no session")

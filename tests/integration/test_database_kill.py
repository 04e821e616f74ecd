"""Scenario 4: the database is killed; what it acknowledged is still there."""

from tests.integration.conftest import KILL
from tests.integration.test_database_restart import assert_recovered, figures
from tests.running import Running, Watch

ROWS = 25


INSERT = "INSERT INTO orders (placed_at, region, amount) VALUES (now(), 'online', 9.99)"


def psql(stack: Running, *statements: str) -> str:
    """Run statements as the owner inside the database's container, each a transaction."""
    words = ["exec", "-T", stack.database, "psql", "-XAtq", "-U", "lab_owner"]
    words += ["-d", "lab", "-v", "ON_ERROR_STOP=1"]
    for statement in statements:
        words += ["-c", statement]
    return stack.compose(*words).strip()


def counted(stack: Running) -> int:
    """Return the number of orders, as a reader of the dashboard sees it."""
    return sum(row["orders"] for row in stack.get("/api/orders/summary").json()["rows"])


def test_killed_database_keeps_what_it_acknowledged(stack: Running, outage: Watch, proves) -> None:
    """SIGKILL right after the last commit: every committed row is there, and all comes back."""
    before = counted(stack)
    psql(stack, *[INSERT] * ROWS)
    seen = outage(KILL)
    assert_recovered(seen)
    assert any("not properly shut down" in line for line in seen.server_log), seen.server_log
    assert before + ROWS == counted(stack) == int(psql(stack, "SELECT count(*) FROM orders"))
    proves(f"{ROWS} of {ROWS} committed rows kept; {figures(seen)}")

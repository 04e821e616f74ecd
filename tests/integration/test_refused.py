"""New sessions refused: page, API and System Health say why, and say the same."""

import pytest

from dashboard.kinds import MESSAGES
from recovery_lab.faults import FAULTS, Scene, run_fault
from recovery_lab.record.history import FaultEvent
from tests.integration.conftest import health, wait_until, wait_until_up
from tests.integration.streamlit_session import run_page
from tests.running import Running

# What the pool holds goes on: who is to meet the refusal must need a new session.
CUT = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = '{}'"
KINDS = {
    "login": "login_rejected",
    "slots-role": "too_many_connections",
    "slots-database": "too_many_connections",
}


@pytest.mark.parametrize(
    "fault", ["login", "slots-role", pytest.param("slots-database", marks=pytest.mark.more)]
)
def test_refusal_is_told_alike_on_page_api_and_system_health(
    stack: Running, fault: str, proves
) -> None:
    """By its kind, in the fixed words of that kind, while the fault is in; gone with it."""
    kind, told = KINDS[fault], []

    def look(event: FaultEvent) -> None:
        if event.name == "landed":
            told.extend(_told(stack, kind))

    run_fault(FAULTS[fault], Scene(stack=stack.value, hold_s=1.0, note=look))
    assert [kind] * 4 == told
    wait_until_up(stack, 20.0)
    assert stack.get("/api/orders/summary").status_code == 200
    proves(f"{fault}: {kind} on Orders, System Health, its API, and the API of reads")


def _told(stack: Running, kind: str) -> list[str]:
    """Return the kind that each of them tells, the pages by its words."""
    wait_until(lambda: health(stack)["status"] == "down", "System Health is down", 20.0)
    psql = ("exec", "-T", stack.database, "psql", "-U", "lab_owner", "-d", "lab", "-c")
    stack.compose(*psql, CUT.format(stack.target.pool.application_name))
    read = stack.get("/api/orders/summary")
    assert 503 == read.status_code
    found = [read.json()["error"]["kind"], health(stack)["postgres"]["error"]["kind"]]
    for page in ("orders", "system_health"):
        shown = " ".join(run_page(stack.url, page, 10.0).texts)
        found.append(kind if MESSAGES[kind] in shown else shown)
    return found

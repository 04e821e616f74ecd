"""The database's name does not resolve: System Health says so, though old sessions read on."""

from datetime import datetime

import pytest

from recovery_lab.faults import FAULTS, Scene, run_fault
from tests.integration.conftest import health, wait_until
from tests.running import Running

HOLD_S = 6.0


@pytest.mark.parametrize("name", ["name", "name-hangs"])
def test_health_tells_of_a_name_that_does_not_resolve(stack: Running, name: str, proves) -> None:
    """Down within three checks and a deadline, by its own kind, also where nobody answers."""
    seen: list[dict] = []
    scene = Scene(stack=stack.value, hold_s=HOLD_S, pace=lambda: seen.append(health(stack)))
    run_fault(FAULTS[name], scene)
    bad = [one for one in seen if one["status"] == "down"]
    assert {"unknown_host"} == {one["postgres"]["error"]["kind"] for one in bad}, seen
    wait_until(lambda: health(stack)["status"] == "up", "System Health says up", 10.0)
    outage = health(stack)["postgres"]["last_outage"]
    began = datetime.fromisoformat(bad[0]["postgres"]["last_outage"]["began_at"])
    assert began == datetime.fromisoformat(outage["began_at"])
    assert outage["duration_min_s"] < outage["duration_max_s"]
    proves(f"{name} for {HOLD_S:g} s: down for {outage['duration_s']:.1f} s, {bad[0]['postgres']}")


@pytest.mark.parametrize("name", ["name", pytest.param("name-hangs", marks=pytest.mark.more)])
def test_page_reads_on_through_it_by_its_old_sessions(stack: Running, name: str) -> None:
    """Only the name is away: a warm pool needs none."""
    stack.get(stack.target.application.read_path)
    statuses: list[int] = []

    def read() -> None:
        statuses.append(stack.get(stack.target.application.read_path).status_code)

    run_fault(FAULTS[name], Scene(stack=stack.value, hold_s=2.0, pace=read))
    assert {200} == set(statuses)

"""The jobs that have an outage to themselves: a subject that keeps its promises, and its control.

One outage each: who asks for a session at each read where only new ones are refused, who is started
while the database is away, and twice as many readers as a pool can hold.
"""

from pathlib import Path

import pytest

from recovery_lab import plan
from recovery_lab.engine import View
from recovery_lab.judge.verdict import reasons
from recovery_lab.run import begin_run, play_run
from tests.running import Running

PLAYED = [("slots", "fresh"), ("restart", "cold"), ("freeze", "crowd")]


@pytest.mark.parametrize(("fault", "job"), PLAYED, ids=[job for _, job in PLAYED])
def test_job_tells_who_comes_back(
    stack: Running, tmp_path: Path, fault: str, job: str, proves
) -> None:
    """`adopted` recovers without a relapse; `quitter`, in the same outage, does not recover."""
    asked = plan.Asked(
        faults=(fault,), jobs=(job,), contenders=("adopted", "quitter"), holds_s=(2.0,)
    )
    planned = plan.outages(stack.target, asked)
    run = begin_run(stack.value, job, Path("target.toml"), planned, tmp_path)
    [outage] = play_run(run, stack.value, View()).outages
    cells = {cell.contender: cell for cell in outage.cells}
    adopted, quitter = cells["adopted"], cells["quitter"]
    assert "passed" == adopted.verdict, reasons(adopted)
    assert "control failed, as it must" == quitter.label, reasons(quitter)
    lag_s = adopted.figures.recovery_lag_s
    proves(f"{fault}, {job}: adopted back {lag_s} s after ready, quitter never")

"""The engine knows no target by name: another application, judged on what it declares."""

from pathlib import Path

import pytest

from recovery_lab.judge.verdict import reasons
from tests.second.conftest import played

NOT_DECLARED = {
    "liveness: no liveness probe declared",
    "readiness falls: no health probe declared",
    "readiness returns: no health probe declared",
    "pool whole: no pool declared",
    "server sound: no server log declared",
}


def test_pooled_version_recovers_and_what_it_lacks_is_not_judged(tmp_path: Path, proves) -> None:
    """Restart, kill and freeze: back within the window; no rule passes by silence."""
    outages = played("target.toml", tmp_path, faults=("restart", "kill", "freeze"))
    for fault, outage in outages.items():
        cell = outage.own
        assert "passed" == cell.verdict, (fault, reasons(cell))
        assert "recovers" in cell.rules
    assert set(outages["restart"].own.not_judged) >= NOT_DECLARED
    lags = {fault: one.own.figures.recovery_lag_s for fault, one in outages.items()}
    proves(f"another target recovered, lag in s: {lags}; {len(NOT_DECLARED)} rules not judged")


@pytest.mark.parametrize("fault", ["restart", pytest.param("kill", marks=pytest.mark.more)])
def test_cached_version_fails(tmp_path: Path, fault: str, proves) -> None:
    """Control: one connection that nobody opens again must fail, or the mode proves nothing."""
    cell = played("cached.toml", tmp_path, faults=(fault,), limit_s=15.0)[fault].own
    assert "failed" == cell.verdict, reasons(cell)
    assert "recovers" in {failure.rule for failure in cell.failures}
    assert 0 == cell.figures.after_ready.ok
    proves(f"a cached connection failed {fault}, as it must")

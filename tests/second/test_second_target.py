"""The engine knows no target by name: another application, judged on what it declares."""

from pathlib import Path

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


def test_cached_version_fails(tmp_path: Path, proves) -> None:
    """Control: one connection that nobody opens again must fail, or the mode proves nothing."""
    for fault in ("restart", "kill"):  # each from a start of its own: it does not come back
        outages = played("cached.toml", tmp_path / fault, faults=(fault,), limit_s=15.0)
        cell = outages[fault].own
        assert "failed" == cell.verdict, (fault, reasons(cell))
        assert "recovers" in {failure.rule for failure in cell.failures}
        assert 0 == cell.figures.after_ready.ok
    proves("a cached connection failed restart and kill, as it must")

"""What a test is told of an outage: nothing green where it is in doubt or reads were hurt."""

from pathlib import Path

import msgspec
import pytest

from recovery_lab.folder import save
from recovery_lab.judge.verdict import judge_outage
from recovery_lab.target import Traits
from recovery_lab.yours.told import UNMET, Outage
from tests.unit.recovery_lab.histories import NEVER, Reads, Script

POOL = Traits(pools=True, pings=True)


def kept(folder: Path, *, first: str = "ok", steady: dict | None = None, **changed) -> Outage:
    """Return an outage by a command, as it is kept: steady reads, and five of a pool that idled."""
    own = {"contender": "dashboard", "traits": POOL}
    reads = {"recovered_s": 2.0, **(steady or {})}  # as soon as the server
    cells = [Reads(**own, **reads), Reads(**own, job="idle", first_outcome=first)]
    words = {"fault": "command", "moves": True, "capabilities": ["application", "pool"]}
    script = Script(cells=cells, **{**words, "metered": False, "end_s": 10.5, **changed})
    info = msgspec.structs.replace(script.info(), daemon=False, policy="")
    save(folder / "outage.json", info)
    (folder / "history.jsonl").write_bytes(script.encoded())
    return Outage(judge_outage(info, script.history()), folder)


def test_outage_that_all_went_well_in(tmp_path: Path) -> None:
    """Both assertions hold, and the figures are the judge's."""
    outage = kept(tmp_path)
    assert ("passed", []) == (outage.verdict, outage.reasons)
    assert outage.recovers(within_s=60)
    assert [] == outage.failed_after_ready
    assert (5, 5) == (outage.first_reads.ok, outage.first_reads.due)
    assert outage.recovery_lag_s == pytest.approx(0.05, abs=0.05)
    assert outage.server_share_s == pytest.approx(1.95, abs=0.05)
    assert repr(outage).startswith("<outage passed; reads good 0.0")


def test_recovery_counts_from_ready(tmp_path: Path) -> None:
    """One that took longer than was asked for is none; the judge's window is another matter."""
    outage = kept(tmp_path, steady={"recovered_s": 4.0})
    assert "passed" == outage.verdict
    assert not outage.recovers(within_s=1)
    assert outage.recovers(within_s=3)


def test_reads_that_failed_after_ready_are_told_with_their_kind_and_when(tmp_path: Path) -> None:
    """Those of the idle pool are its first, 3 s after ready."""
    outage = kept(tmp_path, first="failed")
    assert "failed" == outage.verdict
    assert ["first reads: 5 of the first 5 reads not good: connection_lost 5"] == outage.reasons
    assert ["idle"] * 5 == [read.job for read in outage.failed_after_ready]
    told = repr(outage.failed_after_ready[0])
    assert told.startswith("<idle read, 3.")
    assert told.endswith(" s after ready: failed: connection_lost>")
    assert outage.recovers(within_s=60)  # the steady reads did


@pytest.mark.parametrize("outcome", ["failed", "hung", "missed"])
def test_steady_reads_after_ready_count_as_well(outcome: str, tmp_path: Path) -> None:
    """Each by its outcome, also where they come before the recovery, which no rule forbids."""
    bad, took_s = ("ok", 12.0) if outcome == "hung" else (outcome, 0.003)
    gap = (2.0, 3.08) if outcome == "missed" else (NEVER, NEVER)
    outage = kept(tmp_path, steady={"added": [(2.05, bad, took_s)], "gap": gap}, end_s=15.0)
    assert "passed" == outage.verdict
    assert [("steady", outcome)] == [(one.job, one.outcome) for one in outage.failed_after_ready]


def test_read_that_was_missed_and_served_at_once_is_no_failure(tmp_path: Path) -> None:
    """All readers were busy for a moment: its user has felt nothing."""
    outage = kept(tmp_path, steady={"added": [(2.07, "missed", 0.0)]})
    assert [] == outage.failed_after_ready


def test_relapse_is_no_recovery(tmp_path: Path) -> None:
    """Good reads that do not stay good are not what was asked for."""
    outage = kept(tmp_path, steady={"added": [(6.0, "failed", 0.003)]})
    assert outage.recovery_lag_s < 1.0
    assert not outage.recovers(within_s=60)


@pytest.mark.parametrize(
    "doubt",
    [{"complete": False}, {"trouble": "its recorder broke"}, {"moves": False, "lost_s": NEVER}],
    ids=["broken off", "trouble", "nothing seen"],
)
def test_outage_in_doubt_is_never_green(doubt: dict, tmp_path: Path) -> None:
    """Whoever asks it fails, with the reasons; the verdict can be read."""
    outage = kept(tmp_path, **doubt)
    assert "inconclusive" == outage.verdict
    for ask in (lambda: outage.recovers(within_s=60), lambda: outage.failed_after_ready):
        with pytest.raises(pytest.fail.Exception, match="inconclusive, which is no pass: in doubt"):
            ask()


def test_outage_that_nobody_met_is_never_green(tmp_path: Path) -> None:
    """New sessions alone were refused, and a pool keeps its own: the judge has no cell to judge."""
    keeps = {"recovered_s": 0.05, "keeps_session_s": NEVER}
    outage = kept(tmp_path, steady=keeps, moves=False)
    assert ("inconclusive", [UNMET]) == (outage.verdict, outage.reasons)
    with pytest.raises(pytest.fail.Exception, match="nothing of yours met it"):
        outage.recovers(within_s=60)


def test_what_failed_outranks_what_is_in_doubt(tmp_path: Path) -> None:
    """As for the judge: what was seen to fail is shown; the other cell's doubt fails the test."""
    outage = kept(tmp_path, first="failed", complete=False)
    assert "failed" == outage.verdict
    assert outage.failed_after_ready
    with pytest.raises(pytest.fail.Exception, match="inconclusive"):
        outage.recovers(within_s=60)


def test_longer_window_than_was_watched_is_refused(tmp_path: Path) -> None:
    """Nobody knows what became of the reads later."""
    with pytest.raises(pytest.fail.Exception, match=r"give outage\(\.\.\., limit_s=200\)"):
        kept(tmp_path).recovers(within_s=200)

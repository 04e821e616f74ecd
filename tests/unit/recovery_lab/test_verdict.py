"""The verdict on a run folder: the same bytes each time, wherever it lies."""

import shutil
from pathlib import Path

import msgspec
import pytest

from recovery_lab.judge.verdict import judge_run, verdict_lines, write_verdict
from recovery_lab.runs import RunInfo, compress_history, find_run, read_outage, save
from tests.unit.recovery_lab.golden import Golden

RUN = RunInfo(
    name="restart",
    began="2026-01-01T00:00:00Z",
    faults=["restart"],
    policies=["dashboard"],
    repeats=2,
    hold_s=None,
    solo=False,
    seed=7,
    limit_s=5.0,
    versions={"docker": "Engine 20"},
    settings={},
)


def keep(run: Path, golden: Golden, *, repeat: int = 1) -> Path:
    """Write a golden history as an outage of a run."""
    info = msgspec.structs.replace(golden.info(), repeat=repeat)
    folder = run / "outages" / info.name
    save(run / "run.json", RUN)
    save(folder / "outage.json", info)
    (folder / "history.jsonl").write_bytes(golden.encoded())
    return folder


def test_verdict_is_the_same_byte_for_byte(tmp_path: Path) -> None:
    """Judged twice, and from a copy of the folder with a compressed history."""
    run, copy = tmp_path / "run", tmp_path / "copy"
    folder = keep(run, Golden(others=("pinned",)))
    write_verdict(run)
    first = (run / "verdict.json").read_bytes()
    write_verdict(run)
    assert first == (run / "verdict.json").read_bytes()
    compress_history(folder)
    shutil.copytree(run, copy)
    (copy / "verdict.json").unlink()
    write_verdict(copy)
    assert first == (copy / "verdict.json").read_bytes()


def test_history_of_a_killed_runner_is_readable(tmp_path: Path) -> None:
    """The last line was cut short: all the others count."""
    folder = keep(tmp_path, Golden())
    whole = len(read_outage(folder)[1])
    path = folder / "history.jsonl"
    path.write_bytes(path.read_bytes()[:-5])
    assert whole - 1 == len(read_outage(folder)[1])


def dashboard(**changed: object) -> Golden:
    """Return the history of a contender with one job alone, so that one cell decides."""
    return Golden(**{"contender": "dashboard", **changed})


@pytest.mark.parametrize(
    ("cells", "verdict"),
    [
        ([dashboard()], "passed"),
        ([dashboard(), dashboard(complete=False)], "inconclusive"),
        (
            [dashboard(), dashboard(recovered_s=99.0, limit_s=5.0), dashboard(complete=False)],
            "failed",
        ),
        ([], "inconclusive"),
    ],
    ids=["passed", "inconclusive outranks passed", "failed outranks all", "no cell at all"],
)
def test_worst_cell_decides_the_run(tmp_path: Path, cells: list[Golden], verdict: str) -> None:
    """Failed outranks inconclusive outranks passed; nothing is never passed."""
    save(tmp_path / "run.json", RUN)
    for repeat, golden in enumerate(cells, start=1):
        keep(tmp_path, golden, repeat=repeat)
    assert verdict == judge_run(tmp_path).verdict


def test_run_that_broke_off_has_not_passed(tmp_path: Path) -> None:
    """What was planned and never begun is named; all that was planned passes."""
    keep(tmp_path, dashboard())
    for planned, verdict in ((["restart-1", "kill-1"], "inconclusive"), (["restart-1"], "passed")):
        save(tmp_path / "run.json", msgspec.structs.replace(RUN, planned=planned))
        judged = judge_run(tmp_path)
        assert (verdict, planned[1:]) == (judged.verdict, judged.missing)
        assert judged.missing == [w.split()[1][:-1] for w in verdict_lines(judged) if "never" in w]


def test_no_run_is_bad_input(tmp_path: Path) -> None:
    """A word that names no run is named."""
    with pytest.raises(Exception, match="no run 'nowhere'"):
        find_run("nowhere")

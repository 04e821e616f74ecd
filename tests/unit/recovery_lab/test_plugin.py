"""The pytest plug-in's rules, on runs of pytest that play no fault."""

import fcntl
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from recovery_lab import plugin
from recovery_lab.judge.verdict import judge_outage
from recovery_lab.matrix import Scenery
from recovery_lab.plugin import ROOT
from recovery_lab.runs import save
from tests.unit.recovery_lab.golden import Golden
from tests.unit.recovery_lab.test_verdict import keep

pytest_plugins = ["pytester"]

ONE = {"contender": "dashboard"}  # it has one job
GOOD, LATE = Golden(**ONE), Golden(**ONE, late_s=0.021)
FAILED = Golden(**ONE, recovered_s=5.0, limit_s=2.0)
DOUBTFUL = Golden(**ONE, late_s=0.021, complete=False)

CELLS = """
def test_cell(cell):
    assert cell.verdict == "passed", "; ".join(cell.reasons)
"""

# The stored outages stand for those that would be played: nothing here touches Docker.
CONFTEST = """
import pytest
from pathlib import Path
import recovery_lab.plugin

recovery_lab.plugin.LOCK = Path({lock!r})  # a matrix that runs now holds the project's own
PLAYED = []

class Running:
    folder = Path({folder!r})
    stack = None
    def has(self, info):
        PLAYED.append(info.name)
        return True

@pytest.fixture(scope="session")
def matrix_run(matrix_lock):
    yield Running()
    print("PLAYED", *PLAYED)
"""


def lock_of(pytester: pytest.Pytester) -> Path:
    """Return the lock that these runs ask for."""
    return pytester.path / "matrix.lock"


@pytest.fixture
def cells(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch):
    """Return a way to run the cells of stored outages with some options."""
    run = pytester.path / "run"

    def go(*options: str, **outages: Golden) -> pytest.RunResult:
        for name, golden in outages.items():
            folder = run / "outages" / f"{name}-1"
            save(folder / "outage.json", golden.info())
            (folder / "history.jsonl").write_bytes(golden.encoded())
        pytester.makeconftest(CONFTEST.format(folder=str(run), lock=str(lock_of(pytester))))
        pytester.makepyfile(test_cells=CELLS)
        monkeypatch.setenv("PYTHONPATH", str(ROOT))
        return pytester.runpytest_subprocess("-p", "no:cacheprovider", "-s", *options)

    return go


def dashboard(**changed: object) -> Golden:
    """Return an outage of the dashboard alone."""
    return Golden(**{"contender": "dashboard", "others": ("canary",), **changed})


def test_failed_subject_fails_and_doubt_is_an_error(cells) -> None:
    """In pytest's words: failed is failed, inconclusive is an error, never a skip."""
    done = cells(
        "--faults=freeze",
        "--policies=dashboard",
        freeze=dashboard(fault="freeze", recovered_s=99.0, limit_s=5.0),
    )
    # The control and the canary have no operation here: their cells are in doubt.
    done.assert_outcomes(failed=1, errors=2)
    assert "no recovery, censored" in done.stdout.str()


def test_cells_stay_with_their_outage(cells) -> None:
    """Each outage is played once, its cells one after another."""
    done = cells("--faults=freeze,drop", "--policies=dashboard", "--collect-only", "-q")
    order = [line.split("[")[1].split("-")[0] for line in done.outlines if "[" in line]
    assert order == sorted(order, reverse=True)
    assert {"freeze", "drop"} == set(order)


@pytest.mark.parametrize("option", ["--faults=flood", "--policies=naive+recycle", "--hold=soon"])
def test_bad_option_stops_the_run(cells, option: str) -> None:
    """Nothing is collected, and pytest says usage."""
    done = cells(option)
    assert pytest.ExitCode.USAGE_ERROR == done.ret
    assert option.split("=")[1] in done.stderr.str()


def test_zero_cells_is_a_failure(cells) -> None:
    """A run whose cells were all left out proves nothing."""
    done = cells("--faults=freeze", "--policies=dashboard", "-k", "nothing_of_that_name")
    assert done.ret not in (0, None)


def test_parallel_run_is_refused(cells, pytester: pytest.Pytester) -> None:
    """While another process holds the lock no cell runs."""
    with lock_of(pytester).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        done = cells("--faults=freeze", "--policies=dashboard", freeze=dashboard(fault="freeze"))
    assert 4 == done.ret
    assert "another matrix runs" in done.stdout.str() + done.stderr.str()


def test_keep_stops_at_the_first_cell_that_is_not_good(cells) -> None:
    """With KEEP=1 nothing is played after it."""
    broken = dashboard(fault="freeze", recovered_s=99.0, limit_s=5.0)
    done = cells("--faults=freeze,drop", "--policies=dashboard", "--keep=1", freeze=broken)
    assert "KEEP=1" in done.stdout.str()
    assert "PLAYED freeze-1 drop-1" not in done.stdout.str()


@pytest.mark.parametrize(
    ("played", "late", "verdict"),
    [
        ((LATE, GOOD), 1, "passed"),
        ((LATE, LATE, LATE, GOOD), 2, "inconclusive"),
        ((GOOD, LATE), 0, "passed"),
        ((FAILED, GOOD), 0, "failed"),
        ((DOUBTFUL, GOOD), 0, "inconclusive"),
    ],
)
def test_only_a_late_recorder_is_a_reason_to_play_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, played, late: int, verdict: str
) -> None:
    """At most twice, and never to be rid of a failure or of another doubt."""
    coming = iter(played)
    scenery = Scenery(target=None, project="", folder=tmp_path / "outages/restart-1")
    monkeypatch.setattr(plugin, "record_outage", lambda *_: keep(tmp_path, next(coming)))
    plugin._play(scenery, GOOD.info(), lambda _: None)
    assert late == len(list(tmp_path.glob("late/*")))
    assert verdict == judge_outage(scenery.folder).cells[0].verdict


def test_pytest_finds_the_plugin_by_its_entry_point() -> None:
    """Its entry point loads the module of this checkout."""
    found = entry_points(group="pytest11")["recovery-lab"].load()
    assert ROOT / "recovery_lab/plugin.py" == Path(found.__file__)

"""The pytest plug-in: one outage a fixture, each of its cells a test.

pyproject.toml names it as an entry point, `pytest11`; scripts/venv.sh installs the package.
"""

import fcntl
import functools
import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from recovery_lab.asked import cells_of, outages, parse
from recovery_lab.errors import BadInputError, HealError, InconclusiveError
from recovery_lab.judge.cell import Cell
from recovery_lab.judge.verdict import OutageVerdict, judge_outage, only_late, write_verdict
from recovery_lab.matrix import Progress, Scenery, record_outage
from recovery_lab.roles import JobName
from recovery_lab.running import Running, begin_run
from recovery_lab.runs import OutageInfo, set_aside
from recovery_lab.stack import Stack

ROOT = Path(__file__).resolve().parent.parent
LOCK = Path(".lab/matrix.lock")
SETTING_S = 180.0  # beside a fault and the window: contenders, healing, judging
AGAIN = 2  # times an outage is played again that its recorder was late for
_OPTIONS = {
    "faults": "a,b or all; by default the quick set",
    "policies": "contenders a,b; by default all",
    "repeats": "how many outages of each fault",
    "hold": "each fault's length in seconds",
    "solo": "1: one contender in an outage, at full rate",
    "keep": "1: leave the stack of a failed cell standing",
    "resume": "go on with a run; its complete outages are judged as stored",
    "seed": "the seed of the lengths' jitter",
}
_ASKED = pytest.StashKey[Any]()
_CELLS_RUN = pytest.StashKey[int]()
_LEFT = pytest.StashKey[bool]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the matrix' options; empty means the default, as make passes what is not given."""
    group = parser.getgroup("matrix", "the matrix of faults and contenders")
    for name, said in _OPTIONS.items():
        group.addoption(f"--{name}", default="", metavar=name.upper(), help=said)


def pytest_configure(config: pytest.Config) -> None:
    """Check the options once, before anything runs."""
    config.addinivalue_line("markers", "matrix: a cell of the matrix; needs Docker and the images")
    config.stash[_CELLS_RUN], config.stash[_LEFT] = 0, False
    try:
        config.stash[_ASKED] = parse({name: config.getoption(name) for name in _OPTIONS})
    except BadInputError as error:
        raise pytest.UsageError(str(error)) from error


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make one test of each cell, in the order of their outages."""
    if "cell" not in metafunc.fixturenames:
        return
    try:
        planned = list(outages(metafunc.config.stash[_ASKED]))
    except BadInputError as error:
        raise pytest.UsageError(str(error)) from error
    rows = [(info, name, job) for info in planned for name, job in cells_of(info)]
    ids = [f"{info.name}-{name}-{job}" for info, name, job in rows]
    metafunc.parametrize(
        ("outage", "contender", "job"), rows, indirect=["outage"], ids=ids, scope="session"
    )


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the cells and keep them in their outages' order, which pytest has mixed by contender.

    An outage takes longer than a test may.
    """
    cells: list[Any] = [item for item in items if "cell" in getattr(item, "fixturenames", ())]
    for item in cells:
        item.add_marker(pytest.mark.matrix)
        info = item.callspec.params["outage"]
        item.add_marker(pytest.mark.timeout((AGAIN + 1) * (info.hold_s + info.limit_s + SETTING_S)))
    ordered = iter(sorted(cells, key=lambda item: item.callspec.indices["outage"]))
    items[:] = [next(ordered) if item in cells else item for item in items]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Count the cells that ran; with KEEP=1 the first that is not good ends the run."""
    report = yield
    if item.get_closest_marker("matrix"):
        item.config.stash[_CELLS_RUN] += report.when == "call"  # type: ignore[attr-defined]
        if report.failed and item.config.stash[_ASKED].keep:  # type: ignore[attr-defined]
            item.config.stash[_LEFT] = True
            item.session.shouldstop = "KEEP=1: the stack is left standing"
    return report


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Zero executed cells is a failure, whatever pytest thinks of it."""
    cells = any(item.get_closest_marker("matrix") for item in session.items)
    if cells and not session.config.stash[_CELLS_RUN] and exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture(scope="session")
def matrix_lock() -> Iterator[None]:
    """Refuse a second matrix beside this one: they would measure each other."""
    if os.environ.get("PYTEST_XDIST_WORKER"):
        pytest.exit("the matrix does not run in parallel: leave out -n", returncode=4)
    path = ROOT / LOCK
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pytest.exit(f"{LOCK}: another matrix runs; wait for it", returncode=4)
        yield


@pytest.fixture(scope="session")
def matrix_run(request: pytest.FixtureRequest, matrix_stack: Stack) -> Iterator[Running]:
    """The run and its folder, judged as it stands when the session ends."""
    running = begin_run(ROOT, matrix_stack, request.config.stash[_ASKED])
    yield running
    write_verdict(running.folder)


@pytest.fixture(scope="session")
def outage(request: pytest.FixtureRequest, matrix_run: Running) -> Path:
    """One outage, recorded; its folder. A database that is not back stops the session."""
    info = request.param
    folder: Path = matrix_run.folder / "outages" / info.name
    if matrix_run.has(info):
        return folder
    matrix_run.begin()
    say = partial(_say, request.config, matrix_run, info.name)
    stack = matrix_run.stack
    scenery = Scenery(target=stack.target, project=stack.project, folder=folder)
    try:
        _play(scenery, info, say)
    except HealError as error:
        request.session.shouldstop = f"not healed, nothing may go on: {error}"
        raise InconclusiveError(str(error)) from error
    matrix_run.end()
    return folder


def _play(scenery: Scenery, info: OutageInfo, say: Progress) -> None:
    """Record one outage; again where nothing but a late recorder leaves it in doubt."""
    record_outage(scenery, info, say)
    for _ in range(AGAIN):
        if not only_late(judge_outage(scenery.folder)):
            return
        say("its recorder was late, which proves nothing: played again")
        set_aside(scenery.folder)
        record_outage(scenery, info, say)


@functools.lru_cache(maxsize=1)
def _judged(outage: Path) -> OutageVerdict:
    """Judge an outage once for all its cells: the machine is to measure the next."""
    return judge_outage(outage)


@pytest.fixture
def cell(outage: Path, contender: str, job: JobName) -> Cell:
    """One cell, judged; what is in doubt is an error of the harness, never a verdict."""
    verdict = _judged(outage)
    found = next(c for c in verdict.cells if (c.contender, c.job) == (contender, job))
    if found.verdict == "inconclusive":
        raise InconclusiveError("; ".join(found.reasons))
    return found


def left_standing(config: pytest.Config) -> bool:
    """Tell whether KEEP=1 wants the stack to stay."""
    return bool(config.stash[_LEFT])


def _say(config: pytest.Config, running: Running, name: str, text: str) -> None:
    """Show progress at once, though pytest captures what a fixture prints."""
    capture: Any = config.pluginmanager.get_plugin("capturemanager")
    reporter: Any = config.pluginmanager.get_plugin("terminalreporter")
    with capture.global_and_fixture_disabled():
        reporter.write_line(f"{running.progress():<28} {name}: {text}")

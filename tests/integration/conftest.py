"""The integration tests' own stack: another project, port and volume than `make up` has.

pytest-docker starts and removes it; the environment of this process names it, so that the lab, the
scripts and plain `docker compose` all mean the same one.
"""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from recovery_lab.errors import LabError
from recovery_lab.record.recorder import read_history
from tests.running import ROOT, Running, Watch, mark_all, told, watched

RESTART = ["scripts/take-away.sh", "restart"]
KILL = ["scripts/take-away.sh", "kill"]

# A run of its own: says `landed` when the fault is in, and waits there where that has no length;
# `prepared` when what comes before it is done, and waits there where asked to. GRACE is what the
# watchdog grants it.
RUNNER = """
import sys
import time
from pathlib import Path
from recovery_lab.docker import Stack
from recovery_lab.faults import FAULTS, Scene, run_fault, runner
from recovery_lab.target import load_target
runner.GRACE_S = float(sys.argv[4])
def begin():
    print("prepared", flush=True)
    if sys.argv[5] == "prepared":
        time.sleep(60.0)
def note(event):
    print(event.name, flush=True)
    if event.name == "landed" and not float(sys.argv[3]):
        time.sleep(60.0)
run_fault(FAULTS[sys.argv[1]], Scene(
    stack=Stack(target=load_target(Path("target.toml")), project=sys.argv[2]),
    hold_s=float(sys.argv[3]), note=note, begin=begin))
"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give each test here the marker and a limit of its own: a hang ends, with its finalizers."""
    mark_all(items, __file__, pytest.mark.integration, pytest.mark.timeout(300))


@pytest.fixture(scope="session")
def docker_compose_file(private: Running, monkeypatch_session) -> str:
    """Tell pytest-docker which file; it has no other way to hear of the stack's variables."""
    for name, value in private.value.environment.items():
        monkeypatch_session.setenv(name, value)
    return str(ROOT / "docker-compose.yml")


@pytest.fixture(scope="session")
def monkeypatch_session() -> Iterator[pytest.MonkeyPatch]:
    """Set variables for the session, and put them back."""
    with pytest.MonkeyPatch.context() as patch:
        yield patch


@pytest.fixture(scope="session")
def docker_compose_project_name(private: Running) -> str:
    """Tell pytest-docker the project."""
    return private.project


@pytest.fixture(scope="session")
def docker_setup() -> list[str]:
    """Start without building: `make verify` has built what is needed."""
    return ["up --detach --no-build"]


@pytest.fixture(scope="session")
def docker_cleanup() -> list[str]:
    """Leave it to `private`, which removes it whatever happens."""
    return []


@pytest.fixture
def stack(request: pytest.FixtureRequest, private: Running, docker_services) -> Running:
    """The running stack in its steady state, whatever the test before has left of it.

    Its policy is the adopted one, or the one that the test's mark names: `policy("naive")`.
    """
    mark = request.node.get_closest_marker("policy")
    private.heal(mark.args[0] if mark else "adopted")
    return private


def command(stack: Running, *words: str, **environ: str) -> "subprocess.CompletedProcess[str]":
    """Run a command in the repository's root, as a user does; on the tests' own stack."""
    return subprocess.run(
        words,
        cwd=ROOT,
        env={**stack.value.environ(), **environ},
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )


def health(stack: Running) -> dict:
    """Return the body of System Health."""
    return stack.get(stack.target.health.path).json()


def wait_until_up(stack: Running, limit_s: float = 60.0) -> None:
    """Wait until System Health says `up`."""
    wait_until(lambda: health(stack)["status"] == "up", "System Health says up", limit_s)


def wait_until(
    holds: Callable[[], bool], what: str, limit_s: float = 60.0, poll_s: float = 0.1
) -> None:
    """Poll until something holds; fail naming what, how long, and the last trouble."""
    deadline, trouble = time.monotonic() + limit_s, ""
    while time.monotonic() < deadline:
        try:
            if holds():
                return
        except (httpx.HTTPError, LabError, ValueError, KeyError) as error:
            trouble = f": {error}"
        time.sleep(poll_s)
    pytest.fail(f"not after {limit_s:.0f} s: {what}{trouble}")


@pytest.fixture
def outage(stack: Running, tmp_path: Path) -> Watch:
    """Have an outage of the running stack played and judged, as `recovery-lab watch` does."""
    return lambda command, **options: watched(stack, tmp_path, command, **options)[0]


@pytest.fixture
def run(stack: Running) -> Iterator[Callable[..., subprocess.Popen]]:
    """Start a run in a process of its own, and return at a step of its fault's."""
    running: list[subprocess.Popen] = []

    def start(
        name: str, hold_s: float = 60.0, grace_s: float = 30.0, at: str = "landed"
    ) -> subprocess.Popen:
        words = [sys.executable, "-c", RUNNER, name, stack.project, str(hold_s), str(grace_s)]
        words.append(at)
        pipe = subprocess.PIPE
        one = subprocess.Popen(words, cwd=ROOT, stdout=pipe, stderr=pipe, text=True)
        running.append(one)
        for line in one.stdout:
            if line == f"{at}\n":
                return one
        pytest.fail(f"{name} did not land: {one.stderr.read()}")

    yield start
    for one in running:
        one.kill()
        one.communicate(timeout=10)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item):
    """On failure show the containers, the last log lines, and every sample that was recorded."""
    report = (yield).get_result()
    if report.when == "call" and report.failed and "stack" in getattr(item, "funcargs", {}):
        report.sections.append(("containers and logs", told(item.funcargs["stack"].value)))
        folder = item.funcargs.get("tmp_path")
        for path in sorted(folder.rglob("history.jsonl.gz")) if folder else []:
            report.sections.append((str(path), "\n".join(map(repr, read_history(path).all))))


def child_of(parent: int, words: str) -> int:
    """Return the pid of a process' child by words of its command line; 0: there is none."""
    table = ["ps", "-A", "-o", "pid=,ppid=,args="]
    rows = subprocess.run(table, capture_output=True, text=True, timeout=10, check=True).stdout
    split = [line.split(maxsplit=2) for line in rows.splitlines()]
    return next((int(pid) for pid, of, args in split if int(of) == parent and words in args), 0)

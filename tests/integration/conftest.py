"""The integration tests' own stack: another project, port and volume than `make up` has.

pytest-docker starts and removes it; the environment of this process names it, so that the lab, the
scripts and plain `docker compose` all mean the same one.
"""

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from recovery_lab import docker
from recovery_lab.errors import LabError
from recovery_lab.judge.outage import LATE, Outage
from recovery_lab.record.history import read_history
from recovery_lab.stack import Stack, private_project, told
from recovery_lab.target import Target, load_target
from recovery_lab.watch import Watch, watch_outage

ROOT = Path(__file__).parents[2]
RESTART = ["scripts/take-away.sh", "restart"]
KILL = ["scripts/take-away.sh", "kill"]
AGAIN = 2  # times an outage is played again that the recorder was late for


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give each test here the marker and a limit of its own: a hang ends, with its finalizers."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.integration)
            item.add_marker(pytest.mark.timeout(300))


@pytest.fixture(scope="session")
def target() -> Target:
    """This repository's own stack, as declared."""
    return load_target(ROOT / "target.toml")


@pytest.fixture(scope="session")
def private(target: Target) -> Iterator[Stack]:
    """The tests' own stack, not started yet; removed at the end, also when its start failed."""
    docker.refuse_remote()
    folder = Path.cwd()
    os.chdir(ROOT)
    # pytest-docker does not clean up after a failed `up`.
    with private_project(target, "test", "adopted") as stack:
        yield stack
    os.chdir(folder)


@pytest.fixture(scope="session")
def docker_compose_file(private: Stack) -> str:
    """Tell pytest-docker which file; asking for the private stack first sets the environment."""
    return str(ROOT / "docker-compose.yml")


@pytest.fixture(scope="session")
def docker_compose_project_name(private: Stack) -> str:
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
def stack(request: pytest.FixtureRequest, private: Stack, docker_services) -> Stack:
    """The running stack in its steady state, whatever the test before has left of it.

    Its policy is the adopted one, or the one that the test's mark names: `policy("naive")`.
    """
    mark = request.node.get_closest_marker("policy")
    private.heal(mark.args[0] if mark else "adopted")
    return private


def command(*words: str, **environ: str) -> "subprocess.CompletedProcess[str]":
    """Run a command in the repository's root, as a user does; on the tests' own stack."""
    return subprocess.run(
        words,
        cwd=ROOT,
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )


def health(stack: Stack) -> dict:
    """Return the body of System Health."""
    return stack.get(stack.target.dashboard.health_path).json()


def wait_until_up(stack: Stack, limit_s: float = 60.0) -> None:
    """Wait until System Health says `up`."""
    wait_until(lambda: health(stack)["status"] == "up", "System Health says up", limit_s)


def wait_until(holds: Callable[[], bool], what: str, limit_s: float = 60.0) -> None:
    """Poll until something holds; fail naming what, how long, and the last trouble."""
    deadline, trouble = time.monotonic() + limit_s, ""
    while time.monotonic() < deadline:
        try:
            if holds():
                return
        except (httpx.HTTPError, LabError, ValueError, KeyError) as error:
            trouble = f": {error}"
        time.sleep(0.1)
    pytest.fail(f"not after {limit_s:.0f} s: {what}{trouble}")


@pytest.fixture
def outage(stack: Stack, tmp_path: Path) -> Callable[..., Outage]:
    """Watch one outage of the running stack; its history is kept for the failure's report.

    One whose recorder was late on a busy machine proves nothing either way: it is played again.
    """

    def watch(command: list[str], *, job="steady", limit_s=120.0) -> Outage:
        again = AGAIN
        while True:
            path = tmp_path / f"history-{len(list(tmp_path.iterdir()))}.jsonl"
            seen = watch_outage(
                Watch(target=stack.target, command=command, limit_s=limit_s, history=path, job=job),
                lambda _: None,
            )
            if seen.reasons != [LATE] or not again:
                return seen
            again -= 1
            stack.settle()

    return watch


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item):
    """On failure show the containers, the last log lines, and every sample that was recorded."""
    report = (yield).get_result()
    if report.when == "call" and report.failed and "stack" in getattr(item, "funcargs", {}):
        stack = item.funcargs["stack"]
        report.sections.append(("containers and logs", told(stack)))
        folder = item.funcargs.get("tmp_path")
        for path in sorted(folder.glob("history-*.jsonl")) if folder else []:
            report.sections.append((path.name, "\n".join(map(repr, read_history(path)))))

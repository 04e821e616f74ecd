"""A private stack with Prometheus beside it, as `make observe` starts it, and its own checker."""

import json
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from recovery_lab import docker
from recovery_lab.stack import free_port, private_stack
from recovery_lab.target import load_target
from tests.running import ROOT, Running, mark_all, need_image, told

Checked = "subprocess.CompletedProcess[str]"
Promtool = Callable[..., Checked]
SERVICE = "prometheus"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give each test here the marker and a limit of its own: a hang ends, with its finalizers."""
    mark_all(items, __file__, pytest.mark.integration, pytest.mark.timeout(180))


@pytest.fixture(scope="session")
def image() -> str:
    """The image that the stack has of Prometheus."""
    words = ("compose", "--project-directory", str(ROOT), "--profile", "observe", "config")
    name = json.loads(docker.run(*words, "--format", "json"))["services"][SERVICE]["image"]
    need_image(name)
    return str(name)


@pytest.fixture(scope="session")
def promtool(image: str) -> Promtool:
    """Run promtool of that image, with folders of this repository where a test wants them."""

    def run(*words: str, text: str = "", mounts: Mapping[Path, str] | None = None) -> Checked:
        # Half a minute of a core, beside tests that time outages: they come first.
        command = "docker run --rm --interactive --network none --cpu-shares 128".split()
        command += [f"--volume={path}:{place}:ro" for path, place in (mounts or {}).items()]
        command += ["--entrypoint", "promtool", image, *words]
        return subprocess.run(
            command, input=text, capture_output=True, text=True, timeout=150, check=False
        )

    return run


@pytest.fixture(scope="package")
def stack() -> Iterator[Running]:
    """A stack of its own with Prometheus beside it, by the verb's own script."""
    docker.refuse_remote()
    ports = {"PROMETHEUS_PORT": str(free_port())}
    with private_stack(load_target(ROOT / "target.toml"), "observe", ports) as value:
        running = Running(value)
        try:
            yield running
        finally:  # of a profile, so that `down` leaves it, and its network with it
            running.compose("rm", "--stop", "--force", SERVICE)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item):
    """On failure show the containers and what they said last."""
    report = (yield).get_result()
    stack = getattr(item, "funcargs", {}).get("stack")
    if report.when == "call" and report.failed and stack is not None:
        report.sections.append(("containers and logs", told(stack.value)))

"""A stack as tests use it: the value, as it is now, and what is asked of it most."""

from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from recovery_lab import docker, plan, stack
from recovery_lab.docker import Stack
from recovery_lab.engine import View
from recovery_lab.errors import DockerError, InconclusiveError
from recovery_lab.faults.scene import SHUTTING_DOWN
from recovery_lab.judge.verdict import OutageVerdict
from recovery_lab.run import begin_run, play_run
from recovery_lab.target import Target

ROOT = Path(__file__).parents[1]
HEAL_LIMIT_S = 10.0  # an application that is not steady by then is started anew


class Running:
    """Holds the stack's value; a policy that changes makes another value."""

    def __init__(self, value: Stack) -> None:
        self.value = value

    @property
    def target(self) -> Target:
        """What it is a stack of."""
        return self.value.target

    @property
    def project(self) -> str:
        """Its Compose project."""
        return self.value.project

    @property
    def database(self) -> str:
        """The database's service."""
        return self.target.database.service

    @property
    def application(self) -> str:
        """The application's service."""
        return self.target.application.service

    @property
    def url(self) -> str:
        """Where this machine reaches the application."""
        return stack.url(self.value)

    def get(self, path: str, limit_s: float = 10.0) -> httpx.Response:
        """Ask the application."""
        return stack.get(self.value, path, limit_s)

    def log(self, service: str) -> str:
        """Return what a service has logged."""
        return self.compose("logs", "--no-log-prefix", service)

    def compose(self, *words: str) -> str:
        """Run a Compose command on it."""
        return docker.compose(self.value, *words)

    def container(self, service: str) -> dict:
        """Return what Docker says of a service's container."""
        return docker.container(self.value, service)

    def up(self, service: str) -> None:
        """Start one service, with a container where it has none."""
        self.compose("up", "--detach", "--no-build", service)

    def heal(self, policy: str = "") -> None:
        """Bring the steady state back under a policy, whatever was left of both services."""
        self._ensure_running(self.database)
        self._ensure_running(self.application)
        try:
            self._settle(policy)
        except InconclusiveError as error:
            if SHUTTING_DOWN in str(error):  # old sessions live on, for ever
                self.compose("restart", self.database)
            stack.recreate(self.value)  # its connection may be gone for good
            self._settle(policy)

    def _settle(self, policy: str) -> None:
        if policy and policy != stack.policy_of(self.value):
            self.value = stack.use_policy(self.value, policy)
        else:
            stack.settle(self.value, HEAL_LIMIT_S)

    def _ensure_running(self, service: str) -> None:
        """Bring a stopped, frozen or missing service back; do not wait for it to be ready."""
        try:
            state = self.container(service)["State"]
        except InconclusiveError:  # its container is gone
            self.up(service)
            return
        if state["Paused"]:
            self.compose("unpause", service)
        elif not state["Running"]:
            self.compose("start", service)


def told(value: Stack) -> str:
    """Return `compose ps` and the last lines of every service, for a failure's report."""
    try:
        seen = docker.compose(value, "ps", "--all")
        return seen + docker.compose(value, "logs", "--tail", "40")
    except DockerError as error:
        return str(error)


def watched(
    running: Running, folder: Path, command: list[str], **options
) -> tuple[OutageVerdict, Path]:
    """Have one outage by a command played, judged and kept; return the verdict and its folder."""
    asked = plan.Watched(command=command, title="test", **options)
    planned = plan.watched(running.target, asked)
    run = begin_run(running.value, "test", Path("target.toml"), planned, folder)
    verdict = play_run(run, running.value, View())
    return verdict.outages[0], run / "outages" / planned[0].name


Watch = Callable[..., OutageVerdict]


def mark_all(items: list[pytest.Item], conftest: str, *marks: pytest.MarkDecorator) -> None:
    """Give each test of a conftest's folder some marks: pytest hands every folder's to each."""
    for item in items:
        if Path(conftest).parent in item.path.parents:
            for mark in marks:
                item.add_marker(mark)


def need_image(name: str) -> None:
    """Fail without an image: a test that did not run has proven nothing, so there is no skip."""
    try:
        docker.run("image", "inspect", name)
    except DockerError:
        pytest.fail(f"no image {name}; run: make verify")

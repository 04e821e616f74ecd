"""A stack as tests use it: the value, as it is now, and what is asked of it most."""

from collections.abc import Callable
from pathlib import Path

import httpx

from recovery_lab import docker, plan, stack
from recovery_lab.docker import Stack
from recovery_lab.judge.verdict import OutageVerdict
from recovery_lab.run import Plan, begin_run, play_run
from recovery_lab.target import Target

ROOT = Path(__file__).parents[1]


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
        return stack.log(self.value, service)

    def compose(self, *words: str) -> str:
        """Run a Compose command on it."""
        return docker.compose(self.value, *words)

    def container(self, service: str) -> dict:
        """Return what Docker says of a service's container."""
        return docker.container(self.value, service)

    def heal(self, policy: str = "") -> None:
        """Bring the steady state back under a policy."""
        self.value = stack.heal(self.value, policy)


class Quiet:
    """A view that shows nothing."""

    def say(self, text: str) -> None:
        """Show no step."""

    def look(self, history) -> None:
        """Show no history."""


def watched(
    running: Running, folder: Path, command: list[str], **options
) -> tuple[OutageVerdict, Path]:
    """Have one outage by a command played, judged and kept; return the verdict and its folder."""
    asked = plan.Watched(command=command, title="test", **options)
    (info,) = plan.watched(running.target, asked)
    played = Plan(name="test", target="target.toml", seed=0, outages=[info])
    run = begin_run(played, running.value, folder)
    verdict = play_run(run, played, running.value, Quiet())
    return verdict.outages[0], run / "outages" / info.name


Watch = Callable[..., OutageVerdict]

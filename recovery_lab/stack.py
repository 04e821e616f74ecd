"""A stack of its own beside the user's: another project, port and volume, gone afterwards."""

import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import httpx

from recovery_lab import docker
from recovery_lab.errors import DockerError, InconclusiveError
from recovery_lab.faults.journal import named_stack
from recovery_lab.target import Target

NEVER_BACK = "pinned"  # its connection is gone for good after an outage: only another start helps


class Stack:
    """A private stack, addressed through this process' environment (`private_environment`)."""

    def __init__(self, target: Target) -> None:
        self.target = target

    @property
    def project(self) -> str:
        """The Compose project's name."""
        return os.environ["COMPOSE_PROJECT_NAME"]

    @property
    def url(self) -> str:
        """Where this machine reaches the dashboard."""
        return f"http://127.0.0.1:{os.environ[self.target.private.port_variable]}"

    @property
    def policy(self) -> str:
        """The pool policy that was asked for last."""
        return os.environ[self.target.private.policy_variable]

    def up(self, *services: str) -> None:
        """Start the stack, or the named services alone; `settle` waits for the steady state."""
        docker.compose(self.target, "up", "--detach", "--no-build", *services)

    def use_policy(self, name: str) -> None:
        """Recreate the dashboard with another pool policy; the database is left alone."""
        os.environ[self.target.private.policy_variable] = name
        words = ("up", "--detach", "--no-build", "--no-deps", "--force-recreate")
        docker.compose(self.target, *words, self.target.dashboard.service)
        self.settle()

    def heal(self, policy: str) -> None:
        """Bring the steady state back under a policy, whatever was left of both services."""
        self._ensure_running(self.target.database.service)
        if self.policy != policy or policy == NEVER_BACK:
            self.use_policy(policy)
        else:
            self._ensure_running(self.target.dashboard.service)
            self.settle()

    def settle(self, limit_s: float = 120.0) -> None:
        """Wait until System Health says `up`, with the policy asked for, and a live read is good.

        Raises InconclusiveError with the last trouble. A first start makes its data set. The
        dashboard is asked, and not Docker's health check, which looks every 3 s.
        """
        deadline, trouble = time.monotonic() + limit_s, ""
        while time.monotonic() < deadline:
            try:
                health = self.get(self.target.dashboard.health_path).json()
                status, policy = health["status"], health["pool"]["policy"]
                read = self.get(self.target.dashboard.read_path).status_code
                if (status, read, policy) == ("up", 200, self.policy):
                    return
                trouble = f"System Health says {status}, {policy}; a read is answered {read}"
            except (httpx.HTTPError, ValueError, KeyError) as error:
                trouble = f"{type(error).__name__}: {error}"
            time.sleep(0.1)  # polled: nobody tells
        raise InconclusiveError(f"no steady state after {limit_s:.0f} s: {trouble}")

    def _ensure_running(self, service: str) -> None:
        try:
            docker.ensure_running(self.target, service)
        except InconclusiveError:  # its container is gone
            self.up(service)

    def down(self) -> None:
        """Remove containers, networks and volumes, and helpers that are left; idempotent.

        Tried again for a while: a container that is just going still holds the network. Where no
        container is left and the daemon goes on counting an endpoint, only its restart frees it.
        """
        deadline = time.monotonic() + 10.0
        while True:
            for helper in docker.helpers(self.project):
                with suppress(DockerError):  # it may be going by itself
                    docker.run("rm", "--force", helper)
            try:
                words = ("down", "--volumes", "--remove-orphans", "--timeout", "2")
                docker.compose(self.target, *words)
            except DockerError as error:
                if time.monotonic() > deadline:
                    if "has active endpoints" in error.said and not docker.stands(self.project):
                        return
                    raise
                time.sleep(0.5)  # polled: nobody tells
            else:
                return

    def get(self, path: str, limit_s: float = 10.0) -> httpx.Response:
        """Ask the dashboard through its published port."""
        return httpx.get(f"{self.url}{path}", timeout=limit_s, trust_env=False)

    def log(self, service: str) -> str:
        """Return what a service has logged."""
        return docker.compose(self.target, "logs", "--no-log-prefix", service)


def told(stack: Stack) -> str:
    """Return `compose ps` and the last lines of every service, for a failure's report."""
    try:
        seen = docker.compose(stack.target, "ps", "--all")
        return seen + docker.compose(stack.target, "logs", "--tail", "40")
    except DockerError as error:
        return str(error)


def private_environment(target: Target, kind: str, policy: str) -> dict[str, str]:
    """Return the environment of a stack that meets no other: project by process, a free port.

    The port is picked once: Docker gives a container that restarts another ephemeral one.
    """
    private = target.private
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    return {
        **private.environment,
        "COMPOSE_PROJECT_NAME": f"recovery-lab-{kind}-{os.getpid()}",
        private.port_variable: str(port),
        private.policy_variable: policy,
    }


@contextmanager
def private_project(
    target: Target, kind: str, policy: str, keep: Callable[[], bool] = lambda: False
) -> Iterator[Stack]:
    """Address a private stack, not started yet, and remove it whatever happens but `keep`.

    The journal names it, so that `make heal` removes what a killed run has left.
    """
    before = dict(os.environ)
    os.environ.update(private_environment(target, kind, policy))
    stack = Stack(target)
    try:
        with named_stack(target, stack.project):
            try:
                yield stack
            finally:
                if not keep():
                    stack.down()
    finally:
        os.environ.clear()
        os.environ.update(before)


@contextmanager
def private_stack(target: Target, kind: str, policy: str) -> Iterator[Stack]:
    """Start a private stack; remove it whatever happens, a failed start and Ctrl-C included."""
    with private_project(target, kind, policy) as stack:
        stack.up()
        stack.settle()
        yield stack

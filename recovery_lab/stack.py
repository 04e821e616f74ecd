"""What can be done with a stack: a Compose project of a target, passed as a value."""

import os
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from typing import TypeVar

import httpx

from recovery_lab import docker
from recovery_lab.docker import Stack
from recovery_lab.errors import BadInputError, DockerError, InconclusiveError
from recovery_lab.faults import journal
from recovery_lab.faults.witness import Witness
from recovery_lab.interrupts import Interrupts
from recovery_lab.live import NotLiveError, live_body
from recovery_lab.target import Target

T = TypeVar("T")
_UP = ("up", "--detach", "--no-build")


def use_policy(stack: Stack, name: str) -> Stack:
    """Recreate the application with another policy, settled; the database is left alone."""
    variable = _declared(stack.target.private, "private").policy_variable
    if not variable:
        raise BadInputError(f"policy {name!r}: the target's [private] names no policy_variable")
    other = replace(stack, environment={**stack.environment, variable: name})
    recreate(other)
    return other


def recreate(stack: Stack) -> None:
    """Give the application a new container, and wait for the steady state."""
    service = _declared(stack.target.application, "application").service
    docker.compose(stack, *_UP, "--no-deps", "--force-recreate", service)
    settle(stack)


def settle_address(stack: Stack) -> None:
    """Give the database the lowest free address of its network, which it then has after a restart.

    Otherwise, after a failover or where others have come while it was down, a restart would move
    it: who is just connecting then waits for an address where nobody is, and that is no restart.
    """
    found = docker.container(stack, stack.target.database.service)
    own, way = found["Id"], found["NetworkSettings"]["Networks"].get(docker.network(stack)) or {}
    network, held = docker.addresses(stack)
    if (way.get("IPAMConfig") or {}).get("IPv4Address") or own not in held:
        return  # fixed by its Compose file; or away, of which its outage tells
    below = [one for one in held.values() if one < held[own]]
    if len(below) < int(held[own]) - int(network.network_address) - 1:
        docker.run("restart", own)
        settle(stack)


def settle(stack: Stack, limit_s: float = 120.0) -> None:
    """Wait for the steady state; raises InconclusiveError with the last trouble."""
    # A first start makes its data set. Docker's own health check looks every few seconds only.
    deadline, trouble = time.monotonic() + limit_s, ""
    with closing(Witness(stack)) as witness:
        while time.monotonic() < deadline:
            if not (trouble := _trouble(stack, witness)):
                return
            time.sleep(0.1)  # polled: nobody tells
    raise InconclusiveError(f"no steady state after {limit_s:.0f} s: {trouble}")


def _trouble(stack: Stack, witness: Witness) -> str:
    """Return what is not steady: a fresh session, `up` by the policy asked for, a live read."""
    health, application = stack.target.health, stack.target.application
    try:
        if (session := witness.probe().session) != "ok":
            return f"a fresh session: {session}"
        if health:
            told, wanted = get(stack, health.path).json(), policy_of(stack)
            policy = told["pool"]["policy"] if wanted else ""
            if told["status"] != "up" or policy != wanted:
                return f"health says {told['status']} {policy}".rstrip()
        if application:
            live_body(get(stack, application.read_path), application.read_must_have)
    except (httpx.HTTPError, DockerError, NotLiveError, ValueError, KeyError) as error:
        return f"{type(error).__name__}: {error}"
    return ""


def down(stack: Stack) -> None:
    """Remove containers, networks and volumes, and helpers that are left; idempotent."""
    deadline = time.monotonic() + 10.0  # a container that is just going still holds the network
    while True:
        for helper in docker.helpers(stack):
            with suppress(DockerError):  # it may be going by itself
                docker.run("rm", "--force", helper)
        try:
            docker.compose(stack, "down", "--volumes", "--remove-orphans", "--timeout", "2")
        except DockerError as error:
            if time.monotonic() > deadline:
                if "has active endpoints" in error.said and not docker.containers(stack):
                    return  # the daemon counts one that is gone: only its restart frees it
                raise
            time.sleep(0.5)  # polled: nobody tells
        else:
            return


def url(stack: Stack) -> str:
    """Return where this machine reaches the application."""
    private = stack.target.private
    port = stack.environment.get(private.port_variable) if private else None
    if port is None:
        one = _declared(stack.target.application, "application")
        told = docker.compose(stack, "port", one.service, str(one.published_port))
        port = told.strip().rpartition(":")[2]
    return f"http://127.0.0.1:{port}"


def get(stack: Stack, path: str, limit_s: float = 10.0) -> httpx.Response:
    """Ask the application through its published port."""
    return httpx.get(f"{url(stack)}{path}", timeout=limit_s, trust_env=False)


@contextmanager
def private_stack(
    target: Target,
    kind: str,
    environment: Mapping[str, str] | None = None,
    keep: Callable[[], bool] = lambda: False,
    *,
    started: bool = True,
) -> Iterator[Stack]:
    """Yield a stack that meets no other, removed unless told to `keep`; needs a [private] table."""
    private = _declared(target.private, "private")
    # Picked once: Docker gives a container that restarts another ephemeral one.
    given = {**private.environment, private.port_variable: str(free_port())}
    project = f"recovery-lab-{kind}-{os.getpid()}"
    stack = Stack(target=target, project=project, environment={**given, **(environment or {})})
    with journal.named_stack(stack):
        try:
            if started:
                if private.before_up:
                    docker.compose(stack, *private.before_up)
                docker.compose(stack, *_UP)
                settle(stack)
            yield stack
        finally:
            if not keep():
                with Interrupts(held_back=True):
                    down(stack)
                    # Of a database that is not back: gone with its container.
                    journal.path_of(stack, journal.FAULT).unlink(missing_ok=True)


def policy_of(stack: Stack) -> str:
    """Return the policy that a stack of our own was asked for; empty where it has none."""
    private = stack.target.private
    return stack.environment.get(private.policy_variable, "") if private else ""


def free_port() -> int:
    """Return a port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _declared(table: T | None, name: str) -> T:
    if table is None:
        raise BadInputError(f"the target declares no [{name}]")
    return table

"""What can be done with a stack: a Compose project of a target, passed as a value.

A private stack stands beside the user's: another project, port and volume, gone afterwards.
"""

import os
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import replace

import httpx

from recovery_lab import docker
from recovery_lab.docker import Stack
from recovery_lab.errors import BadInputError, DockerError, InconclusiveError
from recovery_lab.faults.journal import named_stack
from recovery_lab.faults.scene import HALF_SHUT_S, SHUTTING_DOWN
from recovery_lab.faults.witness import Witness
from recovery_lab.interrupts import Interrupts
from recovery_lab.target import Application, Private, Target

_UP = ("up", "--detach", "--no-build")
HEAL_LIMIT_S = 10.0  # an application that is not steady by then is started anew


def own_stack(target: Target) -> Stack:
    """Return the stack that plain `docker compose` means in the target's folder."""
    return Stack(target=target, project=docker.project_name(target))


def up(stack: Stack, *services: str) -> None:
    """Start the stack, or the named services alone; `settle` waits for the steady state."""
    docker.compose(stack, *_UP, *services)


def with_policy(stack: Stack, name: str) -> Stack:
    """Return the stack as it is with another policy; what runs is left alone."""
    variable = _private(stack.target).policy_variable
    if not variable:
        raise BadInputError(f"policy {name!r}: the target's [private] names no policy_variable")
    return replace(stack, environment={**stack.environment, variable: name})


def use_policy(stack: Stack, name: str) -> Stack:
    """Recreate the application with another policy, settled; the database is left alone."""
    other = with_policy(stack, name)
    _recreate(other)
    return other


def heal(stack: Stack, policy: str = "") -> Stack:
    """Bring the steady state back, under a policy, whatever was left of both services."""
    _ensure_running(stack, stack.target.database.service)
    if policy and policy != policy_of(stack):
        return use_policy(stack, policy)
    _ensure_running(stack, _application(stack.target).service)
    try:
        settle(stack, HEAL_LIMIT_S)
    except InconclusiveError:  # its connection may be gone for good
        _recreate(stack)
    return stack


def settle(stack: Stack, limit_s: float = 120.0) -> None:
    """Wait until a fresh session works, the application says `up`, and a live read is good.

    The application is to have the policy asked for. A half-shut server is restarted. Raises
    InconclusiveError with the last trouble. A first start makes its data set. The application is
    asked, and not Docker's health check, which looks every few seconds.
    """
    now = time.monotonic()
    deadline, not_shutting_at, trouble = now + limit_s, now, ""
    with closing(Witness(stack)) as witness:
        while (now := time.monotonic()) < deadline:
            if not (trouble := _trouble(stack, witness)):
                return
            if SHUTTING_DOWN not in trouble:
                not_shutting_at = now
            elif now > not_shutting_at + HALF_SHUT_S:
                docker.compose(stack, "restart", stack.target.database.service)
            time.sleep(0.1)  # polled: nobody tells
    raise InconclusiveError(f"no steady state after {limit_s:.0f} s: {trouble}")


def _trouble(stack: Stack, witness: Witness) -> str:
    """Return what keeps the stack from its steady state; empty where nothing does."""
    try:
        if (session := witness.probe().session) != "ok":
            return f"a fresh session: {session}"
        return _health_trouble(stack) or _read_trouble(stack)
    except (httpx.HTTPError, DockerError, ValueError, KeyError) as error:
        return f"{type(error).__name__}: {error}"


def _health_trouble(stack: Stack) -> str:
    if stack.target.health is None:
        return ""
    body, wanted = get(stack, stack.target.health.path).json(), policy_of(stack)
    policy = body["pool"]["policy"] if wanted else ""
    steady = body["status"] == "up" and policy == wanted
    return "" if steady else f"health says {body['status']} {policy}".rstrip()


def _read_trouble(stack: Stack) -> str:
    application = stack.target.application
    if application is None:
        return ""
    answer = get(stack, application.read_path)
    if answer.status_code != 200:
        return f"a read is answered {answer.status_code}"
    lacking = [name for name in application.read_must_have if name not in answer.json()]
    return f"a read lacks {', '.join(lacking)}" if lacking else ""


def down(stack: Stack) -> None:
    """Remove containers, networks and volumes, and helpers that are left; idempotent.

    Tried again for a while: a container that is just going still holds the network. Where no
    container is left and the daemon goes on counting an endpoint, only its restart frees it.
    """
    deadline = time.monotonic() + 10.0
    while True:
        for helper in docker.helpers(stack):
            with suppress(DockerError):  # it may be going by itself
                docker.run("rm", "--force", helper)
        try:
            docker.compose(stack, "down", "--volumes", "--remove-orphans", "--timeout", "2")
        except DockerError as error:
            if time.monotonic() > deadline:
                if "has active endpoints" in error.said and not docker.containers(stack):
                    return
                raise
            time.sleep(0.5)  # polled: nobody tells
        else:
            return


def url(stack: Stack) -> str:
    """Return where this machine reaches the application."""
    private = stack.target.private
    port = stack.environment.get(private.port_variable) if private else None
    if port is None:
        one = _application(stack.target)
        port = docker.published(stack, one.service, one.published_port).rpartition(":")[2]
    return f"http://127.0.0.1:{port}"


def get(stack: Stack, path: str, limit_s: float = 10.0) -> httpx.Response:
    """Ask the application through its published port."""
    return httpx.get(f"{url(stack)}{path}", timeout=limit_s, trust_env=False)


def log(stack: Stack, service: str) -> str:
    """Return what a service has logged."""
    return docker.compose(stack, "logs", "--no-log-prefix", service)


def told(stack: Stack) -> str:
    """Return `compose ps` and the last lines of every service, for a failure's report."""
    try:
        seen = docker.compose(stack, "ps", "--all")
        return seen + docker.compose(stack, "logs", "--tail", "40")
    except DockerError as error:
        return str(error)


@contextmanager
def private_project(
    target: Target,
    kind: str,
    environment: Mapping[str, str] | None = None,
    keep: Callable[[], bool] = lambda: False,
) -> Iterator[Stack]:
    """Yield a stack that meets no other, not started yet; remove it whatever happens but `keep`.

    The journal names it, so that `make heal` removes what a killed run has left. Raises
    BadInputError where the target does not say how a second stack is started.
    """
    private = _private(target)
    # Picked once: Docker gives a container that restarts another ephemeral one.
    given = {**private.environment, private.port_variable: str(free_port())}
    stack = Stack(
        target=target,
        project=f"recovery-lab-{kind}-{os.getpid()}",
        environment={**given, **(environment or {})},
    )
    with named_stack(stack):
        try:
            yield stack
        finally:
            if not keep():
                with Interrupts(held_back=True):
                    down(stack)


@contextmanager
def private_stack(
    target: Target,
    kind: str,
    environment: Mapping[str, str] | None = None,
    keep: Callable[[], bool] = lambda: False,
) -> Iterator[Stack]:
    """Start a private stack; remove it whatever happens, a failed start and Ctrl-C included."""
    with private_project(target, kind, environment, keep) as stack:
        up(stack)
        settle(stack)
        yield stack


def _ensure_running(stack: Stack, service: str) -> None:
    try:
        docker.ensure_running(stack, service)
    except InconclusiveError:  # its container is gone
        up(stack, service)


def _recreate(stack: Stack) -> None:
    service = _application(stack.target).service
    docker.compose(stack, *_UP, "--no-deps", "--force-recreate", service)
    settle(stack)


def policy_of(stack: Stack) -> str:
    """Return the policy that a stack of our own was asked for; empty where it has none."""
    private = stack.target.private
    return stack.environment.get(private.policy_variable, "") if private else ""


def free_port() -> int:
    """Return a port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _application(target: Target) -> Application:
    if target.application is None:
        raise BadInputError("the target declares no [application]")
    return target.application


def _private(target: Target) -> Private:
    if target.private is None:
        raise BadInputError("the target declares no [private]: it can have no stack of its own")
    return target.private

"""The one module that talks to Docker: by its command line, so that the user's contexts work."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Interface, IPv4Network
from pathlib import Path
from typing import Any

from recovery_lab.errors import BadInputError, DockerError, InconclusiveError
from recovery_lab.target import Target

_PROJECT, _SERVICE = "com.docker.compose.project", "com.docker.compose.service"
_ONE_OFF = "com.docker.compose.oneoff"
LABEL = "recovery-lab"  # on every container the lab itself starts
INSTRUMENT = "recovery-lab/instrument:local"  # Python, psycopg2, httpx, msgspec and iptables
_ERASE = "\x1b[2K"  # Compose 2.26 writes it before each line of a log, also without a terminal
PACE_S = 0.1
BROKEN_OFF_S = 3.0  # for a command that is broken off to end by itself
_LOCAL = ("unix://", "npipe://")  # sockets of this machine


def surroundings() -> dict[str, str]:
    """Return this process' environment, less what would change a docker command's meaning."""
    told = Path(__file__).with_name("surroundings.txt").read_text(encoding="utf-8")
    ignored = {line.split()[1] for line in told.splitlines() if line.startswith("ignored ")}
    return {name: value for name, value in os.environ.items() if name not in ignored}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """A Compose project of a target; `environment` is what Compose gets beside this process'."""

    target: Target
    project: str
    environment: Mapping[str, str] = field(default_factory=dict)

    def environ(self) -> dict[str, str]:
        """Return the whole environment of a command that is to mean this stack."""
        return {**surroundings(), **self.environment, "COMPOSE_PROJECT_NAME": self.project}


def run(
    *words: str,
    limit_s: float = 60.0,
    environ: Mapping[str, str] | None = None,
    pace: Callable[[], None] = lambda: None,
) -> str:
    """Run a `docker` command, calling `pace` meanwhile; return its output, or raise DockerError."""
    command, pipe, env = ["docker", *words], subprocess.PIPE, environ or surroundings()
    try:
        # A process session of its own: Ctrl-C reaches the runner alone, which ends it or heals.
        process = subprocess.Popen(
            command, stdout=pipe, stderr=pipe, text=True, env=env, start_new_session=True
        )
    except FileNotFoundError:
        raise DockerError(command, 127, "docker is not installed; run: make doctor") from None
    with process:
        try:
            said, complained = _communicate(process, limit_s, pace)
        except subprocess.TimeoutExpired:
            raise DockerError(command, 124, f"no answer after {limit_s:.0f} s") from None
        except BaseException:
            # The daemon does what it was asked in any case; what heals must come after it.
            with suppress(subprocess.TimeoutExpired):
                process.wait(BROKEN_OFF_S)
            raise
        finally:
            end_process_group(process, 5.0)
    if process.returncode:
        raise DockerError(command, process.returncode, complained or said)
    return said


def _communicate(
    process: "subprocess.Popen[str]", limit_s: float, pace: Callable[[], None]
) -> tuple[str, str]:
    deadline = time.monotonic() + limit_s
    while True:
        left_s = deadline - time.monotonic()
        try:
            return process.communicate(timeout=max(0.0, min(PACE_S, left_s)))
        except subprocess.TimeoutExpired:
            if left_s <= 0:
                raise
            pace()


def compose(stack: Stack, *words: str) -> str:
    """Run one `docker compose` command on a stack."""
    command = ["compose", "--project-name", stack.project, *_files(stack.target), *words]
    return run(*command, limit_s=120.0, environ=stack.environ())


def own_stack(target: Target) -> Stack:
    """Return the stack that plain `docker compose` means in the target's folder (kept in .env)."""
    found = json.loads(run("compose", *_files(target), "config", "--format", "json"))
    return Stack(target=target, project=str(found["name"]))


def network(stack: Stack) -> str:
    """Return the name of the network on which clients meet the database."""
    return f"{stack.project}_{stack.target.compose.network}"


def _files(target: Target) -> list[str]:
    files = [word for file in target.compose.files for word in ("--file", str(target.root / file))]
    return ["--project-directory", str(target.root), *files]


def endpoint() -> tuple[str, str]:
    """Return the name and the address of the daemon in use."""
    context = json.loads(run("context", "inspect"))[0]
    return context["Name"], os.environ.get("DOCKER_HOST") or context["Endpoints"]["docker"]["Host"]


def is_local() -> bool:
    """Tell whether the daemon is this machine's own."""
    return endpoint()[1].startswith(_LOCAL)


def describe_context() -> str:
    """Return `name (local)` or `name (address)`."""
    name, address = endpoint()
    return f"{name} ({'local' if address.startswith(_LOCAL) else address})"


def refuse_remote() -> None:
    """Raise BadInputError unless the daemon is this machine's own or LAB_ALLOW_REMOTE=1."""
    name, address = endpoint()
    if not address.startswith(_LOCAL) and os.environ.get("LAB_ALLOW_REMOTE") != "1":
        raise BadInputError(
            f"docker context {name!r} is {address}, not this machine: refusing to cause an "
            "outage there; run: docker context use default, or set LAB_ALLOW_REMOTE=1"
        )


def container(stack: Stack, service: str) -> dict[str, Any]:
    """Return what Docker says of a service's container; raises InconclusiveError without one."""
    ids = containers(stack, service)
    if not ids:
        raise InconclusiveError(f"service {service!r} has no container; run: make up")
    return inspect(ids[0])[0]


def running(*ids: str) -> list[str]:
    """Return which of some containers run."""
    there = set(run("ps", "--quiet", "--no-trunc").split())
    return [one for one in ids if one in there]


def inspect(*ids: str) -> list[dict[str, Any]]:
    """Return what Docker says of some containers."""
    found: list[dict[str, Any]] = json.loads(run("inspect", *ids)) if ids else []
    return found


def addresses(stack: Stack) -> tuple[IPv4Network, dict[str, IPv4Address]]:
    """Return the clients' network and its addresses by container; the gateway is `gateway`."""
    [found] = json.loads(run("network", "inspect", network(stack)))
    way = found["IPAM"]["Config"][0]
    held = {one: IPv4Interface(at["IPv4Address"]).ip for one, at in found["Containers"].items()}
    return IPv4Network(way["Subnet"]), {"gateway": IPv4Address(way["Gateway"]), **held}


def events(stack: Stack, since: float, until: float) -> list[tuple[float, str, str]]:
    """Return (Unix time in s, service, action) of a stack's containers, by the daemon's clock."""
    window = ("--since", f"{since:.6f}", "--until", f"{until:.6f}")
    which = ("--filter", "type=container", *_with_labels(*_labels(stack)))
    text = run("events", *window, *which, "--format", "{{json .}}")
    parsed = [json.loads(line) for line in text.splitlines()]
    # Health checks run by `exec`: every few seconds a line that says nothing of the container.
    return [
        (e["timeNano"] / 1e9, e["Actor"]["Attributes"].get(_SERVICE, ""), e["Action"])
        for e in parsed
        if "exec" not in e["Action"]
    ]


def service_log(
    stack: Stack, service: str, since: float, until: float, *, timed: bool = False
) -> str:
    """Return what a service's containers logged between two Unix times of the daemon's clock.

    `timed`: each line begins with its own, in ISO 8601, and a blank.
    """
    window = ["--since", f"{since:.6f}", "--until", f"{until:.6f}", *["--timestamps"] * timed]
    return compose(stack, "logs", "--no-log-prefix", *window, service).replace(_ERASE, "")


def containers(stack: Stack, service: str = "") -> list[str]:
    """Return the ids of a stack's containers, or of one service's, running or not."""
    return _ids(*_labels(stack, service))


def helpers(stack: Stack, *labels: str) -> list[str]:
    """Return the ids of what the lab has started beside a stack, running or not."""
    return _ids(f"{LABEL}=1", f"{LABEL}.project={stack.project}", *labels)


def _ids(*labels: str) -> list[str]:
    return run("ps", "--all", "--quiet", "--no-trunc", *_with_labels(*labels)).split()


def _with_labels(*labels: str) -> list[str]:
    return [word for label in labels for word in ("--filter", f"label={label}")]


def _labels(stack: Stack, service: str = "") -> list[str]:
    """Return the labels that Compose gives its containers, whatever folder one is in."""
    # An image that Compose built has project and service as well, and so all that is run from it.
    labels = {_PROJECT: stack.project, _SERVICE: service, _ONE_OFF: "False"}
    return [f"{name}={value}" for name, value in labels.items() if value]


def end_process_group(process: "subprocess.Popen[Any]", limit_s: float) -> None:
    """Ask a process and its children to end; kill them when they have not after `limit_s`."""
    if process.poll() is not None:
        return
    os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(limit_s)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(5.0)

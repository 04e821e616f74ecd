"""The one module that talks to Docker, through the `docker` command line.

The command line, not a client library, so that DOCKER_HOST, contexts and Docker Desktop work as
they do for the user. No command here waits without a limit.
"""

import json
import os
import signal
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from secrets import token_hex
from typing import IO, Any, NamedTuple, cast

from recovery_lab.errors import BadInputError, DockerError, InconclusiveError
from recovery_lab.target import Target

LABEL = "recovery-lab"  # on every container the lab itself starts
CPU_SHARES = "8192"  # a helper's weight where processors are short; a container's own is 1024


def _forget(listed: Path) -> None:
    """Take out of this process' environment what would change a docker command's meaning.

    The scripts do the same (scripts/lib.sh); who calls `recovery-lab` or pytest comes here.
    """
    for line in listed.read_text().splitlines():
        kind, name, _ = line.split(maxsplit=2)
        if kind == "ignored":
            os.environ.pop(name, None)


_forget(Path(__file__).with_name("surroundings.txt"))


def run(*words: str, limit_s: float = 60.0) -> str:
    """Run one `docker` command; return its standard output.

    Raises DockerError with the command's own message when it fails or takes too long.
    """
    command = ["docker", *words]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=limit_s, check=False)
    except FileNotFoundError:
        raise DockerError(command, 127, "docker is not installed; run: make doctor") from None
    except subprocess.TimeoutExpired:
        raise DockerError(command, 124, f"no answer after {limit_s:.0f} s") from None
    if done.returncode:
        raise DockerError(command, done.returncode, done.stderr or done.stdout)
    return done.stdout


def compose(target: Target, *words: str, limit_s: float = 120.0) -> str:
    """Run one `docker compose` command on the target's files."""
    files = [word for file in target.compose.files for word in ("--file", str(target.root / file))]
    command = ["compose", "--project-directory", str(target.root), *files, *words]
    return run(*command, limit_s=limit_s)


def endpoint() -> tuple[str, str]:
    """Return the name and the address of the daemon in use."""
    context = json.loads(run("context", "inspect"))[0]
    address = os.environ.get("DOCKER_HOST") or context["Endpoints"]["docker"]["Host"]
    return context["Name"], address


def describe_context() -> str:
    """Return `name (local)` or `name (address)`."""
    name, address = endpoint()
    return f"{name} ({'local' if is_local(address) else address})"


def describe_version() -> str:
    """Return the daemon's version and system."""
    return run(
        "version", "--format", "Engine {{.Server.Version}} ({{.Server.Os}}/{{.Server.Arch}})"
    ).strip()


def is_local(address: str) -> bool:
    """Tell whether a daemon's address is a socket of this machine."""
    return address.startswith(("unix://", "npipe://"))


def refuse_remote() -> None:
    """Refuse to take a database away on a daemon that is not this machine's own.

    Raises BadInputError unless the context is local or LAB_ALLOW_REMOTE=1.
    """
    name, address = endpoint()
    if not is_local(address) and os.environ.get("LAB_ALLOW_REMOTE") != "1":
        raise BadInputError(
            f"docker context {name!r} is {address}, not this machine: refusing to take a database "
            "away there; run: docker context use default, or set LAB_ALLOW_REMOTE=1"
        )


def container(target: Target, service: str) -> dict[str, Any]:
    """Return what `docker inspect` says of a service's one container, running or not.

    Raises InconclusiveError when the service has none.
    """
    ids = compose(target, "ps", "--all", "--quiet", service).split()
    if not ids:
        raise InconclusiveError(f"service {service!r} has no container; run: make up")
    found: dict[str, Any] = json.loads(run("inspect", ids[0]))[0]
    return found


def project_of(inspected: dict[str, Any]) -> str:
    """Return the Compose project of an inspected container."""
    return str(inspected["Config"]["Labels"]["com.docker.compose.project"])


def published(target: Target, service: str, port: int) -> str:
    """Return `address:port` on this machine of a published port."""
    return compose(target, "port", service, str(port)).strip()


def events(service: str, project: str, since: float, until: float) -> list[tuple[float, str]]:
    """Return (Unix time in s, action) of a service's containers, by the daemon's own clock."""
    text = run(
        "events",
        *("--since", f"{since:.6f}", "--until", f"{until:.6f}", "--format", "{{json .}}"),
        *("--filter", "type=container"),
        *("--filter", f"label=com.docker.compose.project={project}"),
        *("--filter", f"label=com.docker.compose.service={service}"),
    )
    parsed = [json.loads(line) for line in text.splitlines()]
    # Health checks run by `exec`: every few seconds a line that says nothing of the container.
    return [(e["timeNano"] / 1e9, e["Action"]) for e in parsed if "exec" not in e["Action"]]


def service_log(target: Target, service: str, since: float, until: float) -> str:
    """Return what a service's containers logged between two Unix times of the daemon's clock."""
    window = ("--since", f"{since:.6f}", "--until", f"{until:.6f}")
    return compose(target, "logs", "--no-log-prefix", *window, service)


def ensure_running(target: Target, service: str) -> None:
    """Bring a stopped or frozen service back; idempotent. Does not wait for it to be ready."""
    state = container(target, service)["State"]
    if state["Paused"]:
        compose(target, "unpause", service)
    elif not state["Running"]:
        compose(target, "start", service)


def helpers(project: str, *labels: str) -> list[str]:
    """Return the ids of what the lab has started beside a project, running or not."""
    wanted = (f"{LABEL}=1", f"{LABEL}.project={project}", *labels)
    filters = [word for label in wanted for word in ("--filter", f"label={label}")]
    return run("ps", "--all", "--quiet", "--no-trunc", *filters).split()


def stands(project: str) -> bool:
    """Tell whether a Compose project has any container, running or not."""
    label = f"label=com.docker.compose.project={project}"
    return bool(run("ps", "--all", "--quiet", "--filter", label).split())


class Helper(NamedTuple):
    """A running helper container: its client process and that one's standard streams."""

    process: "subprocess.Popen[bytes]"
    stdin: IO[bytes]
    stdout: IO[bytes]
    stderr: IO[bytes]

    def hang_up(self) -> None:
        """Close its input, which ends it; returns at once, `end` waits."""
        with suppress(BrokenPipeError):  # it may have ended by itself
            self.stdin.close()

    def end(self) -> None:
        """End it; idempotent."""
        self.hang_up()
        try:
            self.process.wait(5.0)
        except subprocess.TimeoutExpired:
            end_process_group(self.process, 5.0)

    def last_words(self) -> str:
        """End it, and return the last line of its complaints, else its exit status."""
        self.end()
        said = self.stderr.read().decode(errors="replace").strip()
        return said.splitlines()[-1] if said else f"exit status {self.process.poll()}"


def named_as_ours(project: str) -> list[str]:
    """Return the options that name and label a helper container of a project.

    Compose labels an image with the project it was built in; who looks for that project's
    containers by label would find ours among them, so those labels are emptied.
    """
    labels = (f"{LABEL}=1", f"{LABEL}.project={project}")
    not_composes = ("com.docker.compose.project=", "com.docker.compose.service=")
    options = ["--name", f"{project}-lab-{token_hex(4)}"]
    return options + [word for label in (*labels, *not_composes) for word in ("--label", label)]


def start_helper(
    image: str, network: str, project: str, mounts: Sequence[str], command: Sequence[str]
) -> Helper:
    """Start an unprivileged helper container on a network, its standard streams as pipes.

    It gets a process session of its own, so that Ctrl-C reaches the runner alone, and it ends
    when its standard input is closed. Its share of the processors comes before other containers':
    what measures keeps its schedule beside what is measured.
    """
    words = ["docker", "run", "--interactive", "--rm", "--network", network]
    words += [
        *named_as_ours(project),
        "--read-only",
        "--cap-drop",
        "ALL",
        "--security-opt",
        "no-new-privileges",
        "--cpu-shares",
        CPU_SHARES,
    ]
    for mount in mounts:
        words += ["--volume", mount]
    words += ["--entrypoint", command[0], image, *command[1:]]
    pipe = subprocess.PIPE
    process = subprocess.Popen(words, stdin=pipe, stdout=pipe, stderr=pipe, start_new_session=True)
    streams = cast("tuple[IO[bytes], ...]", (process.stdin, process.stdout, process.stderr))
    return Helper(process, *streams)


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

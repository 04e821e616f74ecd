"""The lab's own programs, each in a helper container on the clients' network."""

import subprocess
import threading
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from secrets import token_hex
from typing import IO, NamedTuple, cast

import msgspec

from recovery_lab import docker
from recovery_lab.docker import LABEL, Stack, end_process_group
from recovery_lab.record.session import Login

CPU_SHARES = "8192"  # a helper's weight where processors are short; a container's own is 1024
_PACKAGE = Path(__file__).resolve().parent
_MOUNTED = "/instrument"


class Helper(NamedTuple):
    """A running helper container: its client process, its streams, and its last complaints."""

    process: "subprocess.Popen[bytes]"
    stdin: IO[bytes]
    stdout: IO[bytes]
    stderr: IO[bytes]
    complaints: deque[bytes]
    reader: threading.Thread

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
        self.reader.join(1.0)

    def last_words(self) -> str:
        """End it, and return the last line of its complaints, else its exit status."""
        self.end()
        said = [line.decode(errors="replace").strip() for line in self.complaints]
        return next((line for line in reversed(said) if line), f"exit status {self.process.poll()}")


def start_program(
    stack: Stack, image: str, module: str, assignment: str, mounts: Sequence[str] = ()
) -> Helper:
    """Start a module in an unprivileged helper container, its standard streams as pipes.

    It gets a process session of its own, so that Ctrl-C reaches the runner alone, and it ends
    when its standard input is closed. Its share of the processors comes before other containers':
    what measures keeps its schedule beside what is measured.
    """
    words = ["docker", "run", "--interactive", "--rm", "--network", docker.network(stack)]
    words += [*named_as_ours(stack), "--read-only", "--cap-drop", "ALL"]
    words += ["--security-opt", "no-new-privileges", "--cpu-shares", CPU_SHARES]
    # What it says is kept by the runner, once; a contender with its pools needs 100 MB.
    words += ["--log-driver", "none", "--memory", "512m", "--pids-limit", "512"]
    # Always the code of this checkout, whatever an image holds; what is its own stands in /app.
    words += ["--workdir", _MOUNTED, "--env", f"PYTHONPATH={_MOUNTED}:/app"]
    here = f"{_PACKAGE}:{_MOUNTED}/{_PACKAGE.name}:ro"
    for mount in (here, *stack.target.password_mounts, *mounts):
        words += ["--volume", mount]
    words += ["--entrypoint", "python", image, "-m", module, assignment]
    pipe = subprocess.PIPE
    process = subprocess.Popen(
        words,
        stdin=pipe,
        stdout=pipe,
        stderr=pipe,
        env=docker.surroundings(),
        start_new_session=True,
    )
    return helper_of(process)


def helper_of(process: "subprocess.Popen[bytes]") -> Helper:
    """Return the helper of a client process, whose complaints are read all the time.

    Who complains much would else wait for a full pipe, and hang its reads.
    """
    stdin, stdout, stderr = cast(
        "tuple[IO[bytes], IO[bytes], IO[bytes]]", (process.stdin, process.stdout, process.stderr)
    )
    complaints: deque[bytes] = deque(maxlen=20)
    reader = threading.Thread(target=complaints.extend, args=(stderr,), daemon=True)
    reader.start()
    return Helper(process, stdin, stdout, stderr, complaints, reader)


def login(stack: Stack) -> Login:
    """Return how a program in a container logs in to the stack's database."""
    return msgspec.convert(stack.target.login(stack.environ()), Login)


def named_as_ours(stack: Stack) -> list[str]:
    """Return the options that name and label a helper container of a stack.

    Compose labels an image with the project it was built in; who looks for that project's
    containers by label would find ours among them, so those labels are emptied.
    """
    labels = (f"{LABEL}=1", f"{LABEL}.project={stack.project}")
    not_composes = ("com.docker.compose.project=", "com.docker.compose.service=")
    options = ["--name", f"{stack.project}-lab-{token_hex(4)}"]
    return options + [word for label in (*labels, *not_composes) for word in ("--label", label)]

"""The lab's own programs, each in a helper container on the clients' network."""

import select
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from secrets import token_hex
from subprocess import PIPE, Popen, TimeoutExpired
from typing import IO, Any, cast

import msgspec

from recovery_lab import docker
from recovery_lab.docker import LABEL, Stack, end_process_group
from recovery_lab.errors import InconclusiveError
from recovery_lab.login import Login
from recovery_lab.record.history import AnyRecord, Trouble, decode

PROGRAM = f"{LABEL}.program"  # a helper's label: the module that it runs
CONTENDER, OBSERVER = "recovery_lab.contenders.program", "recovery_lab.record.fresh"
CPU_SHARES = "8192"  # eight containers' worth: what measures keeps its schedule beside the measured
_PACKAGE = Path(__file__).resolve().parent
_MOUNTED = "/instrument"


class Helper:
    """A running helper container: orders go in as lines, answers or records come out."""

    def __init__(self, name: str, process: Popen[bytes], assignment: Any = None) -> None:
        self.name = name
        self.process = process
        self.assignment = assignment
        streams = (process.stdin, process.stdout, process.stderr)
        self.stdin, self.stdout, self.stderr = cast("tuple[IO[bytes], ...]", streams)
        self._complaints: deque[bytes] = deque(maxlen=20)
        self._readers: list[threading.Thread] = []
        # All the time: who complains much would else wait for a full pipe, and hang its reads.
        self._read(self._complaints.extend, self.stderr)

    def order(self, order: str) -> None:
        """Give it an order; raises InconclusiveError with its last words when it is gone."""
        try:
            self.stdin.write(order.encode() + b"\n")
            self.stdin.flush()
        except (BrokenPipeError, ValueError) as error:
            raise InconclusiveError(f"{self.name} is gone: {self.last_words()}") from error

    def ask(self, order: str, limit_s: float) -> bytes:
        """Give it an order; return the line it answers. Raises InconclusiveError without one."""
        self.order(order)
        if not select.select([self.stdout], [], [], limit_s)[0]:
            end_process_group(self.process, 1.0)
            raise InconclusiveError(f"no word from {self.name} in {limit_s:.0f} s")
        if not (line := self.stdout.readline()):
            raise InconclusiveError(f"{self.name} ended: {self.last_words()}")
        return line

    def listen(self, on_record: Callable[[AnyRecord], None]) -> None:
        """Hand on each record that it writes, on a thread of its own."""

        def hand_on(lines: IO[bytes]) -> None:
            for line in lines:
                try:
                    record = decode(line)
                except msgspec.MsgspecError as error:
                    said = f"{self.name} wrote no record: {error}: {line[:80]!r}"
                    record = Trouble(at=0.0, message=said)
                on_record(record)

        self._read(hand_on, self.stdout)

    def verify_alive(self) -> None:
        """Raise InconclusiveError with its last words when it has ended."""
        if self.process.poll() is not None:
            raise InconclusiveError(f"{self.name} ended: {self.last_words()}")

    def last_words(self) -> str:
        """End it, and return the last line of its complaints, else its exit status."""
        self.end()
        said = [line.decode(errors="replace").strip() for line in self._complaints]
        return next((line for line in reversed(said) if line), f"exit status {self.process.poll()}")

    def hang_up(self) -> None:
        """Close its input, which ends it; returns at once, `end` waits."""
        with suppress(BrokenPipeError):  # it may have ended by itself
            self.stdin.close()

    def end(self) -> None:
        """End it, when all that it has said is read; idempotent."""
        self.hang_up()
        try:
            self.process.wait(5.0)
        except TimeoutExpired:
            end_process_group(self.process, 5.0)
        for reader in self._readers:
            reader.join(5.0)
        self.stdout.close()
        self.stderr.close()

    def _read(self, read: Callable[[IO[bytes]], None], stream: IO[bytes]) -> None:
        self._readers.append(threading.Thread(target=read, args=(stream,), daemon=True))
        self._readers[-1].start()


def start_program(stack: Stack, name: str, image: str, module: str, assignment: Any) -> Helper:
    """Start a module in an unprivileged helper container, which ends with its standard input."""
    return _start(stack, name, words_of(stack, image, module, assignment), assignment)


def start_inside(stack: Stack, inside: str, name: str, module: str, assignment: Any) -> Helper:
    """Start a module that shares the network and the processes of a container, named by its id."""
    there = f"container:{inside}"
    own = words_of(stack, docker.INSTRUMENT, module, assignment, there)
    return _start(stack, name, ["--pid", there, *own], assignment)


def _start(stack: Stack, name: str, its_words: list[str], assignment: Any) -> Helper:
    words = ["docker", "run", "--interactive", "--rm"]
    # What it says is kept by the runner, once.
    words += [*named_as_ours(stack), "--log-driver", "none", *its_words]
    env = docker.surroundings()
    # A process session of its own: Ctrl-C reaches the runner alone.
    process = Popen(words, stdin=PIPE, stdout=PIPE, stderr=PIPE, env=env, start_new_session=True)
    return Helper(name, process, assignment)


def words_of(
    stack: Stack, image: str, module: str, assignment: Any, network: str = ""
) -> list[str]:
    """Return the words of `docker run` for a module, unprivileged, on the clients' network.

    `network` is another, as Docker names it.
    """
    told = msgspec.json.encode(assignment).decode()
    words = ["--network", network or docker.network(stack), "--label", f"{PROGRAM}={module}"]
    words += ["--read-only", "--cap-drop", "ALL"]
    words += ["--security-opt", "no-new-privileges", "--cpu-shares", CPU_SHARES]
    words += ["--memory", "512m", "--pids-limit", "512"]  # a contender with its pools needs 100 MB
    # Always the code of this checkout, whatever an image holds; what is its own stands in /app.
    words += ["--workdir", _MOUNTED, "--env", f"PYTHONPATH={_MOUNTED}:/app"]
    # A helper sees no password but those of the logins that it is told.
    files = stack.target.login_files.items()
    told_of = [f"{file}:{inside}:ro" for inside, file in files if inside in told]
    for mount in (f"{_PACKAGE}:{_MOUNTED}/{_PACKAGE.name}:ro", *told_of):
        words += ["--volume", mount]
    return [*words, "--entrypoint", "python", image, "-m", module, told]


def clients(stack: Stack) -> list[str]:
    """Return the ids of the contenders' containers, the application's among them."""
    return [*docker.helpers(stack, f"{PROGRAM}={CONTENDER}"), *application(stack)]


def application(stack: Stack) -> list[str]:
    """Return the ids of the application's containers; none without one."""
    own = stack.target.application
    return docker.containers(stack, own.service) if own else []


def login(stack: Stack) -> Login:
    """Return how a program in a container logs in to the stack's database."""
    return msgspec.convert(stack.target.login(stack.environ()), Login)


def admin_login(stack: Stack) -> Login | None:
    """Return how the target's admin does, where one is declared."""
    way = stack.target.admin_login(stack.environ())
    return msgspec.convert(way, Login) if way else None


def named_as_ours(stack: Stack) -> list[str]:
    """Return the options that name and label a helper container of a stack."""
    labels = [f"{LABEL}=1", f"{LABEL}.project={stack.project}"]
    # Emptied: an image has the labels of the project it was built in, and so would our container.
    labels += ["com.docker.compose.project=", "com.docker.compose.service="]
    options = ["--name", f"{stack.project}-lab-{token_hex(4)}"]
    return options + [word for label in labels for word in ("--label", label)]

"""The write-ahead journal, a file a project: what is open; its run lives while the lock is held."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import msgspec

from recovery_lab import docker
from recovery_lab.docker import Stack
from recovery_lab.errors import BadInputError
from recovery_lab.target import Target

FOLDER = Path(".lab/journal")  # under the target's root
FAULT, STACK = ".fault", ".stack"


class HeldError(BadInputError):
    """Another process, which lives, holds a file of the journal."""


class OpenStack(msgspec.Struct, frozen=True, kw_only=True):
    """A private stack: written before it is started, removed when it is gone."""

    stack: Stack
    docker: str = msgspec.field(default_factory=lambda: docker.endpoint()[1])  # its daemon
    pid: int = msgspec.field(default_factory=os.getpid)  # of who answers for it


class OpenFault(OpenStack, frozen=True, kw_only=True):
    """A fault that may be in: written before it is injected, removed when it is seen healed."""

    fault: str
    server_started: str  # before it
    healing: bool = False  # its run is gone, and another process heals

    def __str__(self) -> str:
        does = "heals it" if self.healing else "injected it"
        return (
            f"{self.stack.project}: fault {self.fault!r} is open; process {self.pid} {does}; "
            "where that one is gone, run: make heal"
        )


E = TypeVar("E", bound=OpenStack)


def path_of(stack: Stack, suffix: str) -> Path:
    """Return the journal's file for a stack."""
    return stack.target.root / FOLDER / f"{stack.project}{suffix}"


def paths(target: Target, suffix: str) -> list[Path]:
    """Return the journal's files of a kind."""
    return sorted((target.root / FOLDER).glob(f"*{suffix}"))


def read(path: Path, kind: type[E]) -> E | None:
    """Read an entry; None where there is none. Raises BadInputError for another version's."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    if not content.endswith(b"\n"):
        return None  # never finished, so what it names was never begun
    try:
        return msgspec.json.decode(content, type=kind, dec_hook=lambda kind, text: kind(text))
    except msgspec.MsgspecError as error:
        raise BadInputError(f"{path}: not this version's journal: {error}") from error


def write(path: Path, entry: OpenStack) -> None:
    """Write an entry into a file that this process holds; it is on the disk when this returns."""
    with path.open("wb") as file:
        file.write(msgspec.json.encode(entry, enc_hook=str) + b"\n")
        file.flush()
        os.fsync(file.fileno())


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Hold a file of the journal; raises HeldError while another does. An empty one goes after."""
    descriptor = _locked(path)
    try:
        yield
    finally:
        if read(path, OpenStack) is None:
            path.unlink(missing_ok=True)
        os.close(descriptor)


@contextmanager
def named_stack(stack: Stack) -> Iterator[None]:
    """Name a private stack while it may stand; the name stays where containers of it do."""
    path = path_of(stack, STACK)
    with held(path):
        write(path, OpenStack(stack=stack))
        try:
            yield
        finally:
            if not docker.containers(stack):
                path.unlink(missing_ok=True)


def _locked(path: Path) -> int:
    path.parent.mkdir(parents=True, exist_ok=True)
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.path.samestat(path.stat(), os.fstat(descriptor)):
                return descriptor
        except BlockingIOError:
            os.close(descriptor)
            entry = read(path, OpenStack)
            whose = f"a run that lives{f' (process {entry.pid})' if entry else ''}"
            told = f"held by {whose}; wait for it, or end it: its watchdog heals"
            raise HeldError(f"{path.name}: {told}") from None
        except FileNotFoundError:
            pass
        os.close(descriptor)  # its last holder removed it meanwhile

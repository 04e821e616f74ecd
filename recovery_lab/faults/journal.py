"""The write-ahead journal: what is open, named before it is injected, and who holds it.

One file for each project under .lab/journal/. The lock on it (flock) dies with its holder: an
entry whose lock can be taken belongs to a run that is gone.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

import msgspec

from recovery_lab import docker
from recovery_lab.docker import Stack
from recovery_lab.errors import BadInputError
from recovery_lab.faults.scene import Before
from recovery_lab.target import Target

FOLDER = Path(".lab/journal")  # under the target's root
FAULT, STACK = ".fault", ".stack"


class HeldError(BadInputError):
    """Another process, which lives, holds a file of the journal."""


class OpenStack(msgspec.Struct, frozen=True, kw_only=True):
    """A private stack: written before it is started, removed when it is gone.

    `docker` is the daemon's address, `pid` of who answers for it.
    """

    stack: Stack
    docker: str
    pid: int


class OpenFault(OpenStack, frozen=True, kw_only=True):
    """A fault that may be in: written before it is injected, removed when it is seen healed.

    `healing` tells that its run is gone and another process heals.
    """

    fault: str
    hold_s: float
    before: Before
    healing: bool = False

    def __str__(self) -> str:
        """Say it in a line."""
        does = "heals it" if self.healing else "injected it"
        return (
            f"{self.stack.project}: fault {self.fault!r} is open; process {self.pid} {does}; "
            "where that one is gone, run: make heal"
        )


E = TypeVar("E", bound=OpenStack)


@dataclass(frozen=True, slots=True)
class Held(Generic[E]):
    """One file of the journal, locked by this process (`held`)."""

    path: Path
    descriptor: int
    kind: type[E]

    def entry(self) -> E | None:
        """Return what is open; None where nothing is, or was not written whole."""
        return read(self.path, self.kind)

    def write(self, entry: E) -> None:
        """Write an entry; it is on the disk when this returns."""
        os.ftruncate(self.descriptor, 0)
        os.pwrite(self.descriptor, msgspec.json.encode(entry, enc_hook=str) + b"\n", 0)
        os.fsync(self.descriptor)

    def remove(self) -> None:
        """Remove the entry with its file."""
        self.path.unlink(missing_ok=True)


def path_of(stack: Stack, suffix: str) -> Path:
    """Return the journal's file for a stack."""
    return stack.target.root / FOLDER / f"{stack.project}{suffix}"


def paths(target: Target, suffix: str) -> list[Path]:
    """Return the journal's files of a kind."""
    return sorted((target.root / FOLDER).glob(f"*{suffix}"))


def read(path: Path, kind: type[E]) -> E | None:
    """Read an entry; None where there is none. Raises BadInputError for another version's.

    One without its newline was never finished, so what it names was never begun.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    if not content.endswith(b"\n"):
        return None
    try:
        return msgspec.json.decode(content, type=kind, dec_hook=lambda kind, text: kind(text))
    except msgspec.MsgspecError as error:
        raise BadInputError(f"{path}: not this version's journal: {error}") from error


@contextmanager
def held(path: Path, kind: type[E]) -> Iterator[Held[E]]:
    """Hold a file of the journal; raises HeldError while another process holds it.

    An empty file does not stay: nothing is open there.
    """
    one = Held(path, _locked(path, kind), kind)
    try:
        yield one
    finally:
        if one.entry() is None:
            one.remove()
        os.close(one.descriptor)


@contextmanager
def named_stack(stack: Stack) -> Iterator[None]:
    """Name a private stack while it may stand; the name stays where containers of it do."""
    with held(path_of(stack, STACK), OpenStack) as one:
        one.write(OpenStack(stack=stack, docker=docker.endpoint()[1], pid=os.getpid()))
        try:
            yield
        finally:
            if not docker.containers(stack):
                one.remove()


def _locked(path: Path, kind: type[E]) -> int:
    path.parent.mkdir(parents=True, exist_ok=True)
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.path.samestat(path.stat(), os.fstat(descriptor)):
                return descriptor
        except BlockingIOError:
            os.close(descriptor)
            raise HeldError(_whose(path, kind)) from None
        except FileNotFoundError:
            pass
        os.close(descriptor)  # its last holder removed it meanwhile


def _whose(path: Path, kind: type[E]) -> str:
    entry = read(path, kind)
    pid = f" (process {entry.pid})" if entry else ""
    return f"{path.name}: held by a run that lives{pid}; wait for it, or end it: its watchdog heals"

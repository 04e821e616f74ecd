"""How one logs in: the way there, the secret as it is now, and a name that may not resolve."""

import socket
import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import TypeVar

import msgspec

T = TypeVar("T")


class Login(msgspec.Struct, frozen=True, kw_only=True):
    """How to log in; a password that stands in a file is read anew for each session."""

    host: str
    port: int
    name: str
    user: str
    password_file: str = ""
    password: str = ""
    sslmode: str = ""
    sslrootcert: str = ""

    def secret(self) -> str:
        """Return the password as it is now."""
        return self.password or Path(self.password_file).read_text(encoding="utf-8").strip()

    def resolve(self) -> str:
        """Return the host's first address; blocks as the resolver does: give it its own thread."""
        return str(socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)[0][4][0])


class DeadlineError(Exception):
    """The session did not get that far (`connect`, `execute`) in time; it is of no use any more."""

    def __init__(self, phase: str, limit_s: float) -> None:
        self.phase = phase
        super().__init__(f"{phase} not done after {limit_s:.1f} s")


def look_up(login: Login, limit_s: float) -> str:
    """Look the name up, so as to give up on it. Raises DeadlineError or OSError."""
    return on_thread(login.resolve, limit_s, "look-up")


def on_thread(act: Callable[[], T], limit_s: float, phase: str) -> T:
    """Return what an act returns, or raise it; DeadlineError: not in time, and it is left alone."""
    done = begun(act)
    try:
        return done.result(limit_s)
    except TimeoutError:
        if done.done():
            raise  # its own
        raise DeadlineError(phase, limit_s) from None


def begun(act: Callable[[], T]) -> "Future[T]":
    """Begin an act on a thread of its own, for which no process waits when it ends."""
    done: Future[T] = Future()

    def run() -> None:
        try:
            done.set_result(act())
        except Exception as error:  # noqa: BLE001 # the caller's to judge
            done.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return done


def first_line(error: Exception) -> str:
    """Return the first line of an error; addresses and hints that follow it are left out."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]

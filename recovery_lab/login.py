"""How one logs in: the way there, the secret as it is now, and a name that may not resolve."""

import socket
import threading
from concurrent.futures import Future
from pathlib import Path

import msgspec


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
    """Look the name up, on a thread, so as to give up on it. Raises DeadlineError or OSError."""
    looked: Future[str] = Future()

    def look() -> None:
        try:
            looked.set_result(login.resolve())
        except OSError as error:
            looked.set_exception(error)

    threading.Thread(target=look, daemon=True).start()
    try:
        return looked.result(limit_s)
    except TimeoutError:
        raise DeadlineError("look-up", limit_s) from None


def first_line(error: Exception) -> str:
    """Return the first line of an error; addresses and hints that follow it are left out."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]

"""A scratch PostgreSQL on loopback, which lets go of clients that vanished, and is taken away."""

import contextlib
import os
import pwd
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import psycopg

SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "log_connections": "on",
    "tcp_keepalives_idle": "5",
    "tcp_keepalives_interval": "2",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "8s",
}
PORTS = range(20000, 30000)
LIMIT_S = 60.0


class Server:
    """One server; its signals are sent by this process, as its own user or as root."""

    def __init__(self) -> None:
        self._bin = _binaries()
        self._folder = Path(tempfile.mkdtemp(prefix="steadypool-measure-"))
        self._data, self._log = self._folder / "data", self._folder / "log"
        self._as: dict[str, Any] = {"cwd": self._folder}
        self._process: subprocess.Popen[bytes] | None = None
        if os.geteuid() == 0:  # it refuses to run as root
            user = pwd.getpwnam("nobody")
            self._as |= {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
            os.chown(self._folder, user.pw_uid, user.pw_gid)
        self.port = _free_port()

    def __enter__(self) -> Self:
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # which ends as Ctrl-C does
        try:
            command = [str(self._bin / "initdb"), *"-U postgres -A trust -N -D".split()]
            command.append(str(self._data))
            subprocess.run(command, check=True, capture_output=True, timeout=LIMIT_S, **self._as)
            self.start()
            wait_for(self._answers)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None and self._process.poll() is None:
            self.kill()
        shutil.rmtree(self._folder)

    def start(self) -> None:
        """Begin to start it."""
        settings = [f"--{name}={value}" for name, value in SETTINGS.items()]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [self._bin / "postgres", "-D", self._data, "-p", str(self.port), *settings],
                stdout=log,
                stderr=log,
                start_new_session=True,  # an interrupt of the terminal's is not for it
                **self._as,
            )

    def stop(self) -> None:
        """Stop it as an operator would: a fast shutdown."""
        self._postmaster.send_signal(signal.SIGINT)
        self._postmaster.wait(LIMIT_S)
        self._process = None

    def kill(self) -> None:
        """Kill all its processes."""
        children = self.freeze()
        self._postmaster.kill()
        for child in children:
            os.kill(child, signal.SIGKILL)
        self._postmaster.wait(LIMIT_S)
        self._process = None
        wait_for(lambda: all(_state(child) in {"", "Z"} for child in children))

    def freeze(self) -> list[int]:
        """Stop all its processes where they are; return those beside the first."""
        self._postmaster.send_signal(signal.SIGSTOP)
        wait_for(lambda: _state(self._postmaster.pid) == "T")  # from now on it starts no more
        children = self._children()
        for child in children:
            os.kill(child, signal.SIGSTOP)
        return children

    def thaw(self) -> None:
        """Let all its processes go on, and see that they do."""

        def is_thawed() -> bool:
            stopped = [
                pid for pid in (self._postmaster.pid, *self._children()) if _state(pid) == "T"
            ]
            for pid in stopped:
                os.kill(pid, signal.SIGCONT)
            return not stopped

        wait_for(is_thawed)

    def terminate(self, application: str) -> float:
        """End all sessions of an application; return when that began."""
        pids = self.sessions(application)
        began_at = time.monotonic()
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):  # it ended by itself
                os.kill(pid, signal.SIGTERM)  # as pg_terminate_backend does
        return began_at

    def crash(self, application: str) -> float:
        """Kill one session of an application, so that all are lost; return when that began."""
        pid, before = self.sessions(application)[0], len(self.log())
        began_at = time.monotonic()
        os.kill(pid, signal.SIGKILL)
        wait_for(lambda: "all server processes terminated" in self.log()[before:])
        return began_at

    def sessions(self, application: str) -> list[int]:
        """Return the processes of an application's sessions, the oldest first."""
        asked = (
            "SELECT pid FROM pg_stat_activity WHERE application_name = %s ORDER BY backend_start"
        )
        with self._session() as session:
            return [row[0] for row in session.execute(asked, [application])]

    def log(self) -> str:
        """Return all that it has logged."""
        return self._log.read_text(errors="replace")

    @property
    def _postmaster(self) -> "subprocess.Popen[bytes]":
        if self._process is None:
            raise RuntimeError("the server does not run; start it first")
        return self._process

    def _children(self) -> list[int]:
        pid = self._postmaster.pid
        return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]

    def _session(self) -> "psycopg.Connection[tuple[Any, ...]]":
        return psycopg.connect(f"host=127.0.0.1 port={self.port} user=postgres connect_timeout=5")

    def _answers(self) -> bool:
        if self._postmaster.poll() is not None:
            raise RuntimeError(f"the server did not start: {self.log()[-500:]}")
        try:
            self._session().close()
        except psycopg.OperationalError:
            return False
        return True


def _binaries() -> Path:
    """Return the folder of PostgreSQL's programs."""
    known = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    on_path = [Path(one) for one in os.environ.get("PATH", "").split(":")]
    for folder in (Path(os.environ.get("PG_BIN", "/none")), *on_path, *reversed(known)):
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    raise FileNotFoundError("no initdb and postgres on PATH; give their folder by PG_BIN")


def _free_port() -> int:
    for port in random.sample(PORTS, 100):
        with socket.socket() as one:
            if one.connect_ex(("127.0.0.1", port)):
                return port
    raise OSError("no free port from 20000 to 30000; end what listens there")


def _state(pid: int) -> str:
    """Return a process' state as the kernel tells it; empty when it is gone."""
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][:1]
    return ""


def wait_for(condition: Callable[[], bool]) -> None:
    """Wait until something is so.

    Raises:
        TimeoutError: it is not within a minute.
    """
    until = time.monotonic() + LIMIT_S
    while not condition():
        if time.monotonic() > until:
            raise TimeoutError(f"the server did not do as told within {LIMIT_S:.0f} s")
        time.sleep(0.005)

"""A PostgreSQL in no container: the host's own programs, in a scratch folder, on loopback.

It is started and restarted in place by an unprivileged user, as a developer's own server is.
"""

import os
import pwd
import random
import secrets
import shlex
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from tests.strangers import binaries
from tests.strangers.ending import at_the_end

NAME = "shop"  # the role that the applications log in as, and its database
ITEMS = ("bolt", "nut", "rivet", "screw", "washer")
LIMIT_S = 30
PORTS = (20000, 30000)  # below those that Linux and macOS give to connections

CONFIGURATION = """
listen_addresses = '127.0.0.1'
port = {port}
unix_socket_directories = ''
"""
SCRIPT = """#!/bin/sh
# Starts, stops or restarts the server of this folder, or ends it for good.
# usage: database.sh start|stop|restart|status [fast|smart|immediate], or: database.sh end
cd {folder} || exit
control() {{ {pg_ctl} --mode="$2" "$1"; }}
case "$1" in
end)
  control stop immediate
  cd / && rm -rf {folder}
  ;;
*) control "$1" "${{2:-fast}}" ;;
esac
"""


class Server:
    """Holds the server's folder; `command` gives what a user would type."""

    def __init__(self, folder: Path, programs: Path) -> None:
        self.folder = folder
        self.log = folder / "server.log"
        self.port = _port()
        self._programs = programs
        self._password = secrets.token_hex(8)
        self._script = folder / "database.sh"
        control = [*_unprivileged(), str(programs / "pg_ctl"), "--wait", "--silent"]
        control += [f"--timeout={LIMIT_S}", f"--pgdata={folder / 'data'}", f"--log={self.log}"]
        quoted = shlex.quote(str(folder))
        self._script.write_text(SCRIPT.format(folder=quoted, pg_ctl=shlex.join(control)))

    def url(self, user: str = NAME, database: str = NAME) -> str:
        """Return the address with its login, as applications are given it."""
        return f"postgresql://{user}:{self._password}@127.0.0.1:{self.port}/{database}"

    def command(self, verb: str, mode: str = "") -> list[str]:
        """Return a command's words: start, stop, restart or status, in one of pg_ctl's modes."""
        return ["sh", str(self._script), verb, *([mode] if mode else [])]

    def start(self) -> None:
        """Return when it takes sessions."""
        self._tell("start")

    def stop(self, mode: str = "fast") -> None:
        """Return when it is gone."""
        self._tell("stop", mode)

    def restart(self) -> None:
        """Restart it in place; return when it takes sessions again."""
        self._tell("restart")

    def heal(self) -> None:
        """Start it where it is down."""
        if subprocess.run(self.command("status"), check=False, timeout=LIMIT_S).returncode:
            self.start()

    @property
    def pid(self) -> int:
        """The postmaster's."""
        return int((self.folder / "data/postmaster.pid").read_text().split("\n", 1)[0])

    def row(self, sql: str) -> tuple[Any, ...]:
        """Return one row of a fresh session of the applications' role."""
        return self._say(self.url(), sql)

    def tail(self) -> str:
        """Return the log's last lines."""
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        return "\n".join(lines[-40:])

    def make(self) -> None:
        """Make the data, start the server, and give the applications a login and their rows."""
        secret = self.folder / "password"
        secret.write_text(self._password)
        _give(self.folder, secret)
        words = f"--pgdata={self.folder / 'data'} --pwfile={secret} --username=owner --no-sync"
        words += " --auth=scram-sha-256 --encoding=UTF8 --locale=C"
        self._run([*_unprivileged(), str(self._programs / "initdb"), *words.split()])
        with (self.folder / "data/postgresql.conf").open("a") as file:
            file.write(CONFIGURATION.format(port=self.port))
        self.start()
        owner = self.url("owner", "postgres")
        self._say(owner, f"CREATE ROLE {NAME} LOGIN PASSWORD '{self._password}'")
        self._say(owner, f"CREATE DATABASE {NAME} OWNER {NAME}")
        self._say(self.url(), "CREATE TABLE items (id int PRIMARY KEY, name text NOT NULL)")
        rows = ", ".join(f"({number}, '{name}')" for number, name in enumerate(ITEMS, 1))
        self._say(self.url(), f"INSERT INTO items VALUES {rows}")

    def _say(self, url: str, sql: str) -> tuple[Any, ...]:
        with closing(psycopg2.connect(url, connect_timeout=2)) as session:
            session.autocommit = True
            with session.cursor() as cursor:
                cursor.execute(sql)
                return cursor.fetchone() or () if cursor.description else ()

    def _tell(self, *words: str) -> None:
        self._run(self.command(*words))

    def _run(self, command: list[str]) -> None:
        """Run a command that must succeed, in the server's folder: its user may see no other."""
        done = subprocess.run(
            command, cwd=self.folder, stdin=subprocess.DEVNULL, capture_output=True, text=True,
            check=False, timeout=2 * LIMIT_S,
        )  # fmt: skip
        told = f"{shlex.join(command)}: {done.stdout}{done.stderr}"
        assert 0 == done.returncode, f"{told}\n{self.tail()}"


def _port() -> int:
    """Return a free port that no client is given: it must be there again when the server is."""
    while True:
        port = random.randrange(*PORTS)
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


def _unprivileged() -> list[str]:
    """Return what a command begins with where the tests are root's: no server runs as root."""
    if os.geteuid():
        return []
    nobody = pwd.getpwnam("nobody")
    return ["setpriv", f"--reuid={nobody.pw_uid}", f"--regid={nobody.pw_gid}", "--clear-groups"]


def _give(*paths: Path) -> None:
    """Give root's files to the server's user."""
    if not os.geteuid():
        nobody = pwd.getpwnam("nobody")
        for path in paths:
            shutil.chown(path, nobody.pw_uid, nobody.pw_gid)


@contextmanager
def server() -> Iterator[Server]:
    """Hold one that runs; whatever becomes of the tests, it ends, and its folder with it.

    Not below pytest's own folder, which only its owner may enter.
    """
    programs = binaries.find()
    if programs is None:
        pytest.fail("no PostgreSQL server's programs (initdb, pg_ctl); run: make strangers")
    one = Server(Path(tempfile.mkdtemp(prefix="recovery-lab-strangers-")), programs)
    with at_the_end(*one.command("end")):
        one.make()
        yield one

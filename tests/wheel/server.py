"""A PostgreSQL in no container, in a scratch folder on loopback, restarted in place."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from recovery_lab.stack import free_port

DEBIAN = Path("/usr/lib/postgresql")  # a folder for each major version, none of them on PATH
LIMIT_S = 30


class Server:
    """Holds the server's folder; `command` gives what a user would type."""

    def __init__(self, folder: Path, programs: Path) -> None:
        self.folder = folder
        self.port = free_port()
        nobody = ["setpriv", "--reuid=nobody", "--clear-groups"] if os.geteuid() == 0 else []
        self._programs = [*nobody, "env", f"PATH={programs}:{os.environ['PATH']}"]

    def url(self) -> str:
        """Return the address with its login."""
        return f"postgresql://owner@127.0.0.1:{self.port}/postgres"

    def command(self, verb: str, *options: str) -> list[str]:
        """Return the words of a command: start, stop, restart or status."""
        words = ["pg_ctl", verb, f"--pgdata={self.folder / 'data'}", *options]
        return [*self._programs, *words, "--wait", "--silent", f"--log={self.folder / 'log'}"]

    def heal(self) -> None:
        """Start it where it is down."""
        if self._run("status", check=False):
            self._run("start")

    def make(self) -> None:
        """Make the data, and start the server."""
        words = ["initdb", f"--pgdata={self.folder / 'data'}", "--username=owner", "--no-sync"]
        done = subprocess.run(
            [*self._programs, *words, "--auth=trust"], cwd=self.folder, capture_output=True,
            text=True, check=False, timeout=LIMIT_S,
        )  # fmt: skip
        assert 0 == done.returncode, done.stdout + done.stderr
        told = f"listen_addresses='127.0.0.1'\nport={self.port}\nunix_socket_directories=''\n"
        with (self.folder / "data/postgresql.conf").open("a") as file:
            file.write(told)
        self._run("start")

    def end(self) -> None:
        """Stop it, and remove its folder."""
        self._run("stop", "--mode=immediate", check=False)
        shutil.rmtree(self.folder)

    def _run(self, verb: str, *options: str, check: bool = True) -> int:
        done = subprocess.run(
            self.command(verb, *options), cwd=self.folder, check=False, timeout=2 * LIMIT_S
        )
        assert not check or 0 == done.returncode, (self.folder / "log").read_text()
        return done.returncode


@contextmanager
def server() -> Iterator[Server]:
    """Hold one that runs; not below pytest's own folder, which only its owner may enter."""
    found = sorted(DEBIAN.glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    on_path = shutil.which("initdb")
    if not found and not on_path:
        pytest.fail("no PostgreSQL server's programs (initdb, pg_ctl); install postgresql")
    programs = found[-1].parent if found else Path(str(on_path)).resolve().parent
    folder = Path(tempfile.mkdtemp(prefix="recovery-lab-postgresql-"))
    if os.geteuid() == 0:
        shutil.chown(folder, "nobody")
    one = Server(folder, programs)
    try:
        one.make()
        yield one
    finally:
        one.end()

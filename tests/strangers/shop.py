"""The Django shop as a process: four threads of one server, asked over loopback."""

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from recovery_lab.stack import free_port
from tests.strangers.ending import at_the_end
from tests.strangers.environments import HOME, python_of
from tests.strangers.server import Server

THREADS = 4
LIMIT_S = 20.0


class Shop:
    """Holds where it is and what it has logged."""

    def __init__(self, log: Path, client: httpx.Client) -> None:
        self.log = log
        self.port = free_port()
        self._client = client

    @property
    def url(self) -> str:
        """Its address, without a path."""
        return f"http://127.0.0.1:{self.port}"

    def get(self, path: str, **headers: str) -> httpx.Response:
        """Ask it, without following where it sends."""
        return self._client.get(self.url + path, headers=headers)

    def statuses(self, path: str, count: int = 3 * THREADS) -> list[int]:
        """Ask it so often that each thread answers; return the statuses."""
        return [self.get(path).status_code for _ in range(count)]

    def settle(self) -> None:
        """Wait until it answers."""
        deadline = time.monotonic() + LIMIT_S
        while time.monotonic() < deadline:
            try:
                if self.get("/healthz").is_success:
                    return
            except httpx.TransportError:
                time.sleep(0.1)
        pytest.fail(f"no answer of {self.url} within {LIMIT_S} s\n{self.log.read_text()}")


@contextmanager
def shop(database: Server, log: Path, health_checks: bool) -> Iterator[Shop]:
    """Hold one that answers, over a database."""
    with httpx.Client(timeout=10.0, trust_env=False) as client, log.open("wb") as said:
        one = Shop(log, client)
        environ = {"DATABASE_URL": database.url(), "CONN_HEALTH_CHECKS": str(health_checks)}
        command = [python_of("django"), "-m", "waitress", f"--listen=127.0.0.1:{one.port}"]
        process = subprocess.Popen(
            [*command, f"--threads={THREADS}", "djangoapp.wsgi:application"],
            cwd=HOME, env=os.environ | environ, stdin=subprocess.DEVNULL, stdout=said, stderr=said,
        )  # fmt: skip
        with at_the_end("kill", str(process.pid)):
            one.settle()
            yield one
        process.wait(10)

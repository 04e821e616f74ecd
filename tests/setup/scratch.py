"""Scratch clones for the tests of whole folders: what git tracks, as it stands, under any name."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import CompletedProcess

import httpx
import pytest

from recovery_lab import docker

ROOT = Path(__file__).parents[2]
# What verify or a shell exports must not reach a clone: it is a stranger's.
NOT_THEIRS = ("COMPOSE_PROJECT_NAME", "DB_POOL_POLICY", "MAKEFLAGS", "MAKELEVEL")


class Scratch:
    """A clone with a port of its own, the images of this one, and its `.venv`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = str(free.getsockname()[1])
        kept = {name: value for name, value in os.environ.items() if name not in NOT_THEIRS}
        self.environ = {**kept, "DASHBOARD_PORT": port}

    def tried(self, *command: str, **extra: str) -> CompletedProcess[str]:
        """Run a command in the clone."""
        environ = {**self.environ, **extra}
        return subprocess.run(
            command, cwd=self.folder, env=environ, capture_output=True, text=True,
            check=False, timeout=150, stdin=subprocess.DEVNULL,
        )  # fmt: skip

    def run(self, *command: str, **extra: str) -> str:
        """Run a command that must succeed; return all that it said."""
        done = self.tried(*command, **extra)
        assert 0 == done.returncode, done.stdout + done.stderr
        return done.stdout + done.stderr

    def psql(self, query: str, **extra: str) -> str:
        """Ask the clone's database as its owner, by plain `docker compose`."""
        words = ("psql", "-XAtq", "-U", "lab_owner", "-d", "lab", "-c", query)
        return self.run("docker", "compose", "exec", "-T", "postgres", *words, **extra).strip()

    def apart(self) -> dict[str, str]:
        """Return what lets `make clean` run beside others: images and who measures are theirs.

        A shim on PATH shows no image, and the register of living runs is one of its own.
        """
        shim = self.folder / ".lab/bin/docker"
        shim.parent.mkdir(parents=True)
        real = shutil.which("docker")
        shim.write_text(f'#!/bin/sh\n[ "$1 $2" = "image ls" ] || exec "{real}" "$@"\n')
        shim.chmod(0o755)
        path = f"{shim.parent}:{os.environ['PATH']}"
        return {"PATH": path, "XDG_STATE_HOME": str(shim.parent)}

    @property
    def project(self) -> str:
        """The project that its .env names; none before the first verb and after `make clean`."""
        dotenv = self.folder / ".env"
        lines = dotenv.read_text().splitlines() if dotenv.exists() else []
        return next((x.split("=")[1] for x in lines if x.startswith("COMPOSE_PROJECT_NAME=")), "")


@contextmanager
def scratch(folder: Path, *older_names: str) -> Iterator[Scratch]:
    """Make a clone; remove what it started, under its own name and older ones."""
    tracked = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, check=True, timeout=30,
    )  # fmt: skip
    for name in tracked.stdout.decode().split("\0")[:-1]:
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    (folder / ".venv").symlink_to(ROOT / ".venv")
    images = [x for x in (ROOT / ".env").read_text().splitlines() if "_IMAGE=" in x]
    (folder / ".env").write_text("\n".join(images) + "\n")
    made = Scratch(folder)
    try:
        yield made
    finally:
        for name in {made.project, *older_names} - {""}:
            remove(made, name)


def remove(made: Scratch, project: str) -> None:
    """Remove a project with its data and its mark."""
    words = ("docker", "compose", "--project-name", project, "down", "--volumes", "--timeout", "2")
    made.tried(*words)
    docker.run("volume", "rm", "--force", f"{project}_owner")


def until_healthy(one: Scratch, limit_s: float = 120.0) -> None:
    """Wait until each container's own check is content; one that was late once may still be."""
    deadline, seen = time.monotonic() + limit_s, ""
    while time.monotonic() < deadline:
        seen = one.run("docker", "compose", "ps", "--format", "{{ .Service }}={{ .Health }}")
        if seen.split() and all(line.endswith("=healthy") for line in seen.split()):
            return
        time.sleep(0.5)  # polled: nobody tells
    pytest.fail(f"not healthy after {limit_s:.0f} s: {seen}")


def until_half_shut(one: Scratch) -> None:
    """Shut a clone's server the smart way, and wait until it refuses new sessions.

    The session that a read leaves in the pool keeps it so: the monitor itself holds none.
    """
    read = f"http://127.0.0.1:{one.environ['DASHBOARD_PORT']}/api/orders/summary"
    httpx.get(read, timeout=10, trust_env=False).raise_for_status()
    one.run("docker", "compose", "kill", "--signal", "SIGTERM", "postgres")
    for _ in range(100):
        seen = one.tried("docker", "compose", "exec", "-T", "postgres", "healthcheck.sh")
        if "shutting down" in seen.stderr:
            return
    pytest.fail(f"the server takes new sessions still: {seen.stderr}")

"""A measuring program in a container of the dashboard's image, where its health check stands."""

from pathlib import Path
from subprocess import PIPE, Popen
from typing import IO, Any

from recovery_lab.docker import Stack

ROOT = Path(__file__).parents[2]


def start(
    stack: Stack, module: str, *words: object, name: str = "", out: "IO[Any] | int" = PIPE
) -> "Popen[str]":
    """Start a module of tests/bench on a stack's network; it may end with its standard input."""
    command = "docker compose run --rm --no-deps -T --entrypoint python".split()
    command += ["--volume", f"{ROOT}/tests/bench:/app/tests/bench:ro"]
    command += ["--name", name] if name else []
    command += ["dashboard", "-m", f"tests.bench.{module}", *map(str, words)]
    return Popen(command, stdin=PIPE, stdout=out, text=True, cwd=ROOT, env=stack.environ())

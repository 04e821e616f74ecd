"""Ways of `pools.db` meet one restart together, in a process for each environment."""

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from tests.strangers.environments import HOME, python_of
from tests.strangers.server import Server

LIMIT_S = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Met:
    """How one way's reads ended: those at once after the restart, then those one by one."""

    sqlalchemy: str
    first: list[dict[str, Any]]
    then: list[dict[str, Any]]

    @property
    def failed_first(self) -> int:
        """How many of those at once failed."""
        return sum(bool(one["error"]) for one in self.first)

    @property
    def failed_then(self) -> int:
        """How many of the later ones."""
        return sum(bool(one["error"]) for one in self.then)

    @property
    def longest_s(self) -> float:
        """The longest that anybody waited."""
        return float(max(one["wait_s"] for one in (*self.first, *self.then)))


def _begun(python: str, names: Sequence[str], address: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [python, "-m", "pools.meet", *names],
        cwd=HOME, env=os.environ | {"DATABASE_URL": address},
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def _warm(process: "subprocess.Popen[str]") -> None:
    """Wait until all its ways have read."""
    assert process.stdout is not None
    if process.stdout.readline() != "warm\n":
        raise AssertionError(process.communicate(timeout=LIMIT_S)[1])


def _outcomes(process: "subprocess.Popen[str]") -> dict[str, Met]:
    """Tell it that the database is back; return each way's reads."""
    said, trouble = process.communicate("back\n", timeout=LIMIT_S)
    assert 0 == process.returncode, trouble
    told = json.loads(said)
    return {name: Met(sqlalchemy=told["sqlalchemy"], **met) for name, met in told["ways"].items()}


def meet(database: Server, asked: Mapping[str, Sequence[str]]) -> dict[tuple[str, str], Met]:
    """Warm the ways of each environment, restart the database, and let all read again."""
    pythons = {environment: python_of(environment) for environment in asked}
    running: dict[str, subprocess.Popen[str]] = {}
    try:
        for environment, names in asked.items():
            running[environment] = _begun(pythons[environment], names, database.url())
        for process in running.values():
            _warm(process)
        database.restart()
        with ThreadPoolExecutor(len(running)) as threads:  # all go on at once
            found = threads.map(_outcomes, running.values())
        pairs = zip(running, found, strict=True)
        return {(at, name): met for at, ways in pairs for name, met in ways.items()}
    finally:
        for process in running.values():
            process.kill()
            process.wait(10)

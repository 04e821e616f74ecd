"""Outages of a server in no container by the fixture, in a project's own tests and environment."""

import re
import shlex
import subprocess
import time
from collections.abc import Iterator

import pytest

from tests.strangers.server import Server
from tests.wheel.environments import Environment

BESIDE = {"older": "psycopg2", "newer": "psycopg"}
QUICK_S = 60.0  # of one outage; without its command's own time
HANGS = "hangs"


def variables(database: Server, name: str, freeze: str = "true") -> dict[str, str]:
    """Return what the project is told in its environment."""
    restart = shlex.join(database.command("restart"))
    told = {"DATABASE_URL": database.url(), "DRIVER": BESIDE[name]}
    return told | {"RESTART": restart, "FREEZE": freeze}


@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", BESIDE)
def test_outages_of_a_projects_own_objects(name, request, database: Server, proves) -> None:
    """Who pings passes, who does not fails in its first reads; nothing seen is no pass."""
    one: Environment = request.getfixturevalue(name)
    said = one.tested("-k", f"not {HANGS}", limit_s=800.0, **variables(database, name))
    took = {test: float(took_s) for took_s, test in re.findall(r"([\d.]+)s call +\S+::(\S+)", said)}
    assert took["test_engine_that_pings"] < QUICK_S
    proves(
        ", ".join(f"{test.removeprefix('test_')} {took_s:.0f} s" for test, took_s in took.items())
    )


@pytest.fixture
def frozen(database: Server) -> Iterator[list[str]]:
    """The words that stop all of the server's processes where they are; at the end they go on."""
    postmaster = (database.folder / "data/postmaster.pid").read_text().split("\n", 1)[0]
    # Its own group is the postmaster's and its children's sessions': each by its id.
    signalled = "kill -{0} {1} $(ps -o pid= --ppid {1})"
    yield ["sh", "-c", signalled.format("STOP", postmaster)]
    subprocess.run(["sh", "-c", signalled.format("CONT", postmaster)], check=False, timeout=9)


def test_process_ends_while_reads_hang(
    frozen: list[str], newer: Environment, database: Server, proves
) -> None:
    """A server that is silent for good: the test fails in time, and pytest's process ends."""
    began_at = time.monotonic()
    told = variables(database, "newer", shlex.join(frozen))
    newer.tested("-k", HANGS, limit_s=200.0, **told)
    proves(f"ended after {time.monotonic() - began_at:.0f} s, its reads hanging still")


def test_failure_shows_what_became_of_the_reads(older: Environment, database: Server) -> None:
    """The assertion names them, and the lab's screen stands in the report."""
    words = ("pytest", "own_failure.py", "-p", "no:cacheprovider")
    done = older.tried(*words, limit_s=300.0, **variables(database, "older"))
    assert 1 == done.returncode, done.stdout
    assert re.search(r"assert not \[<\w+ read, [\d.]+ s after ready: ", done.stdout), done.stdout
    assert re.search(r"idle read, [\d.]+ s after ready: failed: connection_lost: ", done.stdout)
    assert "- Captured recovery_lab call -" in done.stdout
    assert "NOT RECOVERED: " in done.stdout

"""A server in no container: restarted in place, it has a new start and its old rows."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg2
import pytest

from tests.running import ROOT
from tests.strangers.server import ITEMS, Server

STARTED = "SELECT pg_postmaster_start_time()"
COUNT = "SELECT count(*) FROM items"


@pytest.mark.parametrize("by", ["method", "command"])
def test_server_restarts_in_place(database: Server, by: str, proves) -> None:
    """Its start moves, address and rows stay; a user's command does what the method does."""
    before, pid = database.row(STARTED), database.pid
    began = time.monotonic()
    if by == "method":
        database.restart()
    else:
        subprocess.run(database.command("restart"), check=True, timeout=30)
    took_s = time.monotonic() - began
    assert before < database.row(STARTED)
    assert pid != database.pid
    assert (len(ITEMS),) == database.row(COUNT)
    proves(f"restarted in place by its {by} in {took_s:.2f} s")


def test_server_is_nobodys_but_its_users(database: Server) -> None:
    """It runs without root's rights, on loopback, and asks for the password."""
    owner = int(_ps("uid", database.pid))
    assert 0 != owner
    assert os.geteuid() in {0, owner}
    assert ("127.0.0.1",) == database.row("SELECT host(inet_server_addr())")
    assert ("scram-sha-256",) == database.row("SHOW password_encryption")
    with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
        psycopg2.connect(database.url().replace("shop:", "shop:not"), connect_timeout=2)


def test_stopped_server_refuses_at_once(database: Server, proves) -> None:
    """No packet is lost on the way, as it is while a container's network is away."""
    database.stop()
    began = time.monotonic()
    with pytest.raises(psycopg2.OperationalError, match="refused"):
        database.row(COUNT)
    took_s = time.monotonic() - began
    assert took_s < 0.5
    database.start()
    assert (len(ITEMS),) == database.row(COUNT)
    proves(f"a stopped server in no container refuses within {1000 * took_s:.0f} ms")


KILLED = """
import os, signal
from tests.strangers.server import server
with server() as one:
    print(one.pid, one.folder, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_server_ends_with_tests_that_are_killed(proves) -> None:
    """Neither a process nor a folder is left, though no finalizer ran."""
    done = subprocess.run(
        [sys.executable, "-c", KILLED], cwd=ROOT, capture_output=True, text=True,
        check=False, timeout=60,
    )  # fmt: skip
    assert -signal.SIGKILL == done.returncode, done.stderr
    pid, folder = done.stdout.split()
    deadline = time.monotonic() + 20
    while _ps("pid", int(pid)) or Path(folder).exists():
        assert time.monotonic() < deadline, f"{pid} or {folder} is left"
        time.sleep(0.05)
    proves("tests killed: their server and its folder are gone")


def _ps(column: str, pid: int) -> str:
    """Return what ps says of a process; empty where there is none."""
    words = ["ps", "-o", f"{column}=", "-p", str(pid)]
    return subprocess.run(words, capture_output=True, text=True, check=False).stdout.strip()

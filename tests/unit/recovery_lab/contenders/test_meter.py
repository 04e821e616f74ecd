"""The meter: what a container's own counters tell of one contender."""

import io
import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from recovery_lab.contenders.base import Writer
from recovery_lab.contenders.meter import Counted, Meter, opens, used

ROOT = Path(__file__).parents[4]
SNMP = """Ip: Forwarding DefaultTTL
Ip: 1 64
Tcp: RtoAlgorithm RtoMin RtoMax MaxConn ActiveOpens PassiveOpens AttemptFails
Tcp: 1 200 120000 -1 12 20 5
Udp: InDatagrams
Udp: 0
"""


def process(folder: Path, pid: int, parent: int, ticks: str, pages: int, name: str = "app") -> None:
    """Write one process as the kernel shows it; `ticks`: user, system, those of late children."""
    (folder / str(pid)).mkdir()
    told = f"{pid} ({name}) S {parent} 1 1 0 -1 4194560 3543 0 0 0 {ticks} 20 0 1 0 5357 30240768"
    (folder / f"{pid}/stat").write_text(f"{told} {pages} 18446744073709551615 1 1 0 0\n")


def test_every_connection_that_was_begun_counts(tmp_path: Path) -> None:
    """By the namespace's own counter."""
    (tmp_path / "snmp").write_text(SNMP)
    assert 12 == opens(tmp_path / "snmp")


def test_refused_connection_counts_too() -> None:
    """An attempt costs a server that is just starting as much as a session."""
    before = opens()
    with socket.socket() as held, suppress(ConnectionRefusedError):
        held.bind(("127.0.0.1", 0))  # nobody listens there
        socket.create_connection(held.getsockname(), timeout=1.0)
    assert opens() > before


def test_process_one_and_its_descendants_are_measured(tmp_path: Path) -> None:
    """A health check or the meter itself, run there from outside, is no child of any of them."""
    process(tmp_path, 1, 0, "100 50 20 30", 1000, name="tini (as 1)")
    process(tmp_path, 7, 1, "10 0 0 0", 200)
    process(tmp_path, 8, 7, "5 5 0 0", 50)
    process(tmp_path, 20, 0, "900 900 900 900", 9000, name="healthcheck")
    process(tmp_path, 21, 20, "900 900 900 900", 9000)
    (tmp_path / "33").mkdir()  # it has just ended
    told = used(tmp_path)
    assert 2.2 == told["cpu_s"]
    assert 1250 * 4096 == told["memory"]


def test_log_is_counted_and_written_all_the_same() -> None:
    """Lines and bytes of what passes through."""
    below = io.StringIO()
    log = Counted(below)
    print("lost\nagain: 다시", file=log)
    log.flush()
    assert (2, 19) == (log.lines, log.bytes)
    assert "lost\nagain: 다시\n" == below.getvalue()


def test_meter_tells_what_was_logged_since() -> None:
    """Nothing where nothing was."""
    out, log = io.BytesIO(), Counted(io.StringIO())
    meter = Meter("adopted", Writer(out), log)
    for said in ("one\ntwo\n", "", "three\n"):
        log.write(said)
        meter.tell()
    records = [json.loads(line) for line in out.getvalue().splitlines()]
    assert ["usage", "logged", "usage", "usage", "logged"] == [one["record"] for one in records]
    assert [(2, 8), (1, 6)] == [(one["lines"], one["bytes"]) for one in records if "lines" in one]
    assert {"adopted"} == {one["contender"] for one in records}


@pytest.fixture
def helper() -> Iterator["subprocess.Popen[str]"]:
    """The meter as a program of its own."""
    pipe = subprocess.PIPE
    words = [sys.executable, "-S", "-m", "recovery_lab.contenders.meter", '{"contender": "app"}']
    env = {"PYTHONPATH": str(ROOT)}
    one = subprocess.Popen(words, stdin=pipe, stdout=pipe, stderr=pipe, text=True, env=env)
    with one:
        yield one
        one.kill()


def test_meter_is_a_program_too(helper: "subprocess.Popen[str]") -> None:
    """For a container that runs none of the lab's: it tells on, and ends with its input."""
    began_at = time.monotonic()
    told = [json.loads(helper.stdout.readline()) for _ in range(3)]
    assert {("usage", "app")} == {(one["record"], one["contender"]) for one in told}
    assert began_at < told[0]["at"] < told[1]["at"] < told[2]["at"] < time.monotonic()
    helper.stdin.close()
    assert 0 == helper.wait(10.0)

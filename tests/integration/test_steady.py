"""A dashboard under `steady`: an outage shorter than a read's deadline fails no page's read.

Beside it stands the stack's own, as it comes: `adopted`, with a deadline of 5 s; both meet the same
outage. Through a freeze and a drop a longer deadline would do for that one, too; through a restart
it would not.
"""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from threading import Event, Thread
from typing import NamedTuple

import httpx
import pytest

from recovery_lab import docker
from recovery_lab.faults import FAULTS, Scene, run_fault
from recovery_lab.stack import free_port
from tests.integration.conftest import wait_until
from tests.running import Running

HOLDS_S = {"restart": 2.0, "freeze": 6.0, "drop": 6.0}  # two outlast the control's deadline
EVERY_S, AROUND_S = 0.2, 2.0
LATE_S = 2.0  # after the server is back: the second included that a lost packet takes
SETTINGS = {"DB_POOL_POLICY": "steady", "DB_READ_DEADLINE_S": "30"}
READ = "/api/orders/summary"


class Read(NamedTuple):
    """One page's read, as its user has it."""

    due_at: float
    ended_at: float
    status: int


@pytest.fixture
def beside(stack: Running) -> Iterator[str]:
    """Run one more dashboard on the stack's network, under `steady`; return where it is."""
    name, port = f"{stack.project}-steady", free_port()
    url = f"http://127.0.0.1:{port}"
    words = ["--detach", "--no-deps", "--name", name, "--publish", f"127.0.0.1:{port}:8501"]
    for variable, value in SETTINGS.items():
        words += ["--env", f"{variable}={value}"]
    try:
        stack.compose("run", *words, stack.application)
        ready = partial(httpx.get, f"{url}/readyz", trust_env=False)
        wait_until(lambda: ready().status_code == 200, "the dashboard beside is ready")
        yield url
    finally:
        docker.run("rm", "--force", name)


@contextmanager
def visited(url: str) -> Iterator[list[Read]]:
    """Read every so often, whoever still waits; at the end every read has ended."""
    reads: list[Read] = []
    over = Event()

    def read(client: httpx.Client, due_at: float) -> None:
        status = client.get(READ).status_code
        reads.append(Read(due_at, time.monotonic(), status))

    def visit(client: httpx.Client, users: ThreadPoolExecutor) -> None:
        due_at = time.monotonic()
        while not over.wait(max(0.0, due_at - time.monotonic())):
            users.submit(read, client, due_at)
            due_at += EVERY_S

    limits = httpx.Limits(max_connections=None)
    with (
        httpx.Client(base_url=url, limits=limits, timeout=30, trust_env=False) as client,
        ThreadPoolExecutor(100) as users,
    ):
        visitor = Thread(target=visit, args=(client, users))
        visitor.start()
        try:
            yield reads
        finally:
            over.set()
            visitor.join()


def failed(reads: list[Read]) -> int:
    """Return how many users got no page."""
    return sum(read.status != 200 for read in reads)


@pytest.mark.parametrize(
    "fault", ["restart", *(pytest.param(one, marks=pytest.mark.more) for one in ("freeze", "drop"))]
)
def test_no_read_fails(stack: Running, beside: str, fault: str, proves) -> None:
    """Every read that is due meanwhile waits for the server, and is answered once it is back."""
    with visited(beside) as reads, visited(stack.url) as control:
        time.sleep(AROUND_S)  # there are reads from before
        run_fault(FAULTS[fault], Scene(stack=stack.value, hold_s=HOLDS_S[fault]))
        back_at = time.monotonic()
        time.sleep(AROUND_S)  # and from afterwards
    late_s = max(read.ended_at - max(read.due_at, back_at) for read in reads)
    longest_s = max(read.ended_at - read.due_at for read in reads)
    assert len(reads) > (HOLDS_S[fault] + AROUND_S) / EVERY_S
    assert longest_s > HOLDS_S[fault] / 2, reads  # it met the outage
    assert failed(reads) == 0, reads
    assert late_s < LATE_S, (late_s, reads)
    assert failed(control) > 0, control
    proves(
        f"{fault}: 0 of {len(reads)} reads failed, the longest took {longest_s:.1f} s; "
        f"beside it, under adopted, {failed(control)} of {len(control)}"
    )

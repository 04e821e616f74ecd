"""Scenario 8: the server is frozen; what does not need it goes on, and the process can stop."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from tests.integration.conftest import wait_until
from tests.integration.streamlit_session import run_page
from tests.running import Running

READS, SAMPLES = 100, 100
ROUTES = ("/healthz", "/api/system-health")
POLICIES = ["adopted", "pinned"]  # the two kinds of pool; the others differ in an engine's options
MORE = ["naive", "dispose"]


@contextmanager
def frozen(stack: Running) -> Iterator[None]:
    """Pause the database's container; thaw it whatever happens."""
    service = stack.database
    stack.compose("pause", service)
    try:
        assert stack.container(service)["State"]["Paused"]
        yield
    finally:
        stack.compose("unpause", service)


async def hang_reads(client: httpx.AsyncClient) -> list["asyncio.Task[httpx.Response]"]:
    """Start the reads that a frozen server leaves hanging."""
    reads = [asyncio.create_task(client.get("/api/orders/summary")) for _ in range(READS)]
    await asyncio.sleep(0.3)  # all of them are under way
    return reads


async def sampled(client: httpx.AsyncClient, path: str) -> list[float]:
    """Return the seconds that each of some answers took."""
    took = []
    for _ in range(SAMPLES):
        begun = time.perf_counter()
        assert (await client.get(path)).status_code == 200
        took.append(time.perf_counter() - begun)
    return sorted(took)


async def isolation(stack: Running) -> tuple[dict[str, list[float]], float]:
    """Hang reads; sample the health routes, run a page, then stop the process.

    Return the latencies by route, and the seconds from SIGTERM to the process' end.
    """
    limits = httpx.Limits(max_connections=READS + 10)
    async with httpx.AsyncClient(
        base_url=stack.url, limits=limits, timeout=20, trust_env=False
    ) as client:
        reads = await hang_reads(client)
        took = {path: await sampled(client, path) for path in ROUTES}
        page = await asyncio.to_thread(run_page, stack.url, "orders", 5.0)
        assert page.finished
        assert page.exceptions == []
        assert {503} == {(await read).status_code for read in reads}
        ready = await client.get("/readyz")
        assert (ready.status_code, ready.json()["status"]) in {(503, "stale"), (503, "down")}
        reads = await hang_reads(client)
        ended_s = await asyncio.to_thread(terminated, stack)
        await asyncio.gather(*reads, return_exceptions=True)
        return took, ended_s


def terminated(stack: Running) -> float:
    """Send SIGTERM to the dashboard; return the seconds until its process has ended."""
    begun = time.monotonic()
    stack.compose("kill", "--signal", "SIGTERM", stack.application)
    wait_until(lambda: not state(stack)["Running"], "the process ended", 10)
    return time.monotonic() - begun


@pytest.mark.parametrize(
    "policy",
    [
        *(pytest.param(one, marks=pytest.mark.policy(one)) for one in POLICIES),
        *(pytest.param(one, marks=[pytest.mark.policy(one), pytest.mark.more]) for one in MORE),
    ],
)
def test_hundred_hanging_reads_stop_nothing_else(stack: Running, policy: str, proves) -> None:
    """With 100 reads hanging, health answers within 1 s, the page runs, SIGTERM ends in 3 s."""
    with frozen(stack):
        took, ended_s = asyncio.run(isolation(stack))
    assert state(stack)["ExitCode"] == 0
    assert ended_s < 3.0
    for path, latencies in took.items():
        assert latencies[-1] < 1.0, (path, latencies)
    worst = ", ".join(f"{path} {latencies[-1] * 1000:.0f} ms" for path, latencies in took.items())
    proves(f"worst of {SAMPLES} beside {READS} hanging: {worst}; ended {ended_s:.2f} s")


def state(stack: Running) -> dict:
    """Return the state of the dashboard's container."""
    return stack.container(stack.application)["State"]


def test_keep_alive_answers_are_not_delayed(stack: Running, proves) -> None:
    """Requests on one connection are answered in well under the 40 ms of a delayed ACK."""
    with httpx.Client(base_url=stack.url, trust_env=False) as client:
        took = []
        for _ in range(SAMPLES):
            begun = time.perf_counter()
            client.get("/healthz").raise_for_status()
            took.append(time.perf_counter() - begun)
    median_ms = sorted(took)[SAMPLES // 2] * 1000
    assert median_ms < 30, sorted(took)
    proves(f"median of {SAMPLES} keep-alive answers {median_ms:.1f} ms")

"""Scenario 8: the server is frozen; what does not need it goes on, and the process can stop."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from lab import docker
from lab.stack import Stack
from tests.integration.conftest import wait_until, wait_until_up
from tests.integration.streamlit_session import run_page

READS, SAMPLES, LIMIT_S = 100, 50, 1.0
POLICIES = ["adopted", "naive", "dispose", "pinned"]


@contextmanager
def frozen(stack: Stack) -> Iterator[None]:
    """Pause the database's container; thaw it whatever happens."""
    service = stack.target.database.service
    docker.compose(stack.target, "pause", service)
    try:
        assert docker.container(stack.target, service)["State"]["Paused"]
        yield
    finally:
        docker.compose(stack.target, "unpause", service)


async def measured(url: str) -> tuple[dict[str, list[float]], list[int]]:
    """Hang the reads, sample the health routes beside them; return latencies and status codes."""
    limits = httpx.Limits(max_connections=READS + 10)
    async with httpx.AsyncClient(
        base_url=url, limits=limits, timeout=20, trust_env=False
    ) as client:
        reads = [asyncio.create_task(client.get("/api/orders/summary")) for _ in range(READS)]
        await asyncio.sleep(0.3)  # all of them are under way
        took: dict[str, list[float]] = {"/healthz": [], "/api/system-health": []}
        for _ in range(SAMPLES):
            for path, latencies in took.items():
                begun = time.perf_counter()
                assert (await client.get(path)).status_code == 200
                latencies.append(time.perf_counter() - begun)
        page = await asyncio.to_thread(run_page, url, "orders", 5.0)
        assert page.finished
        assert page.exceptions == []
        return took, [(await read).status_code for read in reads]


@pytest.mark.parametrize("policy", POLICIES)
def test_hundred_hanging_reads_stop_neither_health_nor_pages(
    stack: Stack, policy: str, proves
) -> None:
    """With 100 reads hanging, both health routes answer within 1 s and the page's script runs."""
    if policy != "adopted":
        stack.use_policy(policy)
    with frozen(stack):
        took, ends = asyncio.run(measured(stack.url))
        assert set(ends) == {503}, ends
        wait_until(lambda: stack.get("/readyz").json()["status"] in {"stale", "down"}, "not up", 8)
    wait_until_up(stack)
    for path, latencies in took.items():
        assert max(latencies) < LIMIT_S, (path, sorted(latencies))
    proves(
        f"{policy}: worst of {SAMPLES} beside {READS} hanging reads: "
        + ", ".join(f"{path} {max(values) * 1000:.0f} ms" for path, values in took.items())
    )


@pytest.mark.parametrize("policy", POLICIES)
def test_sigterm_ends_the_process_while_reads_hang(stack: Stack, policy: str, proves) -> None:
    """SIGTERM ends the dashboard within 3 s, reads hanging or not, and with status 0."""
    if policy != "adopted":
        stack.use_policy(policy)

    async def stopped() -> float:
        async with httpx.AsyncClient(base_url=stack.url, timeout=20, trust_env=False) as client:
            reads = [asyncio.create_task(client.get("/api/orders/summary")) for _ in range(20)]
            await asyncio.sleep(0.3)  # all of them are under way
            await asyncio.to_thread(
                docker.compose, stack.target, "kill", "--signal", "SIGTERM", "dashboard"
            )
            begun = time.monotonic()
            await asyncio.to_thread(wait_until, lambda: not state(stack)["Running"], "ended", 10)
            took = time.monotonic() - begun
            await asyncio.gather(*reads, return_exceptions=True)
            return took

    with frozen(stack):
        took_s = asyncio.run(stopped())
    assert state(stack)["ExitCode"] == 0
    assert took_s < 3.0
    proves(f"{policy}: ended {took_s:.2f} s after SIGTERM with 20 reads hanging")


def state(stack: Stack) -> dict:
    """Return the state of the dashboard's container."""
    return docker.container(stack.target, stack.target.dashboard.service)["State"]


def test_keep_alive_answers_are_not_delayed(stack: Stack, proves) -> None:
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

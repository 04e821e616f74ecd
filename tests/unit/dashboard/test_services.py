"""The wiring, and the stop."""

import asyncio
import os
import signal
import threading
from pathlib import Path

import pytest

from dashboard.errors import ReadFailedError
from dashboard.services import Services, build, running
from dashboard.settings import POLICY_NAMES, Settings
from steadypool.engine import watch_of


@pytest.fixture
def password_file(tmp_path: Path) -> Path:
    """Give a password file."""
    file = tmp_path / "password"
    file.write_text("s3cret")
    return file


@pytest.mark.parametrize("policy", POLICY_NAMES)
def test_build_wires_each_policy_without_a_database(policy: str, password_file: Path) -> None:
    """The dashboard starts before its database exists."""
    parts = build(
        Settings.from_env({"DB_POOL_POLICY": policy, "DB_PASSWORD_FILE": str(password_file)})
    )
    assert policy == parts.reads.pool.policy.name
    assert "starting" == parts.monitor.health().status
    assert b"lab_db_up 0.0" in parts.metrics.text()


@pytest.mark.parametrize("policy", POLICY_NAMES)
def test_scrape_has_steadypools_counts_under_its_policy_alone(
    policy: str, password_file: Path
) -> None:
    """An outage that all reads wait out is seen in nothing else."""
    parts = build(
        Settings.from_env({"DB_POOL_POLICY": policy, "DB_PASSWORD_FILE": str(password_file)})
    )
    told = b'lab_steadypool_met_total{what="losses"} 1.0'
    assert told not in parts.metrics.text()
    if policy == "steady":
        watch_of(parts.reads.pool._engine).tally.add("losses")
        assert told in parts.metrics.text()
    else:
        assert b"steadypool" not in parts.metrics.text()


def test_sigterm_fails_the_hanging_reads_at_once(parts: Services, pool) -> None:
    """The server waits for its requests before it ends: none may wait for a frozen database."""
    heard: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, _: heard.append(number))
    parts.monitor.start = parts.monitor.stop = lambda: None  # type: ignore[method-assign]
    parts.reads.deadline_s = 30.0
    pool.thawed.clear()

    async def serve() -> None:
        async with running(parts):
            hanging = asyncio.create_task(parts.reads.read(lambda _: None))
            await asyncio.sleep(0.05)
            os.kill(os.getpid(), signal.SIGTERM)
            with pytest.raises(ReadFailedError, match="the dashboard is stopping"):
                await asyncio.wait_for(hanging, timeout=3)

    try:
        asyncio.run(serve())
        os.kill(os.getpid(), signal.SIGTERM)  # the server's own handler is back
    finally:
        signal.signal(signal.SIGTERM, before)
    assert [signal.SIGTERM] * 2 == heard


def test_running_starts_and_stops_the_monitor(parts: Services) -> None:
    """Sampling lasts as long as the server."""
    told: list[str] = []
    parts.monitor.start = lambda: told.append("start")  # type: ignore[method-assign]
    parts.monitor.stop = lambda: told.append("stop")  # type: ignore[method-assign,assignment]

    async def serve() -> None:
        async with running(parts):
            assert ["start"] == told

    asyncio.run(serve())
    assert ["start", "stop"] == told
    assert threading.current_thread() is threading.main_thread()

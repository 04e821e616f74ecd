"""Reads from the caller's side."""

import asyncio
import itertools
import logging
import re
import threading
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest

from dashboard.errors import ReadFailedError
from dashboard.executor import ReadExecutor
from dashboard.pool import Query
from dashboard.reads import Reads

TARGET = Path(__file__).parents[3] / "target.toml"


@pytest.fixture
def hang() -> Iterator[Query[None]]:
    """Give a query that hangs until the test ends."""
    end = threading.Event()
    yield lambda _: assert_ended(end)
    end.set()


def assert_ended(end: threading.Event) -> None:
    """Wait for the test's end."""
    assert end.wait(10)


def fail(_: object) -> None:
    """Fail as psycopg2 does after a restart."""
    raise psycopg2.OperationalError(
        "server closed the connection unexpectedly\n\tThis probably means 172.18.0.2"
    )


def test_read_gives_the_value_and_takes_it_down(reads: Reads, outcomes: list[str]) -> None:
    """A good read is the last read, counted as ok."""
    assert 42 == asyncio.run(reads.read(lambda _: 42))
    assert reads.last is not None
    assert reads.last.trouble is None
    assert ["ok"] == outcomes


def test_failed_read_is_classified_counted_and_logged(
    reads: Reads, outcomes: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    """The caller gets the kind; the log gets the driver's own first line."""
    with caplog.at_level(logging.WARNING), pytest.raises(ReadFailedError) as caught:
        asyncio.run(reads.read(fail))
    assert "connection_lost" == caught.value.trouble.kind
    assert reads.last is not None
    assert caught.value.trouble == reads.last.trouble
    assert ["connection_lost"] == outcomes
    line = (
        "read failed: kind=connection_lost sqlstate=- phase=query "
        f"op={caught.value.trouble.operation_id} "
        "driver=OperationalError: server closed the connection unexpectedly"
    )
    assert [line] == caplog.messages


def test_each_failed_read_has_an_id_of_its_own(reads: Reads) -> None:
    """Two readers who failed alike are told apart in the log."""
    told = {reads.failed(psycopg2.OperationalError("gone")).operation_id for _ in range(20)}
    assert 20 == len(told)
    assert all(told)


def test_log_has_the_line_that_the_target_file_names(
    reads: Reads, caplog: pytest.LogCaptureFixture
) -> None:
    """The instrument finds the driver's own words by the pattern in target.toml."""
    pattern = tomllib.loads(TARGET.read_text())["application"]["driver_line"]
    with caplog.at_level(logging.WARNING):
        reads.failed(psycopg2.OperationalError("Connection refused"))
    found = re.search(pattern, caplog.messages[0])
    assert found is not None
    assert "OperationalError: Connection refused" == found[1]


def test_bug_is_logged_with_its_place(reads: Reads, caplog: pytest.LogCaptureFixture) -> None:
    """An error that is no trouble of the database's is one of ours: the log says where."""
    with pytest.raises(ReadFailedError, match="the read failed in the dashboard"):
        asyncio.run(reads.read(lambda _: 1 / 0))
    assert "kind=internal sqlstate=- phase=- op=" in caplog.text
    assert " driver=ZeroDivisionError" in caplog.text
    assert "Traceback" in caplog.text


def test_hanging_read_ends_at_the_deadline(
    reads: Reads, outcomes: list[str], hang: Query[None]
) -> None:
    """The caller waits for the deadline and no longer; the loop is free meanwhile."""

    async def both() -> tuple[float, int]:
        ticks = 0
        started = time.monotonic()
        reading = asyncio.create_task(reads.read(hang))
        while not reading.done():
            await asyncio.sleep(0.01)
            ticks += 1
        with pytest.raises(ReadFailedError, match="no answer within the deadline"):
            reading.result()
        return time.monotonic() - started, ticks

    took_s, ticks = asyncio.run(both())
    assert 0.2 <= took_s < 1.0, f"took {took_s:.3f} s"
    assert ticks >= 5
    assert ["deadline"] == outcomes


def test_read_dropped_by_the_executor_missed_its_deadline(pool, outcomes: list[str]) -> None:
    """The executor may see the deadline pass before the caller does: for him it is the same."""
    late = ReadExecutor(workers=1, clock=itertools.count(0, 10).__next__)
    reads = Reads(pool=pool, executor=late, deadline_s=5, on_outcome=outcomes.append)
    with pytest.raises(ReadFailedError, match="no answer within the deadline"):
        asyncio.run(reads.read(lambda _: 1))
    assert ["deadline"] == outcomes


def test_full_queue_is_told_at_once(reads: Reads, outcomes: list[str], hang: Query[None]) -> None:
    """One thread and one place: of three hanging reads, one is refused."""

    async def three() -> None:
        await asyncio.gather(*(reads.read(hang) for _ in range(3)), return_exceptions=True)

    asyncio.run(three())
    # The first may still be queued when the second comes.
    assert "overloaded" == outcomes[0]
    assert {"overloaded", "deadline"} == set(outcomes)
    assert 3 == len(outcomes)

"""What the dashboard's tests share: a pool and a server that need no database."""

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, TypeVar, cast

import psycopg2
import pytest
from sqlalchemy import Engine, QueuePool, create_engine

from dashboard import queries
from dashboard.db_connector import POLICIES
from dashboard.errors import Trouble
from dashboard.executor import ReadExecutor
from dashboard.health import Health, History, Outage, Point, Sample, Server, Status
from dashboard.live import LiveRead
from dashboard.metrics import Metrics, Sources
from dashboard.pool import Query, Row
from dashboard.pool_stats import PoolStats
from dashboard.reads import Reads
from dashboard.services import Services
from dashboard.settings import Settings

if TYPE_CHECKING:
    from dashboard.monitor import Monitor

T = TypeVar("T")

AT = datetime(2026, 1, 1, 12, tzinfo=UTC)
DAYS = [
    {"day": date(2026, 1, day), "region": region, "orders": day, "amount": 10.0 * day}
    for day in range(1, 11)
    for region in ("east", "west")
]
TOTALS = [
    {"as_of": AT, "backend_pid": 71, "region": region, "orders": 55, "amount": 550}
    for region in ("east", "west")
]


class FakePool:
    """A pool whose database answers, is lost, or hangs, as the test says."""

    policy = POLICIES["adopted"]
    workers = 1

    def __init__(self) -> None:
        self.lost = False
        self.reads = 0
        self.failed_checks = 0
        self.thawed = threading.Event()
        self.thawed.set()

    def read(self, query: Query[T]) -> T:
        """Run `query` on made-up rows."""
        self.reads += 1
        assert self.thawed.wait(10)
        if self.lost:
            raise psycopg2.OperationalError(
                "server closed the connection unexpectedly\n\tThis probably means 172.18.0.2"
            )
        return query(self._fetch)

    def stats(self) -> PoolStats:
        """Return a pool with one idle connection."""
        return PoolStats(
            size=5,
            checked_in=1,
            checked_out=0,
            overflow=0,
            connects_total=3,
            invalidations_total=1,
        )

    def check_failed(self) -> None:
        """Count the monitor's complaint."""
        self.failed_checks += 1

    def _fetch(self, sql: str) -> list[Row]:
        return [dict(row) for row in (DAYS if sql == queries.DAILY_SQL else TOTALS)]


@pytest.fixture
def engine() -> Iterator[Engine]:
    """Give an engine with a queue pool that needs no server."""
    engine = create_engine(
        "sqlite://", poolclass=QueuePool, connect_args={"check_same_thread": False}
    )
    yield engine
    engine.dispose()


@pytest.fixture
def pool() -> Iterator[FakePool]:
    """Give a pool, and let its hanging reads go at the end."""
    pool = FakePool()
    yield pool
    pool.thawed.set()


@pytest.fixture
def outcomes() -> list[str]:
    """Collect how reads ended."""
    return []


@pytest.fixture
def reads(pool: FakePool, outcomes: list[str]) -> Reads:
    """Give reads with one thread, a queue of one and a short deadline."""
    return Reads(
        pool=pool,
        executor=ReadExecutor(workers=1, queue_size=1),
        deadline_s=0.2,
        on_outcome=outcomes.append,
    )


@pytest.fixture
def wait_for() -> Callable[[Callable[[], bool]], None]:
    """Give a bounded wait for something another thread does."""

    def wait(condition: Callable[[], bool]) -> None:
        tick = threading.Event()
        for _ in range(500):
            if condition():
                return
            tick.wait(0.01)
        pytest.fail("not so within 5 s")

    return wait


class FakeMonitor:
    """A monitor in whatever state the test puts it."""

    def __init__(self) -> None:
        self.put("up")

    def put(self, status: Status, trouble: Trouble | None = None) -> None:
        """Set the state."""
        server = Server(version="17.6", started_at=AT)
        sample = Sample(
            began_s=0.0,
            ended_s=0.01,
            ended_at=AT,
            latency_ms=0.7123 if status == "up" else None,
            server=server if status == "up" else None,
            trouble=trouble,
        )
        known = None if status == "starting" else sample
        outage = Outage(
            began_at=AT, ended_at=AT, duration_s=1.92, duration_min_s=0.95, duration_max_s=2.9
        )
        history = History(
            started_at=AT,
            since=AT,
            sample=known,
            server=server if known else None,
            outages=(outage,) if known else (),
            outages_total=1 if known else 0,
            outage_seconds_total=1.92 if known else 0.0,
            points=(Point(at=AT, latency_ms=sample.latency_ms),) if known else (),
        )
        self._health = Health(
            status=status, age_s=0.4 if known else None, since=AT, history=history
        )

    def health(self) -> Health:
        """Return the state."""
        return self._health


@pytest.fixture
def monitor() -> FakeMonitor:
    """Give a monitor that says up."""
    return FakeMonitor()


@pytest.fixture
def parts(monitor: FakeMonitor, reads: Reads) -> Services:
    """Give one process's parts, with nothing behind them."""
    metrics = Metrics()
    metrics.watch(
        Sources(
            policy="adopted",
            health=monitor.health,
            pool=reads.pool.stats,
            workers=reads.executor.workers,
            queue_depth=lambda: reads.executor.queue_depth,
            rejections=lambda: reads.executor.rejections,
        )
    )
    return Services(
        settings=Settings.from_env({}),
        monitor=cast("Monitor", monitor),
        reads=reads,
        metrics=metrics,
        orders=LiveRead(reads, queries.orders),
    )

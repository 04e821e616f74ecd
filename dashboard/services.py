"""The parts of one process, wired together: shared by the pages and the HTTP routes.

Kept in a module and not in `st.cache_resource`: clearing Streamlit's cache from the page's menu
would make a second engine and a second monitor, and leave the first ones running.
"""

import asyncio
import functools
import logging
import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from types import FrameType

from dashboard import queries
from dashboard.db_connector import POLICIES, Address
from dashboard.executor import ReadExecutor
from dashboard.live import LiveRead
from dashboard.metrics import Metrics, Sources
from dashboard.monitor import Monitor
from dashboard.pool import make_pool
from dashboard.reads import Reads
from dashboard.sampler import Sampler
from dashboard.settings import Settings

log = logging.getLogger(__name__)

ORDERS_EVERY_S = 0.5  # well under the page's refresh: each finds a read due, and so a loss


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Everything a page or a route may ask."""

    settings: Settings
    monitor: Monitor
    reads: Reads
    metrics: Metrics
    orders: LiveRead[queries.Orders]


def build(settings: Settings) -> Services:
    """Wire the parts; nothing connects and nothing samples yet."""
    address = Address.from_settings(settings)
    pool = make_pool(POLICIES[settings.policy], address, deadline_s=settings.read_deadline_s)
    metrics = Metrics()
    executor = ReadExecutor(workers=pool.workers)
    monitor = Monitor(
        Sampler(address),
        interval_s=settings.health_interval_s,
        on_sample=metrics.sampled,
        on_failed_check=pool.check_failed,
    )
    reads = Reads(
        pool=pool,
        executor=executor,
        deadline_s=settings.read_deadline_s,
        on_outcome=metrics.read_ended,
    )
    metrics.watch(
        Sources(
            policy=settings.policy,
            health=monitor.health,
            pool=pool.stats,
            met=pool.met,
            workers=executor.workers,
            queue_depth=lambda: executor.queue_depth,
            rejections=lambda: executor.rejections,
        )
    )
    return Services(
        settings=settings,
        monitor=monitor,
        reads=reads,
        metrics=metrics,
        orders=LiveRead(reads, queries.orders, every_s=ORDERS_EVERY_S),
    )


@functools.cache
def services() -> Services:
    """Return this process's parts, built from the environment at the first call."""
    return build(Settings.from_env(os.environ))


@asynccontextmanager
async def running(parts: Services) -> AsyncIterator[None]:
    """Sample while the server runs; let go of every waiting caller as soon as it stops."""
    parts.monitor.start()
    log.info("dashboard started: policy=%s", parts.settings.policy)
    try:
        with _closed_by_sigterm(parts.reads.executor):
            yield
    finally:
        parts.reads.executor.close()
        parts.monitor.stop()


@contextmanager
def _closed_by_sigterm(executor: ReadExecutor) -> Iterator[None]:
    """Fail the waiting reads at the signal itself.

    The server ends its lifespan only after the requests in flight, and those wait for reads that
    may hang until their deadline.
    """
    loop = asyncio.get_running_loop()
    servers_own = signal.getsignal(signal.SIGTERM)

    def close(number: int, frame: FrameType | None) -> None:
        # Not from within the handler: it may have interrupted a holder of the executor's locks.
        loop.call_soon_threadsafe(executor.close)
        if callable(servers_own):
            servers_own(number, frame)

    signal.signal(signal.SIGTERM, close)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, servers_own)

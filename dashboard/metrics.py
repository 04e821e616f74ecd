"""What Prometheus sees, in a registry of its own."""

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass

from prometheus_client import CollectorRegistry, Counter, Histogram, disable_created_metrics
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from dashboard.executor import Workers
from dashboard.health import Health, Sample
from dashboard.pool_stats import PoolStats
from steadypool import Counters

CONTENT_TYPE = CONTENT_TYPE_LATEST

# From a round trip on one host to the sample's deadline of 1 s.
_BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)

disable_created_metrics()  # type: ignore[no-untyped-call] # it has no annotation


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """What is asked at the time of a scrape."""

    policy: str
    health: Callable[[], Health]
    pool: Callable[[], PoolStats]
    met: Callable[[], Counters | None] = lambda: None
    workers: Callable[[], Workers]
    queue_depth: Callable[[], int]
    rejections: Callable[[], int]


class Metrics:
    """Counts fed as things happen, and states read when a scrape asks."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._samples = Histogram(
            "lab_db_sample_seconds",
            "How long the monitor's checks took, connecting included (at least every third opens a "
            "session); 1 s is the deadline.",
            buckets=_BUCKETS,
            registry=self._registry,
        )
        self._reads = Counter(
            "lab_reads_total",
            "Reads by their outcome: ok, or the kind of trouble that /api/orders/summary names.",
            ["outcome"],
            registry=self._registry,
        )
        self._reads.labels(outcome="ok")  # so that the series is there before the first read

    def watch(self, sources: Sources) -> None:
        """Add the states of `sources` to every scrape."""
        self._registry.register(_States(sources))

    def sampled(self, sample: Sample) -> None:
        """Count one check of the monitor."""
        self._samples.observe(sample.ended_s - sample.began_s)

    def read_ended(self, outcome: str) -> None:
        """Count one read by its outcome."""
        self._reads.labels(outcome=outcome).inc()

    def text(self) -> bytes:
        """Return all metrics in Prometheus' text format."""
        return bytes(generate_latest(self._registry))


class _States(Collector):
    def __init__(self, sources: Sources) -> None:
        self._sources = sources

    def collect(self) -> Iterable[Metric]:
        yield from _of_health(self._sources.health())
        yield from _of_pool(self._sources.pool())
        if met := self._sources.met():
            yield _of_steadypool(met)
        workers = self._sources.workers()
        yield GaugeMetricFamily(
            "lab_executor_workers", "Threads that read, one for a connection.", value=workers.total
        )
        yield GaugeMetricFamily(
            "lab_executor_stuck_workers",
            "Threads whose read goes on though its caller gave up; with all of them nobody reads.",
            value=len(workers.stuck),
        )
        yield GaugeMetricFamily(
            "lab_executor_queue_depth",
            "Reads that wait for a thread.",
            value=self._sources.queue_depth(),
        )
        yield CounterMetricFamily(
            "lab_executor_rejections_total",
            "Reads turned away because the queue was full.",
            value=self._sources.rejections(),
        )
        yield InfoMetricFamily(
            "lab_pool_policy",
            "Always 1; the label says which pool policy is in force.",
            value={"policy": self._sources.policy},
        )


def _of_health(health: Health) -> Iterable[Metric]:
    yield GaugeMetricFamily(
        "lab_db_up",
        "1 while the latest check was good and is not older than three intervals and a second; "
        "else 0, also while the dashboard starts.",
        value=int(health.status == "up"),
    )
    yield CounterMetricFamily(
        "lab_db_outages_total",
        "Outages since the first good check, also one that still lasts.",
        value=health.history.outages_total,
    )
    yield CounterMetricFamily(
        "lab_db_outage_seconds_total",
        "Length of the outages that ended, as estimated from the checks.",
        value=health.history.outage_seconds_total,
    )


def _of_pool(stats: PoolStats) -> Iterable[Metric]:
    connections = GaugeMetricFamily(
        "lab_pool_connections", "Connections of the pages' pool: idle or in_use.", labels=["state"]
    )
    connections.add_metric(["idle"], stats.checked_in)
    connections.add_metric(["in_use"], stats.checked_out)
    yield connections
    yield GaugeMetricFamily(
        "lab_pool_size",
        "Connections that the pool keeps; what it has beyond is overflow.",
        value=stats.size,
    )
    yield CounterMetricFamily(
        "lab_pool_connects_total", "Connections that the pool opened.", value=stats.connects_total
    )
    yield CounterMetricFamily(
        "lab_pool_invalidations_total",
        "Connections that the pool threw away as dead.",
        value=stats.invalidations_total,
    )


def _of_steadypool(met: Counters) -> Metric:
    family = CounterMetricFamily(
        "lab_steadypool_met_total",
        "Under the policy steady alone, what its pool has met: losses and returns of the database, "
        "probes meanwhile, retries of reads, late_reads that ended at their deadline, and so on.",
        labels=["what"],
    )
    for what, count in asdict(met).items():
        family.add_metric([what], count)
    return family

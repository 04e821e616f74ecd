"""What Prometheus sees."""

import re
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from dashboard import queries
from dashboard.errors import Trouble
from dashboard.health import Sample
from dashboard.services import Services

RULES = Path(__file__).parents[3] / "prometheus/alerts.yml"


def named(family: str, kind: str) -> str:
    """Return a family's name as its samples have it."""
    return family + {"counter": "_total"}.get(kind, "")


def scrape(parts: Services) -> dict[str, float]:
    """Return each sample of a scrape by its name and labels."""
    text = parts.metrics.text().decode()
    return {
        sample.name + "".join(f"[{value}]" for value in sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_scrape_has_every_name_of_the_contract(parts: Services) -> None:
    """Dashboards and alerts are built on these names."""
    seen = scrape(parts)
    assert {
        "lab_db_up": 1.0,
        "lab_db_outages_total": 1.0,
        "lab_db_outage_seconds_total": 1.92,
        "lab_db_sample_seconds_count": 0.0,
        "lab_pool_connections[idle]": 1.0,
        "lab_pool_connections[in_use]": 0.0,
        "lab_pool_size": 5.0,
        "lab_pool_connects_total": 3.0,
        "lab_pool_invalidations_total": 1.0,
        "lab_reads_total[ok]": 0.0,
        "lab_executor_workers": 1.0,
        "lab_executor_stuck_workers": 0.0,
        "lab_executor_queue_depth": 0.0,
        "lab_executor_rejections_total": 0.0,
        "lab_pool_policy_info[adopted]": 1.0,
    }.items() <= seen.items()


@pytest.mark.parametrize("status", ["down", "stale", "starting"])
def test_up_is_one_only_when_up(status, parts, monitor) -> None:
    """A sample too old to trust is no proof of life."""
    monitor.put(status, Trouble(kind="refused"))
    assert 0.0 == scrape(parts)["lab_db_up"]


def test_samples_and_reads_are_counted(parts, monitor) -> None:
    """Each check lands in the histogram, each read under its outcome."""
    sample = monitor.health().history.sample
    assert isinstance(sample, Sample)
    parts.metrics.sampled(sample)
    parts.metrics.read_ended("ok")
    parts.metrics.read_ended("overloaded")
    seen = scrape(parts)
    assert (1.0, 0.01) == (seen["lab_db_sample_seconds_count"], seen["lab_db_sample_seconds_sum"])
    assert (1.0, 1.0) == (seen["lab_reads_total[ok]"], seen["lab_reads_total[overloaded]"])


def test_stuck_workers_are_counted(parts, pool, wait_for) -> None:
    """A read that outlives its caller's deadline is on the scrape until it ends."""
    pool.thawed.clear()
    parts.reads.start(queries.summary)
    wait_for(lambda: scrape(parts)["lab_executor_stuck_workers"] == 1.0)
    pool.thawed.set()
    wait_for(lambda: scrape(parts)["lab_executor_stuck_workers"] == 0.0)


def test_alerts_use_metrics_that_exist(parts) -> None:
    """A rule over a name that nobody serves never fires."""
    families = text_string_to_metric_families(parts.metrics.text().decode())
    served = {named(family.name, family.type) for family in families}
    used = set(re.findall(r"\blab_\w+", RULES.read_text()))
    assert used
    assert {re.sub(r"_(bucket|count|sum)$", "", name) for name in used} <= served


def test_registry_is_its_own(parts) -> None:
    """Streamlit's process metrics, and created stamps, stay out."""
    assert all(name.startswith("lab_") for name in scrape(parts))
    assert not any(name.endswith("_created") for name in scrape(parts))

"""System Health in each state."""

import pytest

from dashboard.errors import Trouble


@pytest.mark.parametrize(
    ("status", "box", "word"),
    [
        ("up", "success", "Up since"),
        ("down", "error", "Down since"),
        ("stale", "warning", "Stale since"),
        ("starting", "info", "Starting since"),
    ],
)
def test_page_says_the_state(status, box, word, run_page, monitor) -> None:
    """Each state has its box, its words and what to do."""
    monitor.put(status, Trouble(kind="refused") if status == "down" else None)
    page = run_page("system_health")
    (said,) = getattr(page, box)
    assert word in said.value


def test_page_shows_server_pool_and_outages(run_page) -> None:
    """All that the API knows is on the page."""
    page = run_page("system_health")
    shown = {metric.label: metric.value for metric in page.metric}
    assert {
        "Latency": "0.7 ms",
        "Server version": "17.6",
        "Server started": "2026-01-01 12:00:00 UTC",
        "In use": "0",
        "Idle": "1 of 5",
        "Connects": "3",
        "Invalidations": "1",
        "Last live read": "—",
    } == shown
    assert 1 == len(page.dataframe[0].value)
    assert any("plan 18-03" in text.value for text in page.markdown)

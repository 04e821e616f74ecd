"""The charts: typed tables and specifications that name their units."""

from datetime import UTC, date, datetime

import pytest

from dashboard import charts
from dashboard.health import Point
from dashboard.queries import DayTotal

AT = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("spec", [charts.LATENCY, charts.ORDERS])
def test_axes_are_titled(spec: charts.Spec) -> None:
    """Each axis says what it shows and in what unit."""
    for axis in ("x", "y"):
        assert spec["encoding"][axis]["title"]


def test_described_adds_the_text_and_leaves_the_original() -> None:
    """The specification is shared by all sessions: it is copied, not changed."""
    assert "A chart." == charts.described(charts.LATENCY, "A chart.")["description"]
    assert "description" not in charts.LATENCY


def test_latency_table_has_gaps_where_checks_failed() -> None:
    """A failed check is no latency of zero."""
    table = charts.latency_table([Point(at=AT, latency_ms=1.5), Point(at=AT, latency_ms=None)])
    assert [{"at": AT, "latency_ms": 1.5}, {"at": AT, "latency_ms": None}] == table.to_pylist()
    assert 0 == charts.latency_table([]).num_rows


def test_orders_table_keeps_days_and_regions() -> None:
    """One row for each day and region."""
    day = DayTotal(day=date(2026, 1, 1), region="east", orders=3, amount=7.5)
    assert [
        {"day": date(2026, 1, 1), "region": "east", "orders": 3, "amount": 7.5}
    ] == charts.orders_table([day]).to_pylist()
    assert 0 == charts.orders_table([]).num_rows

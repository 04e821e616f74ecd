"""What Orders says."""

from datetime import UTC, date, datetime

import pytest

from dashboard import presenting_orders as presenting
from dashboard.errors import Trouble
from dashboard.language import Words
from dashboard.live import Reading
from dashboard.queries import DayTotal, Orders, Summary

SAY = Words("en")
NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
LOST = Trouble(kind="connection_lost", operation_id="1f2e3d4c")
DAYS = tuple(
    DayTotal(day=date(2026, 1, day), region=region, orders=day, amount=0.5)
    for day in (1, 2, 10)
    for region in ("east", "west")
)


def orders(days: tuple[DayTotal, ...] = DAYS) -> Orders:
    """Return what one read brought."""
    at = datetime(2026, 1, 11, tzinfo=UTC)
    return Orders(days=days, summary=Summary(rows=(), as_of=at, backend_pid=1))


@pytest.mark.parametrize(
    ("reading", "tone", "says"),
    [
        (Reading(value=None, age_s=None, trouble=None, waiting=True), "info", "No data yet: the"),
        (Reading(value=None, age_s=None, trouble=LOST, waiting=False), "info", "No data yet: the"),
        (
            Reading(value=None, age_s=7.4, trouble=LOST, waiting=False),
            "warning",
            "Not live: data from 7 s ago, because the database closed the connection, op",
        ),
        (
            Reading(value=None, age_s=2.0, trouble=None, waiting=True),
            "warning",
            "Not live: data from 2 s ago, because the database has not answered yet",
        ),
        (
            Reading(value=None, age_s=1.0, trouble=None, waiting=False),
            "success",
            "Live: read 1.0 s ago, at 2026-01-01 11:59:59 UTC.",
        ),
    ],
)
def test_freshness_tells_age_and_reason(reading, tone, says) -> None:
    """Old data never passes for new."""
    said = presenting.freshness(reading, NOW, SAY)
    assert tone == said.tone
    assert said.line.startswith(says)


@pytest.mark.parametrize(
    ("regions", "last_days", "orders_in_all"),
    [((), 10, 26), ((), 9, 24), (("west",), 1, 10), (("west",), 90, 13)],
)
def test_choose_filters_by_region_and_newest_days(regions, last_days, orders_in_all) -> None:
    """The window ends at the newest day that has data, not at today; the totals add up."""
    chosen = presenting.choose(orders(), regions, last_days)
    assert chosen is not None
    assert orders_in_all == chosen.orders == sum(row[1] for row in chosen.regions)
    assert date(2026, 1, 10) == chosen.last
    assert orders_in_all == sum(chosen.table["orders"].to_pylist())


def test_choose_of_nothing_is_none() -> None:
    """An empty table and an empty choice are answers too."""
    assert presenting.choose(orders(()), (), 90) is None
    assert presenting.choose(orders(), ("nowhere",), 90) is None


def test_region_table_says_share_and_amount() -> None:
    """One row for each region, in text that reads the same everywhere."""
    chosen = presenting.choose(orders(), (), 90)
    assert chosen is not None
    assert [
        {"Region": "east", "Orders": "13", "Amount": "1.50", "Share of orders": "50.0 %"},
        {"Region": "west", "Orders": "13", "Amount": "1.50", "Share of orders": "50.0 %"},
    ] == presenting.region_table(chosen, SAY).to_pylist()
    told = presenting.chart_told(chosen, SAY)
    assert "Orders per day and region from 2025-10-13 to 2026-01-10, 26 in all." == told

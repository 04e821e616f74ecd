"""What the pages and the API read, as SQL and as typed rows."""

from dataclasses import dataclass
from datetime import date, datetime

from dashboard.pool import Fetch, Row

# `orders_daily` is kept by a trigger on `orders`: its counts add up to the table's. One statement
# for the answer and the evidence beside it, joined from the left: an empty table is an answer too.
SUMMARY_SQL = """
SELECT evidence.as_of, evidence.backend_pid, per_region.region, per_region.orders, per_region.amount
FROM (SELECT statement_timestamp() AS as_of, pg_backend_pid() AS backend_pid) AS evidence
LEFT JOIN (
    SELECT region, sum(orders)::bigint AS orders, sum(amount) AS amount
    FROM orders_daily
    GROUP BY region
) AS per_region ON true
ORDER BY per_region.region
"""

DAILY_SQL = """
SELECT day, region, orders, amount::float8 AS amount
FROM orders_daily
ORDER BY day, region
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionTotal:
    """One region's orders; `amount` is in the currency's unit."""

    region: str
    orders: int
    amount: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """All regions' orders, the database's time of the statement, and who answered it."""

    rows: tuple[RegionTotal, ...]
    as_of: datetime
    backend_pid: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DayTotal:
    """One region's orders of one day."""

    day: date
    region: str
    orders: int
    amount: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Orders:
    """What the Orders page shows: some hundred rows, so filters need no read of their own."""

    days: tuple[DayTotal, ...]
    summary: Summary


def summary(fetch: Fetch) -> Summary:
    """Read the orders of each region."""
    rows = fetch(SUMMARY_SQL)
    return Summary(
        rows=tuple(_region_total(row) for row in rows if row["region"] is not None),
        as_of=rows[0]["as_of"],
        backend_pid=rows[0]["backend_pid"],
    )


def daily(fetch: Fetch) -> tuple[DayTotal, ...]:
    """Read the orders of each day and region: some hundred rows, oldest first."""
    return tuple(DayTotal(**row) for row in fetch(DAILY_SQL))


def orders(fetch: Fetch) -> Orders:
    """Read all that the Orders page shows, in one transaction."""
    return Orders(days=daily(fetch), summary=summary(fetch))


def _region_total(row: Row) -> RegionTotal:
    return RegionTotal(region=row["region"], orders=row["orders"], amount=float(row["amount"]))

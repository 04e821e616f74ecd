"""The rows the pages and the API read."""

from datetime import UTC, date, datetime
from decimal import Decimal

from dashboard import queries
from dashboard.pool import Row
from dashboard.queries import DayTotal, RegionTotal

AT = datetime(2026, 1, 1, tzinfo=UTC)
EVIDENCE = {"as_of": AT, "backend_pid": 7}


def fetch(sql: str) -> list[Row]:
    """Answer as the database does."""
    if sql == queries.DAILY_SQL:
        return [{"day": date(2026, 1, 1), "region": "east", "orders": 3, "amount": 7.5}]
    return [
        {**EVIDENCE, "region": "east", "orders": 2, "amount": Decimal("10.50")},
        {**EVIDENCE, "region": "west", "orders": 1, "amount": Decimal(3)},
    ]


def test_summary_carries_the_evidence_of_its_statement() -> None:
    """Time and backend come from the statement that read the rows."""
    summary = queries.summary(fetch)
    assert (AT, 7) == (summary.as_of, summary.backend_pid)
    assert (
        RegionTotal(region="east", orders=2, amount=10.5),
        RegionTotal(region="west", orders=1, amount=3.0),
    ) == summary.rows
    assert 1 == queries.SUMMARY_SQL.count("statement_timestamp()")


def test_summary_of_an_empty_table_has_no_rows_but_evidence() -> None:
    """No orders is an answer, not an error."""
    nothing = {**EVIDENCE, "region": None, "orders": None, "amount": None}
    summary = queries.summary(lambda _: [nothing])
    assert ((), 7) == (summary.rows, summary.backend_pid)


def test_orders_reads_all_the_page_needs() -> None:
    """The page's days and totals come from one transaction."""
    orders = queries.orders(fetch)
    assert (DayTotal(day=date(2026, 1, 1), region="east", orders=3, amount=7.5),) == orders.days
    assert queries.summary(fetch) == orders.summary


def test_sql_has_no_percent_sign() -> None:
    """The statements go to the driver as they are: a percent sign would be a placeholder."""
    assert "%" not in queries.SUMMARY_SQL + queries.DAILY_SQL

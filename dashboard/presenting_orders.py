"""What Orders says: how fresh the data is, and the totals of what was chosen."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

import pyarrow as pa

from dashboard import charts
from dashboard.language import Words
from dashboard.latest import Latest
from dashboard.live import Reading
from dashboard.presenting import Tone, cause
from dashboard.queries import DayTotal, Orders


@dataclass(frozen=True, slots=True, kw_only=True)
class Freshness:
    """Whether the data is live, and if not, how old it is and why."""

    tone: Tone
    icon: str
    line: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """The rows of one choice of regions and days, added up."""

    orders: int
    amount: float
    first: date
    last: date
    regions: tuple[tuple[str, int, float], ...]
    table: pa.Table


def freshness(reading: Reading[Orders], now: datetime, say: Words) -> Freshness:
    """Say how old the data is; old data never passes for new, on a page left alone neither."""
    if reading.trouble is None and not reading.waiting:
        age_s = reading.age_s or 0.0
        at = say.at(now - timedelta(seconds=age_s))
        line = say("Live: read {age} s ago, at {at}.", age=f"{age_s:.1f}", at=at)
        return Freshness(tone="success", icon=":material/check_circle:", line=line)
    why = say("the database has not answered yet")
    if reading.trouble is not None:
        why = cause(reading.trouble, say)
    if reading.age_s is None:
        line = say("No data yet: {why}. This page goes on trying by itself.", why=why)
        return Freshness(tone="info", icon=":material/hourglass_top:", line=line)
    line = say(
        "Not live: data from {age} s ago, because {why}. This page goes on trying by itself.",
        age=f"{reading.age_s:.0f}",
        why=why,
    )
    return Freshness(tone="warning", icon=":material/schedule:", line=line)


def region_names(orders: Orders) -> list[str]:
    """Return the regions that have orders."""
    return sorted({day.region for day in orders.days})


def _choose(orders: Orders, regions: tuple[str, ...], last_days: int) -> Chosen | None:
    """Return the rows of `regions` (all where empty) in the last days that have data."""
    newest = max((day.day for day in orders.days), default=date.min)
    first = newest - timedelta(days=last_days - 1) if orders.days else newest
    days = [
        day for day in orders.days if day.day >= first and (not regions or day.region in regions)
    ]
    if not days:
        return None
    totals = tuple(_region(name, days) for name in sorted({day.region for day in days}))
    return Chosen(
        orders=sum(total[1] for total in totals),
        amount=sum(total[2] for total in totals),
        first=first,
        last=newest,
        regions=totals,
        table=charts.orders_table(days),
    )


choose: Latest[Orders, Chosen | None] = Latest(_choose)


def region_table(chosen: Chosen, say: Words) -> pa.Table:
    """Return the regions as a table of text, in their order."""
    return pa.table(
        {
            say("Region"): [name for name, _, _ in chosen.regions],
            say("Orders"): [f"{orders:,}" for _, orders, _ in chosen.regions],
            say("Amount"): [f"{amount:,.2f}" for _, _, amount in chosen.regions],
            say("Share of orders"): [
                f"{100 * orders / chosen.orders:.1f} %" for _, orders, _ in chosen.regions
            ],
        }
    )


def chart_told(chosen: Chosen, say: Words) -> str:
    """Say the orders chart in words."""
    return say(
        "Orders per day and region from {first} to {last}, {orders} in all.",
        first=chosen.first.isoformat(),
        last=chosen.last.isoformat(),
        orders=f"{chosen.orders:,}",
    )


def _region(name: str, days: list[DayTotal]) -> tuple[str, int, float]:
    mine = [day for day in days if day.region == name]
    return name, sum(day.orders for day in mine), sum(day.amount for day in mine)

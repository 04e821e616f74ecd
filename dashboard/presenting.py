"""What the pages say about a state: words, icon, colour and what to do."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal

from dashboard.errors import Trouble
from dashboard.health import Health, Outage, Status
from dashboard.live import Reading
from dashboard.queries import DayTotal, Orders
from dashboard.reads import LastRead

NONE = "—"

Tone = Literal["success", "error", "warning", "info"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One line about the database, and what it means."""

    tone: Tone
    icon: str
    line: str
    meaning: str


_WORDS: dict[Status, tuple[Tone, str, str, str]] = {
    "starting": ("info", "🔵", "Starting", "The first check has not ended yet. Wait a second."),
    "up": ("success", "🟢", "Up", "PostgreSQL answers. Nothing to do."),
    "down": (
        "error",
        "🔴",
        "Down",
        "PostgreSQL does not answer. Bring it back; this page and the pool follow by themselves.",
    ),
    "stale": (
        "warning",
        "🟠",
        "Stale",
        "The last check is too old to trust: the state is not known. Look at the dashboard's log.",
    ),
}


def verdict(health: Health) -> Verdict:
    """Say what the state is, since when, and how old that knowledge is."""
    tone, icon, word, meaning = _WORDS[health.status]
    line = f"{word} since {clock(health.since)}"
    if health.age_s is not None:
        line += f" · checked {health.age_s:.1f} s ago"
    trouble = health.history.sample and health.history.sample.trouble
    if trouble:
        line += f" · {trouble.message}"
    return Verdict(tone=tone, icon=icon, line=line, meaning=meaning)


def clock(at: datetime | None) -> str:
    """Return the instant in UTC, or a dash."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC") if at else NONE


def read_end(last: LastRead | None) -> str:
    """Return how the latest read ended: ok, or the kind of trouble."""
    if last is None:
        return NONE
    return last.trouble.kind if last.trouble else "ok"


def outage_rows(outages: tuple[Outage, ...]) -> list[dict[str, Any]]:
    """Return the outages as table rows, the latest first."""
    return [
        {
            "Began": clock(outage.began_at),
            "Ended": clock(outage.ended_at) if outage.ended_at else "lasts",
            "Length (s)": outage.duration_s,
            "At least (s)": outage.duration_min_s,
            "At most (s)": outage.duration_max_s,
        }
        for outage in reversed(outages)
    ]


def freshness(reading: Reading[Orders]) -> str | None:
    """Say why the data is not live, or None when it is."""
    if reading.trouble is None and not reading.waiting:
        return None
    why = _why(reading.trouble)
    if reading.age_s is None:
        return f"No data yet: {why}. This page goes on trying by itself."
    return f"Data from {reading.age_s:.0f} s ago: {why}. This page goes on trying by itself."


def chosen_days(
    days: tuple[DayTotal, ...], *, regions: list[str], last_days: int
) -> tuple[DayTotal, ...]:
    """Return the rows of `regions` (all where empty) in the last days that have data."""
    newest = max((day.day for day in days), default=date.min)
    first = newest - timedelta(days=last_days - 1) if days else newest
    return tuple(day for day in days if day.day >= first and (not regions or day.region in regions))


def region_rows(days: tuple[DayTotal, ...]) -> list[dict[str, Any]]:
    """Return the totals of each region as table rows."""
    return [
        {
            "Region": region,
            "Orders": sum(day.orders for day in days if day.region == region),
            "Amount": round(sum(day.amount for day in days if day.region == region), 2),
        }
        for region in sorted({day.region for day in days})
    ]


def _why(trouble: Trouble | None) -> str:
    return trouble.message if trouble else "the database has not answered yet"

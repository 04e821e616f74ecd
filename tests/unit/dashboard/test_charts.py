"""The charts: typed tables and specifications that name their units."""

import tomllib
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from dashboard import charts
from dashboard.health import History, Outage, Point
from dashboard.queries import DayTotal

DASHBOARD = Path(__file__).parents[3] / "dashboard"
AT = datetime(2026, 1, 1, tzinfo=UTC)


def later(seconds: float) -> datetime:
    """Return an instant of the test's clock."""
    return AT + timedelta(seconds=seconds)


def history(*outages: Outage) -> History:
    """Return four checks, two of them failed."""
    latencies = (1.5, None, None, 2.5)
    points = tuple(Point(at=later(n), latency_ms=ms) for n, ms in enumerate(latencies))
    return History(started_at=AT, since=AT, points=points, outages=outages)


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize("make", [charts.latency, charts.orders])
def test_axes_are_titled(make, language) -> None:
    """Each axis says what it shows and in what unit, in the page's language."""
    spec = make(language, "light")
    encoding = (spec["layer"][-1] if "layer" in spec else spec)["encoding"]
    assert encoding["x"]["title"]
    assert encoding["y"]["title"]
    assert (encoding["y"]["title"].isascii()) is (language == "en")


def test_time_is_the_browsers_and_days_are_utc() -> None:
    """The page tells times in the viewer's zone, its chart as well; orders are counted by UTC."""
    scales = [layer["encoding"]["x"]["scale"] for layer in charts.latency("en", "light")["layer"]]
    assert [{"type": "time"}] * 2 == scales
    assert {"type": "utc"} == charts.orders("en", "light")["encoding"]["x"]["scale"]


def test_specification_is_the_same_object_for_all() -> None:
    """A new specification would make every browser draw its chart anew, once a second."""
    assert charts.latency("en", "dark") is charts.latency("en", "dark")


def test_latency_table_has_gaps_and_outages() -> None:
    """A failed check is no latency of zero, and each outage is a row of its own."""
    outage = Outage(began_at=later(0.5), ended_at=later(2.5))
    rows = charts.latency_table(history(outage)).to_pylist()
    assert [1.5, None, None, 2.5, None] == [row["latency_ms"] for row in rows]
    assert {"at": later(0.5), "latency_ms": None, "outage_to": later(2.5)} == rows[-1]
    assert 0 == charts.latency_table(History(started_at=AT, since=AT)).num_rows


def test_latency_table_clips_outages_to_what_is_shown() -> None:
    """One that lasts ends at the latest check; one long past is not drawn."""
    past = Outage(began_at=later(-9), ended_at=later(-8))
    lasting = Outage(began_at=later(1))
    rows = charts.latency_table(history(past, lasting)).to_pylist()
    assert [(later(1), later(3))] == [(r["at"], r["outage_to"]) for r in rows if r["outage_to"]]


def test_orders_table_keeps_days_and_regions() -> None:
    """One row for each day and region."""
    day = DayTotal(day=date(2026, 1, 1), region="east", orders=3, amount=7.5)
    assert [{"day": date(2026, 1, 1), "region": "east", "orders": 3}] == charts.orders_table(
        [day]
    ).to_pylist()
    assert 0 == charts.orders_table([]).num_rows


def luminance(colour: str) -> float:
    """Return the relative luminance as WCAG 2 defines it."""
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return sum(share * part for share, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_chart_text_has_aa_contrast(theme) -> None:
    """Axe cannot see behind a chart's text, so its contrast is computed: at least 4.5 to 1."""
    config = tomllib.loads((DASHBOARD / ".streamlit/config.toml").read_text())
    grounds = config["theme"][theme]["backgroundColor"], charts._INK[theme]
    darker, lighter = sorted(map(luminance, grounds))
    assert (lighter + 0.05) / (darker + 0.05) >= 4.5

"""Charts as Vega-Lite specifications over Arrow tables.

Plain dictionaries, because building the same chart through a chart library costs ten times the
processor time at each refresh. A specification depends on language and theme alone: one that
changed with the data would make the browser draw the chart anew, with a flash. For a screen
reader the chart's `alt` and the text below it speak, not each mark.
"""

import functools
from collections.abc import Iterable
from typing import Any, Literal

import pyarrow as pa

from dashboard.health import History, Outage, Point
from dashboard.language import Language, Words
from dashboard.latest import Latest
from dashboard.queries import DayTotal

Spec = dict[str, Any]
Theme = Literal["light", "dark"]

SHOWN_POINTS = 300
_OUTAGE_COLOUR = "#d33c3c"
_POINT = {"size": 14, "aria": False}
# Streamlit's own axis text has less than AA contrast on the light ground.
_INK = {"light": "#3a4653", "dark": "#c3ced9"}


@functools.cache
def latency(language: Language, theme: Theme) -> Spec:
    """Return the latency's line, over the outages as shaded gaps."""
    say = Words(language)
    clock = {"labelOverlap": True, "format": "%H:%M:%S", "tickCount": 5}
    return {
        "height": 220,
        "config": _config(theme),
        "layer": [
            {
                "transform": [{"filter": "isValid(datum.outage_to)"}],
                "mark": {"type": "rect", "aria": False, "color": _OUTAGE_COLOUR, "opacity": 0.35},
                "encoding": {
                    "x": _time("at", say("Local time"), clock, "time"),
                    "x2": {"field": "outage_to"},
                },
            },
            {
                "transform": [{"filter": "!isValid(datum.outage_to)"}],
                # With points: one good check between two outages is no line, and yet to be seen.
                "mark": {"type": "line", "aria": False, "strokeWidth": 2, "point": _POINT},
                "encoding": {
                    "x": _time("at", say("Local time"), clock, "time"),
                    "y": _number("latency_ms", say("Latency (ms)")),
                },
            },
        ],
    }


@functools.cache
def orders(language: Language, theme: Theme) -> Spec:
    """Return the orders of each day, the regions stacked."""
    say = Words(language)
    days = {"labelOverlap": True, "format": "%m-%d", "tickCount": 6}
    return {
        "mark": {"type": "area", "aria": False},
        "height": 300,
        "config": _config(theme),
        "encoding": {
            "x": _time("day", say("Day (UTC)"), days, "utc"),
            "y": _number("orders", say("Orders per day")),
            "color": {
                "field": "region",
                "type": "nominal",
                "title": say("Region"),
                "legend": {"orient": "bottom", "columns": 3},
            },
        },
    }


def _latency_table(history: History) -> pa.Table:
    """Return the latest checks, None where one failed, and a row for each outage among them."""
    points = history.points[-SHOWN_POINTS:]
    spans = _spans(history.outages, points)
    none = [None]
    instant = pa.timestamp("ms", "UTC")
    return pa.table(
        {
            "at": pa.array([*(p.at for p in points), *(s[0] for s in spans)], instant),
            "latency_ms": pa.array(
                [*(p.latency_ms for p in points), *none * len(spans)], pa.float64()
            ),
            "outage_to": pa.array([*none * len(points), *(s[1] for s in spans)], instant),
        }
    )


latency_table: Latest[History, pa.Table] = Latest(_latency_table)


def orders_table(days: Iterable[DayTotal]) -> pa.Table:
    """Return the orders of each day and region."""
    days = tuple(days)
    return pa.table(
        {
            "day": pa.array([day.day for day in days], pa.date32()),
            "region": [day.region for day in days],
            "orders": pa.array([day.orders for day in days], pa.int64()),
        }
    )


def _spans(outages: Iterable[Outage], points: tuple[Point, ...]) -> list[tuple[Any, Any]]:
    """Return begin and end of each outage inside the time that `points` cover."""
    if not points:
        return []
    first, last = points[0].at, points[-1].at
    spans = ((max(o.began_at, first), min(o.ended_at or last, last)) for o in outages)
    return [(began, ended) for began, ended in spans if began <= ended]


def _config(theme: Theme) -> Spec:
    text = {"labelColor": _INK[theme], "titleColor": _INK[theme]}
    return {"axis": text, "legend": text}


def _time(field: str, title: str, axis: Spec, scale: Literal["time", "utc"]) -> Spec:
    return {
        "field": field,
        "type": "temporal",
        "title": title,
        "scale": {"type": scale},  # "time" is the browser's own zone
        "axis": axis,
    }


def _number(field: str, title: str) -> Spec:
    return {"field": field, "type": "quantitative", "title": title}

"""Charts as Vega-Lite specifications over Arrow tables.

Plain dictionaries, because building the same chart through a chart library costs ten times the
processor time at each refresh.
"""

from collections.abc import Iterable
from typing import Any

import pyarrow as pa

from dashboard.health import Point
from dashboard.queries import DayTotal

Spec = dict[str, Any]

LATENCY: Spec = {
    "mark": {"type": "line"},
    "height": 200,
    "encoding": {
        "x": {"field": "at", "type": "temporal", "title": "Time"},
        # A gap where the check failed, and not a line drawn across it.
        "y": {"field": "latency_ms", "type": "quantitative", "title": "Latency (ms)"},
    },
}

ORDERS: Spec = {
    "mark": {"type": "area"},
    "height": 320,
    "encoding": {
        "x": {"field": "day", "type": "temporal", "title": "Day (UTC)"},
        "y": {
            "field": "orders",
            "type": "quantitative",
            "aggregate": "sum",
            "title": "Orders per day",
        },
        "color": {"field": "region", "type": "nominal", "title": "Region"},
    },
}


def described(spec: Spec, text: str) -> Spec:
    """Return `spec` with `text` for those who do not see the chart."""
    return {**spec, "description": text}


def latency_table(points: Iterable[Point]) -> pa.Table:
    """Return the checks' latency over time; None where a check failed."""
    points = tuple(points)
    return pa.table(
        {
            "at": pa.array([point.at for point in points], pa.timestamp("ms", "UTC")),
            "latency_ms": pa.array([point.latency_ms for point in points], pa.float64()),
        }
    )


def orders_table(days: Iterable[DayTotal]) -> pa.Table:
    """Return the orders of each day and region."""
    days = tuple(days)
    return pa.table(
        {
            "day": pa.array([day.day for day in days], pa.date32()),
            "region": [day.region for day in days],
            "orders": pa.array([day.orders for day in days], pa.int64()),
            "amount": pa.array([day.amount for day in days], pa.float64()),
        }
    )

"""The price of each policy as a table, from the figures of one bench."""

import json
from pathlib import Path
from statistics import median
from typing import Any

from recovery_lab.report.words import table
from tests.bench.paired import shift

REFERENCE, SAME = "naive", "naive again"


def price(figures: Path) -> str:
    """Return the table: a read's time under each way, and its difference to `naive`."""
    heads = ["path", "way", "a read, µs", "against `naive`, µs (95 %)", "round trips", "pairs"]
    paths = json.loads(figures.read_text())["paths"]
    return table(heads, [row for path in paths for row in _rows(path, _trips(paths))])


def _trips(paths: list[dict[str, Any]]) -> dict[str, float]:
    """Return the round trips of one read, as the relay counted them."""
    return next(path["trips"] for path in paths if path["added_s"] == 0)


def _rows(path: dict[str, Any], trips: dict[str, float]) -> list[tuple[str, ...]]:
    times = path["times_us"]
    added = path["added_s"]
    over = "direct" if added is None else f"relay, {added * 1000:g} ms added"
    rows = []
    for way in sorted(times, key=lambda way: median(times[way])):
        told = shift(times[way], times[REFERENCE])
        bounds = f"{told.median:+.0f} ({told.low:+.0f} to {told.high:+.0f})"
        against = "reference" if way == REFERENCE else bounds
        name = "`naive`, a second time: the noise" if way == SAME else f"`{way}`"
        figures = f"{median(times[way]):.0f}", against, f"{trips[way]:g}", str(len(times[way]))
        rows.append((over, name, *figures))
    return rows

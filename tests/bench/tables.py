"""The figures of the benches as tables."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from recovery_lab.report.words import spread, table
from tests.bench.paired import shift
from tests.bench.shares import share

REFERENCE, SAME = "naive", "naive again"
CONDITIONS = ("idle", "full load", "overload", "none lost", "query lost", "SYN lost")
Times = Mapping[str, Sequence[float]]
LOSSES = ("stop", "kill", "freeze", "restart")


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
        figures = (
            f"{median(times[way]):.0f}",
            against,
            f"{round(trips[way], 1):g}",
            str(len(times[way])),
        )
        rows.append((over, name, *figures))
    return rows


def steady(figures: Path) -> str:
    """Return the table: what `steady` adds to the same driver without it, in two parts."""
    kept = json.loads(figures.read_text())
    checkout = kept["checkouts_us"]
    read = next(path["times_us"] for path in kept["paths"] if path["added_s"] is None)
    bare = ["autocommit, psycopg 3", "autocommit, psycopg 3, again"]
    rows = [*_above("checkout", checkout, list(checkout))]
    rows += _above("`SELECT 1`", read, [*bare, "steady", "naive"])
    heads = ["what", "way", "µs: median / worst (n)", "above the first, µs (95 %)"]
    return table([*heads, "of `pool_pre_ping`'s"], rows)


def _above(what: str, times: Times, ways: Sequence[str]) -> list[tuple[str, ...]]:
    """Return a row for each way; the first is what the others are compared with."""
    above = {way: shift(times[way], times[ways[0]]) for way in ways}
    ping = above.get("pool_pre_ping")
    return [
        (
            what,
            f"`{way}`",
            spread(times[way], ".1f"),
            f"{told.median:+.1f} ({told.low:+.1f} to {told.high:+.1f})" if number else "reference",
            f"{told.median / ping.median:.3f}" if ping and number else "",
        )
        for number, (way, told) in enumerate(above.items())
    ]


def alarms(figures: Path) -> str:
    """Return the table: checks that failed though the server was there."""
    heads = ["the server is there", "attempts", "false alarms (95 %)"]
    heads += ["a check, s: median / worst (n)"]
    cells = json.loads(figures.read_text())["checks"]
    cells.sort(key=lambda cell: CONDITIONS.index(cell["condition"]))
    return table(
        heads,
        [
            (
                cell["condition"],
                cell["way"],
                share(cell["alarms"], len(cell["took_s"])),
                spread(cell["took_s"]),
            )
            for cell in cells
        ],
    )


def notice(figures: Path) -> str:
    """Return the table: when a loss and a return were noticed, and which losses were not."""
    heads = ["the server is lost", "attempts", "noticed after, s: median / worst (n)"]
    heads += ["no check failed", "of these, its start had moved"]
    heads += ["seen again after, s: median / worst (n)"]
    cells = json.loads(figures.read_text())["losses"]
    cells.sort(key=lambda cell: LOSSES.index(cell["loss"]))
    return table(heads, map(_noticed, cells))


def _noticed(cell: dict[str, Any]) -> tuple[str, ...]:
    seen = [one for one in cell["noticed_s"] if one is not None]
    unseen = [one is None for one in cell["noticed_s"]]
    moved = sum(a and b for a, b in zip(unseen, cell["moved"], strict=True))
    return (
        cell["loss"],
        cell["way"],
        spread(seen),
        f"{sum(unseen)} of {len(unseen)}",
        str(moved) if any(unseen) else "",
        spread(cell["back_s"]),
    )

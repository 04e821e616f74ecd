"""What was scraped, second by second, as promtool's input series."""

import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from tests.running import ROOT

ALERTS = ROOT / "prometheus/alerts.yml"
MARK = "    input_series: # recorded\n"  # all that follows in a situation's file is made here
TARGET = 'instance="dashboard:8501",job="dashboard"'
Scrape = Mapping[str, float] | None  # samples by name and labels; None: there was no answer


def recorded(text: str, scrapes: Sequence[Scrape]) -> str:
    """Return a situation's file with the series of these scrapes in place of its own."""
    head, mark, _ = text.partition(MARK)
    if not mark:
        raise ValueError(f"expected a line {MARK!r}")
    return head + mark + "".join(_entry(name, row) for name, row in _rows(scrapes).items())


def _rows(scrapes: Sequence[Scrape]) -> dict[str, list[float | None]]:
    """Return a row of values for each series that the rules use, and `up`."""
    used = set(re.findall(r"\blab_\w+", ALERTS.read_text()))
    keys = {key for scrape in scrapes for key in scrape or {} if key.partition("{")[0] in used}
    rows: dict[str, list[float | None]] = {
        f"up{{{TARGET}}}": [float(scrape is not None) for scrape in scrapes]
    }
    for key in sorted(keys):
        name, _, labels = key.rstrip("}").partition("{")
        series = f"{name}{{{TARGET}{',' * bool(labels)}{labels}}}"
        rows[series] = [scrape.get(key) if scrape else None for scrape in scrapes]
    return rows


def _entry(series: str, row: Sequence[float | None]) -> str:
    values = "\n".join(textwrap.wrap(" ".join(_runs(row)), 88))
    return f"      - series: {series}\n        values: >-\n{textwrap.indent(values, ' ' * 10)}\n"


def _runs(row: Sequence[float | None]) -> Iterator[str]:
    """Yield values in promtool's notation: `1 2 4`, `5+4x9`, `_x3`, `stale` as a gap begins."""
    place = 0
    while place < len(row):
        gap = row[place] is None
        run = _run(row, place)
        first = row[place]
        if gap:
            seen = place and row[place - 1] is not None
            yield from ["stale"] * bool(seen)
            yield from [f"_x{run - bool(seen)}"] * (run > bool(seen))
        elif run > 2:
            step = (row[place + 1] or 0) - (first or 0)
            yield f"{first:g}{step:+g}x{run - 1}"
        else:
            yield from (f"{value:g}" for value in row[place : place + run])
        place += run


def _run(row: Sequence[float | None], begin: int) -> int:
    """Return how many values from `begin` on are gaps, or grow by one step."""
    rest = row[begin:]
    if rest[0] is None:
        return next((i for i, value in enumerate(rest) if value is not None), len(rest))
    known = next((i for i, value in enumerate(rest) if value is None), len(rest))
    steps = [after - before for before, after in pairwise(rest[:known])]
    return 1 + next((i for i, step in enumerate(steps) if step != steps[0]), len(steps))

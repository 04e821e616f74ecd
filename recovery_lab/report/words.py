"""How figures are said, on the screen and on a page alike."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from math import inf, isinf
from operator import attrgetter
from statistics import median
from typing import TypeVar

from recovery_lab.judge.account import Tally
from recovery_lab.judge.differences import outages_bound
from recovery_lab.judge.verdict import OutageVerdict
from recovery_lab.record.history import Health

WIDTH = 9  # of the first column on the screen
OUTCOMES = ("ok", "failed", "hung", "missed", "unfinished")
T = TypeVar("T")
# By its heading: what stands there of a row, by the name of an attribute or a function.
Columns = Mapping[str, str | Callable[[T], object]]


def row(name: str, text: str) -> str:
    """Return one line of the screen: a short name, then the text."""
    return f"{name:<{WIDTH}} {text}"


def seconds(value: float | None, absent: str = "unknown") -> str:
    """Return seconds with milliseconds, or a word where there are none."""
    return absent if value is None or isinf(value) else f"{value:.3f} s"


def added(one: float | None, other: float | None) -> float | None:
    """Return the sum of two lengths; None where one of them is not known."""
    return None if one is None or other is None else one + other


def outcomes(tally: Tally) -> str:
    """Return how many reads had which outcome: all five, they add up to what was due."""
    return " · ".join(f"{getattr(tally, word)} {word}" for word in OUTCOMES)


def policy(said: OutageVerdict | Health) -> str:
    """Return the policy's name with what it is shown as; empty where no health probe tells it."""
    return said.policy + f" ({said.shown_as})" * bool(said.shown_as)


def green_s(outage: OutageVerdict) -> float | None:
    """Return for how long System Health was green while the application's users waited."""
    return next((c.figures.green_s for c in outage.cells if c.figures.green_s is not None), None)


def counted(words: Iterable[str]) -> str:
    """Return words with how often each came."""
    return ", ".join(f"{word} ({count})" for word, count in Counter(words).items())


def spread(values: Sequence[float | None], form: str = ".3f") -> str:
    """Return median, worst and count of some seconds; what never came is the worst of all."""
    ranked = [inf if value is None else value for value in values]
    if not ranked:
        return "-"
    told = ("never" if isinf(v) else f"{v:{form}}" for v in (median(ranked), max(ranked)))
    return f"{' / '.join(told)} ({len(ranked)})"


def outages_with(bad: Sequence[int]) -> str:
    """Return in how many outages a read was bad; of none, what share of outages this allows."""
    hit = sum(count > 0 for count in bad)
    bound = f"; at most {100 * outages_bound(len(bad)):.0f} % (95 %)" if bad and not hit else ""
    return f"{hit} of {len(bad)} outages{bound}"


def not_judged(every: Iterable[str]) -> str:
    """Return which rules were not judged, by the capability that they miss; empty: none."""
    rules: dict[str, list[str]] = {}
    for said in every:
        rule, _, why = said.partition(": ")
        rules.setdefault(why, []).append(rule)
    return "; ".join(f"{why} ({', '.join(names)})" for why, names in rules.items())


def ranges(pids: Sequence[int]) -> str:
    """Return pids as `71-75` where they run on, else as a list."""
    ordered = sorted(pids)
    if len(ordered) > 1 and ordered[-1] - ordered[0] == len(ordered) - 1:
        return f"{ordered[0]}-{ordered[-1]}"
    return ", ".join(map(str, ordered)) or "none"


def table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table in Markdown."""
    lines = [heads, ["---"] * len(heads), *(list(map(str, row)) for row in rows)]
    # An empty cell has one space, a bar inside a cell would end it.
    told = (" | ".join(cell.replace("|", "\\|") for cell in line) for line in lines)
    return "\n".join(f"| {line} |".replace("|  |", "| |").replace("|  |", "| |") for line in told)


def columns_of(rows: Iterable[T], columns: Columns[T]) -> str:
    """Return a table in Markdown from its columns; what is not known is a dash, a length in s."""
    return table(list(columns), cells_of(rows, columns))


def cells_of(rows: Iterable[T], columns: Columns[T]) -> list[list[object]]:
    """Return what stands in each row of such a table."""
    cells = [attrgetter(cell) if isinstance(cell, str) else cell for cell in columns.values()]
    return [[_shown(cell(row)) for cell in cells] for row in rows]


def _shown(value: object) -> object:
    return "-" if value is None else f"{value:.3f}" if isinstance(value, float) else value

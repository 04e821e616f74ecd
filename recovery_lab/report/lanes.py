"""Small pictures in a line, as paths of SVG: the reads of one cell, and the lags of several."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil, floor, log10
from pathlib import Path
from typing import NamedTuple

from recovery_lab.folder import read_outage
from recovery_lab.judge.account import Read
from recovery_lab.judge.case import Seen
from recovery_lab.judge.verdict import RunVerdict
from recovery_lab.report.words import OUTCOMES

WIDE, ROW, MARK, FOOT, TALL = 1000, 14, 10, 84, 26  # of a picture: its own units, about a pixel
BAD = OUTCOMES[1:]  # a row of marks for each, from the top; at the foot the good ones
SHORTEST_S, LONGEST_S = 0.0005, 10.0  # waits of good reads, from the lowest mark to the highest
STEPS_S = [first * 10.0**power for power in range(-3, 3) for first in (1, 2, 5)]
MOST_TICKS = 8


@dataclass(frozen=True, slots=True)
class Lane:
    """The reads of one cell, in s after the fault was asked for: good ones with their waits."""

    good: list[tuple[float, float]] = field(default_factory=list)
    bad: dict[str, list[float]] = field(default_factory=dict)  # when they were due, by outcome
    said: Counter[str] = field(default_factory=Counter)  # of those that failed or hung

    @property
    def dues(self) -> list[float]:
        """All instants, in no order."""
        return [*(at for at, _ in self.good), *(at for dues in self.bad.values() for at in dues)]

    @property
    def span(self) -> tuple[float, float] | None:
        """The first and the last instant at which a read that was not good was due."""
        dues = [at for own in self.bad.values() for at in own]
        return (min(dues), max(dues)) if dues else None


Lanes = Mapping[tuple[str, str, str], Lane]  # by outage, contender and job


def read_lanes(run: Path, verdict: RunVerdict) -> Lanes:
    """Return the lane of each cell; none of an outage whose history was not kept."""
    found: dict[tuple[str, str, str], Lane] = {}
    for outage in verdict.outages:
        folder = run / "outages" / outage.name
        seen = Seen(*read_outage(folder)) if folder.exists() else None
        for case in seen.cases if seen else []:
            cell = (outage.name, case.cast.contender, case.job)
            found[cell] = _lane(case.reads, seen.origin if seen else 0.0)
    return found


def _lane(reads: Sequence[Read], origin: float) -> Lane:
    lane = Lane()
    for read in reads:
        at_s = read.due_at - origin
        if read.ok:
            lane.good.append((at_s, read.wait_s or 0.0))
            continue
        lane.bad.setdefault(read.outcome, []).append(at_s)
        if read.bad:
            lane.said[": ".join(filter(None, (read.kind, read.message))) or read.outcome] += 1
    return lane


class Axis(NamedTuple):
    """A span of values over the width of a picture."""

    begin: float
    end: float

    def x(self, value: float) -> int:
        """Return where a value stands, from 0 to WIDE."""
        share = (value - self.begin) / (self.end - self.begin)
        return round(WIDE * min(max(share, 0.0), 1.0))

    @property
    def ticks(self) -> list[tuple[float, str]]:
        """Return a few round values: where each stands in per cent, and its words."""
        span = self.end - self.begin
        step = next((one for one in STEPS_S if span / one <= MOST_TICKS), span)
        numbers = range(ceil(self.begin / step), floor(self.end / step) + 1)
        return [(self.x(n * step) * 100 / WIDE, f"{n * step:g}") for n in numbers]


def axis(values: Iterable[float], *, step: float = 1.0) -> Axis:
    """Return an axis for some values, its ends on multiples of a step."""
    known = list(values)
    begin, end = (floor(min(known) / step), ceil(max(known) / step)) if known else (0, 1)
    return Axis(begin * step, max(end, begin + 1) * step)


def drawn(lane: Lane, across: Axis, columns: int) -> dict[str, str]:
    """Return a path for each outcome.

    Each read that was not good has its mark; of the good ones the longest wait in each of so many
    columns. Marks of one row at one place are one: they would cover each other.
    """
    paths = {}
    for row, outcome in enumerate(BAD):
        places = sorted({across.x(at) for at in lane.bad.get(outcome, ())})
        if places:
            paths[outcome] = _path([(x, MARK) for x in places], (row + 1) * ROW - 2)
    longest: dict[int, tuple[float, int]] = {}
    for at, wait_s in lane.good if columns else ():
        x = across.x(at)
        column = x * columns // (WIDE + 1)
        longest[column] = max(longest.get(column, (-1.0, x)), (wait_s, x))
    if longest:
        paths["ok"] = _path([(x, _height(wait_s)) for wait_s, x in longest.values()], FOOT)
    return paths


def _height(wait_s: float) -> int:
    """Return how high a good read's mark is: logarithmic, from 2 to TALL."""
    share = log10(max(wait_s, SHORTEST_S) / SHORTEST_S) / log10(LONGEST_S / SHORTEST_S)
    return 2 + round((TALL - 2) * min(share, 1.0))


def _path(marks: Iterable[tuple[int, int]], foot: int) -> str:
    """Return upright marks (place, height) on one line, each told from the one before."""
    told, x, y = "", 0, 0
    for place, height in sorted(marks):
        told += f"m{place - x} {foot - y}v-{height}" if told else f"M{place} {foot}v-{height}"
        x, y = place, foot - height
    return told.replace(" -", "-")


def strip(values: Iterable[float], across: Axis) -> str:
    """Return a dot for each value, on three lines in turn: two humps are seen as two."""
    dots = sorted(map(across.x, values))
    return "".join(f"M{x} {6 + 8 * (number % 3)}h0" for number, x in enumerate(dots))

"""The median of paired differences, with its exact 95 % interval."""

from collections.abc import Sequence
from math import comb
from statistics import median
from typing import NamedTuple


class Shift(NamedTuple):
    """A median difference and the interval that holds it at 95 % (in the unit of its values)."""

    median: float
    low: float
    high: float


def interval_places(count: int, level: float = 0.95) -> int:
    """Return k: the k-th smallest and k-th largest of `count` values bound their median.

    By the sign test (the binomial distribution with p = 1/2), so without any assumption on the
    values' own distribution. Raises ValueError where `count` cannot carry the level (under 6).
    """
    tail, k = 0.0, 0
    while (tail := tail + comb(count, k) / 2**count) <= (1 - level) / 2:
        k += 1
    if k == 0:
        raise ValueError(f"{count} pairs cannot carry {level:.0%}: at least 6")
    return k


def shift(ours: Sequence[float], theirs: Sequence[float]) -> Shift:
    """Return by how much `ours` is above `theirs`, pair by pair."""
    differences = sorted(a - b for a, b in zip(ours, theirs, strict=True))
    k = interval_places(len(differences))
    return Shift(median(differences), differences[k - 1], differences[-k])

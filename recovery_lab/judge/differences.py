"""Which contenders differ from a reference, by how much, and how often outages may bring errors.

SciPy's exact test knows no ties; its permutation test lists every way to part them, or samples.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import accumulate, count
from math import comb, inf, isinf, isnan
from statistics import median
from typing import Literal, NamedTuple

import msgspec

ALPHA = 0.05  # a family claims any false difference at most this often; intervals hold 1 - ALPHA
Samples = Mapping[str, Sequence[float]]  # by contender
Word = Literal["different", "not distinguishable", "refused", "withdrawn"]


class Shift(NamedTuple):
    """How much higher one sample lies, with the interval that holds it with 95 % confidence."""

    shift: float
    low: float
    high: float


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """One contender against the reference, by how much it lies higher; refused: no figures."""

    contender: str
    n: int
    reference_n: int
    word: Word
    why: str = ""
    p: float | None = None
    p_holm: float | None = None
    shift: Shift | None = None


def differences(samples: Samples, reference: str, twin: str) -> list[Difference]:
    """Compare each contender and the twin with a reference, by values; `inf`: it never came.

    A pair is refused that could never be claimed, whatever its values; all are if the twin's is.
    """
    other = samples.get(reference, [])
    names = [name for name in dict.fromkeys([*samples, twin]) if name != reference]
    own = {name: samples.get(name, []) for name in names}
    refusals = {name: _refusal(len(own[name]), len(other), len(names)) for name in names}
    if refusals[twin]:
        unguarded = f"no twin to guard it: {refusals[twin]}"
        refusals = {name: refusal or unguarded for name, refusal in refusals.items()}
    ps = {name: mann_whitney(own[name], other) for name in names if not refusals[name]}
    p_holm = dict(zip(ps, holm(list(ps.values()), len(names)), strict=True))
    found = []
    for name in names:
        n, why = len(own[name]), refusals[name]
        one = Difference(contender=name, n=n, reference_n=len(other), word="refused", why=why)
        found.append(one if why else _compared(one, own[name], other, ps[name], p_holm[name]))
    return _withdrawn(twin, found)


def repeats_needed(pairs: int) -> int:
    """Return the least n for which n against n can be claimed among so many pairs."""
    return next(n for n in count(1) if _carries(n, n, pairs))


def mann_whitney(own: Sequence[float], other: Sequence[float]) -> float:
    """Return the exact two-sided p of the rank sum, over all ways to part the values at hand.

    Mann and Whitney (1947, Annals of Mathematical Statistics 18); with ties on midranks (Lehmann,
    Nonparametrics, 1975, section 1.4). Raises ValueError where a value is none (NaN).
    """
    values = [*own, *other]
    if any(map(isnan, values)):
        raise ValueError(f"not a number among {values}")
    pooled = sorted(values)
    ranks = [bisect_left(pooled, value) + bisect_right(pooled, value) for value in values]
    ways = _ways(tuple(sorted(ranks)), len(own))
    seen = sum(ranks[: len(own)])
    return min(1.0, 2 * min(sum(ways[: seen + 1]), sum(ways[seen:])) / sum(ways))


def holm(ps: Sequence[float], pairs: int) -> list[float]:
    """Return p by Holm (1979, Scandinavian Journal of Statistics 6); `pairs`: the refused too."""
    order = sorted(range(len(ps)), key=lambda index: ps[index])
    stepped = accumulate(((pairs - step) * ps[index] for step, index in enumerate(order)), max)
    adjusted = dict(zip(order, stepped, strict=True))
    return [min(1.0, adjusted[index]) for index in range(len(ps))]


def hodges_lehmann(own: Sequence[float], other: Sequence[float]) -> Shift:
    """Return the median of all pairwise differences, and its interval: two of their order.

    Hodges and Lehmann (1963, Annals of Mathematical Statistics 34); it holds each shift that the
    exact test would not reject (Hollander and Wolfe, Nonparametric Statistical Methods, 4.3).
    """
    apart = sorted(mine - theirs for mine in own for theirs in other)
    ways = _ways(tuple(range(len(own) + len(other))), len(own))
    # Each rejected end of the distribution of U takes one difference from either side.
    least = ALPHA / 2 * sum(ways)
    outside = sum(0 < up_to <= least for up_to in accumulate(ways))
    low, high = (apart[outside - 1], apart[-outside]) if outside else (-inf, inf)
    return Shift(median(apart), low, high)


def outages_bound(outages: int) -> float:
    """Return the 95 % bound of a share of which 0 of n were seen (Hanley, 1983, JAMA 249)."""
    return 1.0 - ALPHA ** (1.0 / outages) if outages else 1.0


@lru_cache(maxsize=256)
def _ways(ranks: tuple[int, ...], size: int) -> tuple[int, ...]:
    """Return, by the sum of their ranks, in how many ways `size` of the values can be chosen.

    The coefficients of the product of (1 + z x^rank) at z^size (Streitberg and Röhmel, 1986,
    Statistical Software Newsletter 12); a polynomial in x is one integer, in digits of 2^values.
    """
    digit = len(ranks) // 8 + 1  # bytes
    chosen = [1] + [0] * size
    for rank in ranks:
        for taken in range(size, 0, -1):
            chosen[taken] += chosen[taken - 1] << (8 * digit * rank)
    end = digit * (sum(ranks[len(ranks) - size :]) + 1)
    digits = chosen[size].to_bytes(end, "little")
    return tuple(int.from_bytes(digits[at : at + digit], "little") for at in range(0, end, digit))


def _carries(n: int, reference_n: int, pairs: int) -> bool:
    """Tell if the least p that so many values can have outlives Holm's first step."""
    return pairs * 2 / comb(n + reference_n, n) <= ALPHA


def _refusal(n: int, reference_n: int, pairs: int) -> str:
    if _carries(n, reference_n, pairs):
        return ""
    needed = repeats_needed(pairs)
    return f"{n} against {reference_n} repeats cannot carry {pairs} pairs: needs {needed} of each"


def _compared(
    one: Difference, own: Sequence[float], other: Sequence[float], p: float, p_holm: float
) -> Difference:
    never, reference_never = (sum(map(isinf, values)) for values in (own, other))
    # Infinite minus infinite is no number, and a shift of the rest would hide what never came.
    shift = None if never or reference_never else hodges_lehmann(own, other)
    why = []
    if shift is None:
        told = f"never in {never} of {len(own)} against {reference_never} of {len(other)}"
        why.append(f"no shift: {told}")
    if p <= ALPHA < p_holm:
        why.append(f"p = {p:.2g} by itself, which chance brings among so many pairs")
    word = "different" if p_holm <= ALPHA else "not distinguishable"
    return msgspec.structs.replace(
        one, word=word, why="; ".join(why), p=p, p_holm=p_holm, shift=shift
    )


def _withdrawn(twin: str, found: list[Difference]) -> list[Difference]:
    """Take every claim back if one was made for the twin: what it met, the others met too."""
    claimed = {one.contender: one for one in found if one.word == "different"}
    if twin not in claimed:
        return found
    why = f"the reference's twin {twin} differs from it as well: p = {claimed[twin].p_holm:.2g}"
    return [
        msgspec.structs.replace(one, word="withdrawn", why=why) if one.contender in claimed else one
        for one in found
    ]

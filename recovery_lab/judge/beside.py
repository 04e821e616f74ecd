"""What an outage cost a contender beside its reads: connections, processor, memory, its log."""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import NamedTuple

import msgspec

from recovery_lab.judge import measures
from recovery_lab.judge.case import Seen
from recovery_lab.judge.thresholds import THRESHOLDS
from recovery_lab.record.history import Logged, Usage

SECOND_S = 1.0


class Cost(msgspec.Struct, frozen=True, kw_only=True):
    """What a contender cost for a while; None: not known, or too short to tell."""

    cpu: float | None  # processors: 0.1 is a tenth of one
    memory: int | None  # the most that was resident, in bytes
    log_lines_per_s: float | None
    log_bytes_per_s: float | None


class Beside(msgspec.Struct, frozen=True, kw_only=True):
    """One contender's container, from the loss to 5 s after ready; None: not counted throughout.

    Costs: in the second before the fault, from the loss to ready, in the 5 s after it.
    """

    opens: int | None
    opens_worst_s: int | None  # the most in any one second
    log_worst_s: int  # lines, the same
    before: Cost
    during: Cost
    after: Cost


class _Span(NamedTuple):
    begin_at: float
    end_at: float


def beside_of(seen: Seen, contender: str) -> Beside | None:
    """Measure one contender; None where the outage has no bounds, or nobody was to measure."""
    if not seen.info.metered or seen.asked_at is None or (whole := _whole(seen)) is None:
        return None
    usages = [one for one in seen.history.of(Usage) if one.contender == contender]
    logged = [one for one in seen.history.of(Logged) if one.contender == contender]
    counted = uncounted_s(seen, contender) <= THRESHOLDS.uncounted_s
    inside = _inside(usages, whole) if counted else []
    begun = [(one.at, other.at, other.opens - one.opens) for one, other in pairwise(inside)]
    said = [one for one in logged if whole.begin_at <= one.at <= whole.end_at]
    ready_at = seen.ready.late_at if seen.ready else whole.end_at
    spans = (
        _Span(seen.asked_at - SECOND_S, seen.asked_at),
        _Span(whole.begin_at, ready_at),
        _Span(ready_at, whole.end_at),
    )
    before, during, after = (_cost(span, usages if counted else [], logged) for span in spans)
    return Beside(
        opens=inside[-1].opens - inside[0].opens if inside else None,
        opens_worst_s=_worst_second(begun) if inside else None,
        log_worst_s=_worst_second([(one.at, one.at, one.lines) for one in said]),
        before=before,
        during=during,
        after=after,
    )


def uncounted_s(seen: Seen, contender: str) -> float:
    """Return the longest time in s, from the loss to 5 s after ready, without a reading."""
    if (whole := _whole(seen)) is None:
        return 0.0  # a doubt of its own
    read = (one.at for one in seen.history.of(Usage) if one.contender == contender)
    return measures.silence_s(read, *whole)


def _whole(seen: Seen) -> _Span | None:
    if seen.lost_at is None or seen.ready is None:
        return None
    return _Span(seen.lost_at, min(seen.ready.late_at + THRESHOLDS.settled_s, seen.end_at))


def _inside(usages: Sequence[Usage], span: _Span) -> Sequence[Usage]:
    """Return the readings that bound a span, and those within: each the last one by its instant."""
    ats = [one.at for one in usages]
    first, end = bisect_right(ats, span.begin_at) - 1, bisect_right(ats, span.end_at)
    return usages[max(first, 0) : end]


def _cost(span: _Span, usages: Sequence[Usage], logged: Sequence[Logged]) -> Cost:
    inside = _inside(usages, span)
    took_s = inside[-1].at - inside[0].at if inside else 0.0
    cpu_s = inside[-1].cpu_s - inside[0].cpu_s if inside else 0.0
    said = [one for one in logged if span.begin_at < one.at <= span.end_at]
    length_s = span.end_at - span.begin_at
    return Cost(
        cpu=round(cpu_s / took_s, 6) if took_s else None,
        memory=max((one.memory for one in inside), default=None),
        log_lines_per_s=round(sum(one.lines for one in said) / length_s, 6) if length_s else None,
        log_bytes_per_s=round(sum(one.bytes for one in said) / length_s, 6) if length_s else None,
    )


def _worst_second(counts: Sequence[tuple[float, float, int]]) -> int:
    """Return the most that can have come in any one second; `counts`: between two instants."""
    ends, totals = [end for _, end, _ in counts], [0, *accumulate(n for *_, n in counts)]
    firsts = (bisect_right(ends, round(begin - SECOND_S, 3)) for begin, *_ in counts)
    return max((totals[n] - totals[first] for n, first in enumerate(firsts, start=1)), default=0)

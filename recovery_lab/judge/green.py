"""Green while users wait: System Health said `up` while reads could not end."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from recovery_lab.judge.account import Read
from recovery_lab.judge.measures import runs, since_asked
from recovery_lab.judge.thresholds import THRESHOLDS
from recovery_lab.record.history import Health, History

Span = tuple[float, float]  # from one instant to another


def green_s(history: History, reads: Sequence[Read], span: Span) -> float:
    """Return for how many s of a span System Health said `up` while a user waited."""
    green = _green(history.of(Health), span[1])
    return round(_shared_s(_joined(_waiting(reads, span[1])), green, span), 6)


def losses(history: History, lost_at: float, until: float) -> list[Span]:
    """Return when fresh sessions could not do the work, an end to each where they could for 2 s."""
    found, begin_at = [], lost_at
    for good, same in runs(since_asked(history)):
        lasted_s = same[-1].ended_at - same[0].ended_at
        if good and same[0].started_at >= begin_at and lasted_s >= THRESHOLDS.steady_s:
            found.append((begin_at, same[0].ended_at))
            begin_at = same[-1].ended_at
    return [*found, (begin_at, until)] if begin_at < until else found


def _waiting(reads: Sequence[Read], until: float) -> Iterator[Span]:
    """Yield each read that did not end well within 1 s: from its due instant to its end.

    Until the next is due nobody is served either: one that fails at once stands for that time.
    """
    nexts = [*(read.due_at for read in reads[1:]), until]
    for read, next_at in zip(reads, nexts, strict=False):  # of no reads there is none
        if read.hurt:
            yield read.due_at, max(read.due_at + read.least_s, next_at)


def _green(samples: Sequence[Health], until: float) -> list[Span]:
    """Return when it said `up`: from each question that was answered so to the next one."""
    asked = [*(sample.started_at for sample in samples), until]
    return [span for span, one in zip(pairwise(asked), samples, strict=True) if one.status == "up"]


def _joined(spans: Iterable[Span]) -> list[Span]:
    joined: list[Span] = []
    for begin_at, end_at in spans:
        if joined and begin_at <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end_at))
        else:
            joined.append((begin_at, end_at))
    return joined


def _shared_s(ones: Sequence[Span], others: Sequence[Span], within: Span) -> float:
    """Return the length that two rows of spans share; each is in order and overlaps nowhere."""
    shared_s, left = 0.0, list(reversed(others))
    for begin_at, end_at in ones:
        while left and left[-1][0] < end_at:
            begin, end = max(begin_at, left[-1][0], within[0]), min(end_at, left[-1][1], within[1])
            shared_s += max(0.0, end - begin)
            if left[-1][1] > end_at:
                break  # the next one may share it too
            left.pop()
    return shared_s

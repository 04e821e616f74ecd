"""What one outage showed, and many of them in a table."""

import logging
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass

from faults import Met
from readers import Read

from steadypool import Counters

LATE_S = 0.1  # a read that waited longer was delayed


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """One outage's; times in seconds, and none where there was nothing to see."""

    fault: str
    hold_s: float
    noticed_s: float | None  # from the loss to the log's line
    first_s: float | None  # from the observer's first good session to the first good read's end
    healed_s: float | None  # the same from the healing on
    all_back_s: float | None  # to that of the last reader
    worst_s: float  # longest time from being due, or ready, to a read's end
    worst_net_s: float  # the same, without the stalls that it met
    late: int  # reads that waited longer than 0.1 s from there
    reads: int
    errors: tuple[str, ...]
    attempts: float  # for each read
    losses: int
    stall_s: float  # the longest that this process' sleeping thread was kept from waking
    opened: int  # sessions that the pool tried for or was handed
    seen: int  # sessions that the server saw, the prober's among them
    left: int | None  # sessions on the server, 15 s after the healing


class Log(logging.Handler):
    """The package's log: when it told of a loss."""

    def __init__(self) -> None:
        super().__init__()
        self.lost_at: list[float] = []
        logging.getLogger("steadypool").addHandler(self)
        logging.getLogger("steadypool").propagate = False

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the instant of a loss."""
        if record.getMessage().startswith("database lost"):
            self.lost_at.append(time.monotonic())

    def noticed(self, met: Met) -> float | None:
        """Return how long after the loss it was told."""
        told = [at for at in self.lost_at if at >= met.lost_at]
        return told[0] - met.lost_at if told else None


def returns(reads: Sequence[Read], met: Met) -> list[float]:
    """Return when each reader's first good read after the healing ended, from ready on."""
    firsts: dict[int, float] = {}
    for read in sorted(reads, key=lambda one: one.end):
        if read.end > met.healed_at and not read.error:
            firsts.setdefault(read.reader, read.end - met.ready_at)
    return sorted(firsts.values())


def without_stalls(read: Read, ready_at: float, stalls: Sequence[tuple[float, float]]) -> float:
    """Return a read's wait less what even a sleeping thread was kept waiting meanwhile."""
    began_at = max(read.due, ready_at)
    stalled = sum(max(0.0, min(to, read.end) - max(since, began_at)) for since, to in stalls)
    return read.end - began_at - stalled


def spent(before: Counters, after: Counters, name: str) -> int:
    """Return how far a count has risen."""
    return int(getattr(after, name)) - int(getattr(before, name))


def table(found: Sequence[Figures]) -> str:
    """Return each fault's figures: median / worst in ms, and the most of what is counted."""
    rows = [("fault", "n", *COLUMNS)]
    for fault in dict.fromkeys(one.fault for one in found):
        played = [one for one in found if one.fault == fault]
        cells = [_cell(name, played) for name in COLUMNS.values()]
        rows.append((fault, str(len(played)), *cells))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )


COLUMNS = {
    "noticed": "noticed_s",
    "first good": "first_s",
    "from heal": "healed_s",
    "all back": "all_back_s",
    "worst read": "worst_s",
    "net": "worst_net_s",
    "stall": "stall_s",
    "late": "late",
    "reads": "reads",
    "errors": "errors",
    "attempts": "attempts",
    "losses": "losses",
    "opened": "opened",
    "seen": "seen",
    "left": "left",
}


def _cell(name: str, played: Sequence[Figures]) -> str:
    values = [value for one in played if (value := getattr(one, name)) is not None]
    if not values:
        return "-"
    if name.endswith("_s"):
        return f"{1000 * statistics.median(values):.0f} / {1000 * max(values):.0f}"
    if name == "errors":
        return str(sum(map(len, values)))
    return str(sum(values)) if name == "reads" else f"{max(values):.4g}"

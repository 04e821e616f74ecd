"""Does a URL read the database? Its server counts: transactions that come with the reads alone."""

import time
from collections.abc import Callable

from recovery_lab.errors import InconclusiveError
from recovery_lab.yours.way import Way

COUNT = """SELECT xact_commit + xact_rollback FROM pg_stat_database
       WHERE datname = current_database()"""
BURST = 5  # reads, one after another
FLUSH_S = 1.2  # a session tells its counts once a second, as its next statement ends
BURSTS = 10
ENOUGH = 0.5  # transactions a read, above what comes without any


def transactions_per_read(fresh: Way, read: Callable[[], object]) -> float:
    """Return how many transactions a read makes; InconclusiveError: none."""
    alone = _added(fresh, lambda: None)
    total, reads = 0, 0
    for _ in range(BURSTS):
        total += _added(fresh, lambda: [read() for _ in range(BURST)])
        reads += BURST
        per_read = (total - alone * reads / BURST) / reads
        if reads >= 3 * BURST and per_read >= ENOUGH:
            return per_read
    raise InconclusiveError(
        "this URL answers without the database: "
        f"{total} transactions came with {reads} reads, as {alone * reads // BURST} without any"
    )


def _added(fresh: Way, act: Callable[[], object]) -> int:
    before = _count(fresh)
    act()
    time.sleep(FLUSH_S)  # until the counts are told
    return _count(fresh) - before


def _count(fresh: Way) -> int:
    with fresh.opened() as run:
        return int(run(COUNT)[0][0])

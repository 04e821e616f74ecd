"""Does a URL read the database? Its server counts: transactions that come with the reads alone."""

import statistics
import time
from collections.abc import Callable

from recovery_lab.errors import InconclusiveError
from recovery_lab.yours.way import Way

COUNT = """SELECT xact_commit + xact_rollback FROM pg_stat_database
       WHERE datname = current_database()"""
# By client address, of those with whom something was just done: what a login may see of others.
SESSIONS = """WITH seen AS (SELECT coalesce(host(client_addr), 'a socket') AS at, state_change
       FROM pg_stat_activity WHERE datname = current_database() AND client_port IS NOT NULL
       AND pid <> pg_backend_pid())
       SELECT at, count(*) FROM seen GROUP BY at
       HAVING max(state_change) > now() - interval '3 s' ORDER BY 2 DESC, 1"""
BURST = 5  # reads, one after another
FLUSH_S = 1.2  # a session tells its counts once a second, as its next statement ends
PAIRS = 5  # of a burst and as long without one: others' work comes in some, and not in most
ENOUGH = 0.5  # transactions a read, above what comes without any


def transactions_per_read(fresh: Way, read: Callable[[], object]) -> float:
    """Return how many transactions a read makes; InconclusiveError: none."""
    _added(fresh, read)  # what it makes at first, a session, counts for none
    pairs = [(_added(fresh, lambda: None), _added(fresh, read)) for _ in range(PAIRS)]
    per_read = statistics.median(reading - alone for alone, reading in pairs) / BURST
    if per_read >= ENOUGH:
        return per_read
    alone, reading = (sum(counts) for counts in zip(*pairs, strict=True))
    raise InconclusiveError(
        "this URL answers without the database: "
        f"{reading} transactions came with {PAIRS * BURST} reads, {alone} in as long without any"
    )


def sessions(fresh: Way) -> dict[str, int]:
    """Return how many sessions whoever has just read holds, by client address; {}: not seen."""
    with fresh.opened() as run:
        return {str(row[0]): int(row[1]) for row in run(SESSIONS)}


def _added(fresh: Way, act: Callable[[], object]) -> int:
    before = _count(fresh)
    for _ in range(BURST):
        act()
    time.sleep(FLUSH_S)  # until the counts are told
    return _count(fresh) - before


def _count(fresh: Way) -> int:
    with fresh.opened() as run:
        return int(run(COUNT)[0][0])

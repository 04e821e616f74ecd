"""Counters for metrics."""

import threading
from dataclasses import dataclass, fields, replace


@dataclass(slots=True, kw_only=True)
class Counters:
    """What an engine has met since it was made."""

    losses: int = 0  # the database was lost
    returns: int = 0  # it was back
    refusals: int = 0  # a server that is there turned a session away
    probes: int = 0  # fresh sessions that the prober tried for
    logins: int = 0  # sessions that the pool opened by itself
    handovers: int = 0  # sessions of the prober's that the pool took over
    pings: int = 0  # checkouts that cost a round trip; all others cost none
    questions: int = 0  # silences that the server was asked about
    dead_sockets: int = 0  # of these, sessions it worked on nothing for
    retries: int = 0  # attempts of reads after the first
    late_reads: int = 0  # reads that ended at their deadline
    lost_commits: int = 0  # writes whose answer to the COMMIT was lost, and asked about
    rewrites: int = 0  # attempts of writes after the first


class Tally:
    """Counters that several threads raise."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts = Counters()

    def add(self, name: str) -> None:
        """Raise the count `name` by one."""
        with self._lock:
            setattr(self._counts, name, getattr(self._counts, name) + 1)

    def snapshot(self) -> Counters:
        """Return the counts as they are now."""
        with self._lock:
            return replace(self._counts)


NAMES = tuple(field.name for field in fields(Counters))

"""Does a URL read the database: its server's own count of transactions says so."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from recovery_lab.errors import InconclusiveError
from recovery_lab.yours import traffic
from recovery_lab.yours.traffic import transactions_per_read
from recovery_lab.yours.way import Run


class Server:
    """A count of transactions: others make some a second, each of our looks makes one."""

    def __init__(self, per_read: int, others_per_s: int = 0) -> None:
        self.count = self.reads = 0
        self._per_read = per_read
        self._others_per_s = others_per_s

    def read(self) -> None:
        """Read the URL."""
        self.reads += 1
        self.count += self._per_read

    def sleep(self, seconds: float) -> None:
        """Let others work."""
        self.count += round(self._others_per_s * seconds)

    @contextmanager
    def opened(self) -> Iterator[Run]:
        """Look."""
        self.count += 1
        yield lambda sql: [(self.count,)]


@pytest.mark.parametrize("others_per_s", [0, 50])
@pytest.mark.parametrize("per_read", [1, 3])
def test_transactions_of_a_read_are_counted(monkeypatch, per_read: int, others_per_s: int) -> None:
    """Those of others and our own looks are left out."""
    server = Server(per_read, others_per_s)
    monkeypatch.setattr(traffic, "time", server)
    assert per_read == pytest.approx(transactions_per_read(server, server.read), abs=0.01)
    assert 30 == server.reads


def test_work_that_comes_now_and_then_is_no_reads(monkeypatch) -> None:
    """As a health check's every few seconds: it falls into some of the windows."""
    server = Server(0)
    monkeypatch.setattr(traffic, "time", server)
    sleep, slept = server.sleep, iter(range(100))

    def sometimes(seconds: float) -> None:
        sleep(seconds)
        server.count += 9 * (next(slept) % 4 == 0)

    monkeypatch.setattr(server, "sleep", sometimes)
    with pytest.raises(InconclusiveError):
        transactions_per_read(server, server.read)


@pytest.mark.parametrize("others_per_s", [0, 50])
def test_url_that_reads_nothing_is_inconclusive(monkeypatch, others_per_s: int) -> None:
    """Whatever becomes of the database, it would stay good."""
    server = Server(0, others_per_s)
    monkeypatch.setattr(traffic, "time", server)
    with pytest.raises(InconclusiveError, match="this URL answers without the database: "):
        transactions_per_read(server, server.read)

"""The last good value, and the one read in flight."""

import pytest

from dashboard import queries
from dashboard.live import LiveRead
from dashboard.reads import Reads


class Clock:
    """A clock that moves when told."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        """Tell the time."""
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    """Give a clock that stands still."""
    return Clock()


@pytest.fixture
def live(reads: Reads, clock: Clock) -> LiveRead[queries.Orders]:
    """Give the Orders page's read."""
    return LiveRead(reads, queries.orders, every_s=1.0, clock=clock)


def test_poll_reads_live(live, pool, outcomes) -> None:
    """With the database there, the first look has data and nothing is wrong."""
    reading = live.poll(patience_s=1.5)
    assert reading.value is not None
    assert (0.0, None, False) == (reading.age_s, reading.trouble, reading.waiting)
    assert ["ok"] == outcomes


def test_poll_reads_no_more_often_than_told(live, pool, clock) -> None:
    """However many sessions look, the database is asked once a second."""
    for _ in range(5):
        live.poll(patience_s=1.5)
    assert 1 == pool.reads
    clock.now_s += 1.0
    live.poll(patience_s=1.5)
    assert 2 == pool.reads


def test_lost_database_leaves_the_last_good_value(live, pool, clock, outcomes) -> None:
    """The page keeps its data, with its age and the reason."""
    live.poll(patience_s=1.5)
    pool.lost = True
    clock.now_s += 7.0
    reading = live.poll(patience_s=1.5)
    assert reading.value is not None
    assert reading.trouble is not None
    assert (7.0, "connection_lost") == (reading.age_s, reading.trouble.kind)
    assert ["ok", "connection_lost"] == outcomes


def test_returned_database_is_live_again(live, pool, clock) -> None:
    """The next read ends the trouble by itself."""
    pool.lost = True
    first = live.poll(patience_s=1.5)
    assert (None, None) == (first.value, first.age_s)
    pool.lost = False
    clock.now_s += 1.0
    reading = live.poll(patience_s=1.5)
    assert reading.value is not None
    assert (None, 0.0) == (reading.trouble, reading.age_s)


def test_hanging_read_is_waited_for_once(live, pool, clock, outcomes) -> None:
    """Twenty looks at a frozen server hold one read, and are answered at once."""
    live.poll(patience_s=1.5)
    pool.thawed.clear()
    clock.now_s += 1.0
    for _ in range(20):
        reading = live.poll(patience_s=0.01)
        clock.now_s += 0.005
    assert reading.waiting
    assert reading.value is not None
    assert 2 == pool.reads
    assert ["ok"] == outcomes


def test_hanging_read_is_given_up_at_the_deadline(live, pool, clock, outcomes) -> None:
    """Then the next read may start; the old one's late end changes nothing."""
    pool.thawed.clear()
    live.poll(patience_s=0.0)
    clock.now_s += 0.3
    reading = live.poll(patience_s=0.0)
    assert reading.trouble is not None
    assert ("deadline", False) == (reading.trouble.kind, reading.waiting)
    assert ["deadline"] == outcomes


def test_thawed_server_answers_the_read_in_flight(live, pool, clock, wait_for) -> None:
    """A value that came while nobody looked is there at the next look."""
    pool.thawed.clear()
    assert live.poll(patience_s=0.0).waiting
    pool.thawed.set()
    wait_for(lambda: live.poll(patience_s=0.0).value is not None)


def test_full_executor_is_told(live, pool, clock, reads, wait_for) -> None:
    """A page whose read found no place says so and keeps trying."""
    pool.thawed.clear()
    reads.start(queries.summary)
    wait_for(lambda: reads.executor.queue_depth == 0)
    reads.start(queries.summary)
    reading = live.poll(patience_s=1.5)
    assert reading.trouble is not None
    assert ("overloaded", False) == (reading.trouble.kind, reading.waiting)

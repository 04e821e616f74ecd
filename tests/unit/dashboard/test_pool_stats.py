"""The counters of a pool."""

import threading

from sqlalchemy import QueuePool, create_engine

from dashboard.pool_stats import PoolCounters, Tally


def test_counters_follow_the_engines_events() -> None:
    """Opened and invalidated connections are counted, across a dispose."""
    engine = create_engine("sqlite://", poolclass=QueuePool)
    counters = PoolCounters()
    counters.listen(engine)
    with engine.connect() as connection:
        connection.invalidate()
    assert (1, 1) == (counters.connects.value, counters.invalidations.value)
    with engine.connect():
        pass
    engine.dispose()
    with engine.connect():
        pass
    assert (3, 1) == (counters.connects.value, counters.invalidations.value)
    engine.dispose()


def test_tally_loses_no_count_among_threads() -> None:
    """Several reads may lose their connection in the same moment."""
    tally = Tally()
    threads = [
        threading.Thread(target=lambda: [tally.add() for _ in range(1000)]) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert 4000 == tally.value

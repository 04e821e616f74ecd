"""What a checkout and a small read cost: steadypool beside SQLAlchemy's own engines.

usage: python steadypool/measure/costs.py URL [ROUNDS]
   ie: python steadypool/measure/costs.py postgresql+psycopg://reader@127.0.0.1/lab 50
"""

import random
import statistics
import sys
import time
from collections.abc import Callable

import sqlalchemy
from sqlalchemy import Connection

import steadypool

READS = 200  # in each round, of each engine; a round's figure is their median
Run = Callable[[], object]


def select(connection: Connection) -> object:
    """Read once."""
    return connection.exec_driver_sql("SELECT 1").scalar()


def bare(url: str, **options: object) -> tuple[Run, Run]:
    """Return a checkout and a read of an engine of SQLAlchemy's in autocommit."""
    engine = sqlalchemy.create_engine(url, isolation_level="AUTOCOMMIT", **options)

    def read() -> object:
        with engine.connect() as connection:
            return select(connection)

    return lambda: engine.connect().close(), read


def steady(url: str) -> tuple[Run, Run]:
    """Return the same of an engine of this package's."""
    engine = steadypool.create_engine(url, isolation_level="AUTOCOMMIT")
    return (
        lambda: engine.connect().close(),
        lambda: steadypool.read(engine, select, deadline_s=5),
    )


def median_us(run: Run) -> float:
    """Return the median of many runs in microseconds."""
    took = []
    for _ in range(READS):
        began_at = time.perf_counter()
        run()
        took.append(time.perf_counter() - began_at)
    return statistics.median(took) * 1e6


def interval(values: list[float]) -> tuple[float, float]:
    """Return the 95 % interval of the median by resampling."""
    chance = random.Random(1)  # noqa: S311 # no secret
    medians = sorted(statistics.median(chance.choices(values, k=len(values))) for _ in range(2000))
    return medians[50], medians[1949]


def main(url: str, rounds: int) -> None:
    """Measure in interleaved rounds of random order, and print medians, worst and differences."""
    makers = {
        "no ping": bare(url),
        "no ping, again": bare(url),
        "pool_pre_ping": bare(url, pool_pre_ping=True),
        "steadypool": steady(url),
    }
    for place, what in enumerate(("checkout", "SELECT 1")):
        found: dict[str, list[float]] = {name: [] for name in makers}
        for number in range(rounds + 1):
            for name in random.sample(list(makers), len(makers)):
                figure = median_us(makers[name][place])
                if number:  # the first warms up
                    found[name].append(figure)
        for name, values in found.items():
            pairs = zip(values, found["no ping"], strict=True)
            low, high = interval([one - other for one, other in pairs])
            print(
                f"{what:9} {name:15} n={rounds} median {statistics.median(values):7.1f} us"
                f" worst {max(values):7.1f} us; above no ping {low:+.1f} to {high:+.1f} us"
            )


if __name__ == "__main__":
    main(sys.argv[1], int((*sys.argv[2:], "50")[0]))

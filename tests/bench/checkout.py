"""Times a checkout with a small read under several policies, side by side; runs in a container.

Prints one JSON object a line: {"round": ...} as progress, at last {"result": ...}. Every round runs
each way once, in an order drawn anew; what is compared is the difference within a round.
"""

import json
import os
import random
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from statistics import median

import psycopg
from sqlalchemy import Engine, create_engine

from dashboard.db_connector import POLICIES, Address, build_engine
from dashboard.pool import EnginePool, Fetch
from dashboard.settings import Settings
from tests.bench.relay import Relay

ROUNDS, WARM = 60, 50
READS = {0.0: 200, 0.001: 60, 0.005: 20}  # in each round, by the added round trip in s
AUTOCOMMIT = {"isolation_level": "AUTOCOMMIT"}
Run = Callable[[], object]


def small(fetch: Fetch) -> object:
    """Read as little as can be read."""
    return fetch("SELECT 1")


def bare(address: Address, **options: object) -> Engine:
    """Build an engine of SQLAlchemy's own on the driver of `steady`, in autocommit."""
    session = partial(psycopg.connect, **address.connect_args("bench"))
    return create_engine("postgresql+psycopg://", creator=session, **AUTOCOMMIT, **options)


def pools(address: Address) -> dict[str, EnginePool]:
    """Return what is read through; two twice: what those differ by is the noise."""
    naive = POLICIES["naive"]
    policies = {
        "naive": naive,
        "naive again": naive,
        "adopted": POLICIES["adopted"],
        "retry": POLICIES["retry"],
        "steady": POLICIES["steady"],
        "autocommit": replace(naive, engine_options=AUTOCOMMIT),
    }
    made = {name: EnginePool(one, build_engine(one, address)) for name, one in policies.items()}
    for name in ("autocommit, psycopg 3", "autocommit, psycopg 3, again"):
        made[name] = EnginePool(naive, bare(address))
    return made


def engines(address: Address) -> dict[str, Engine]:
    """Return what a checkout alone is timed of, all on one driver; again one twice."""
    return {
        "no ping": bare(address),
        "no ping again": bare(address),
        "pool_pre_ping": bare(address, pool_pre_ping=True),
        "steady": build_engine(POLICIES["steady"], address),
    }


def check_out(engine: Engine) -> None:
    """Take a connection and give it back."""
    engine.connect().close()


def timed_us(run: Run, times: int) -> float:
    """Return the median time of one run, in µs."""
    took = []
    for _ in range(times):
        began = time.perf_counter_ns()
        run()
        took.append(time.perf_counter_ns() - began)
    return median(took) / 1000


def timed(ways: Mapping[str, Run], times: int, rounds: int, seed: int) -> dict[str, list[float]]:
    """Time all ways, round by round; times are medians of a round's runs, in µs."""
    draw = random.Random(seed)
    found: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(1, rounds + 1):
        for name in draw.sample(sorted(ways), len(ways)):
            found[name].append(timed_us(ways[name], times))
        print(json.dumps({"round": number, "of": rounds}), flush=True)
    return found


@contextmanager
def reached(address: Address, added_s: float | None) -> Iterator[tuple[Address, Relay | None]]:
    """Give an address by which the server is reached; None: directly, without the relay."""
    if added_s is None:
        yield address, None
        return
    with Relay((address.host, address.port), added_s / 2) as relay:
        yield replace(address, host="127.0.0.1", port=relay.port), relay


def round_trips(read: Mapping[str, Run], relay: Relay | None) -> dict[str, float]:
    """Count what each way sends and waits for, in one read."""
    counted: dict[str, float] = {}
    for name, one in read.items():
        before = relay.requests if relay else 0
        for _ in range(WARM):
            one()
        counted[name] = (relay.requests - before) / WARM if relay else 0
    return counted


def reads(address: Address, added_s: float | None, rounds: int, seed: int) -> dict[str, object]:
    """Measure a read in all ways over one path."""
    with reached(address, added_s) as (where, relay):
        through = pools(where)
        read = {name: partial(pool.read, small) for name, pool in through.items()}
        for one in read.values():
            timed_us(one, WARM)  # opens its connection and prepares: no part of a read
        trips = round_trips(read, relay)
        times = READS[added_s or 0.0]
        found = timed(read, times, rounds, seed)
        for pool in through.values():
            pool.forget()  # before the path goes: one of them would look for it
    return {"added_s": added_s, "reads": times, "times_us": found, "trips": trips}


def checkouts(address: Address, rounds: int, seed: int) -> dict[str, list[float]]:
    """Measure a checkout without a read, directly."""
    made = engines(address)
    ways = {name: partial(check_out, engine) for name, engine in made.items()}
    for way in ways.values():
        timed_us(way, WARM)
    found = timed(ways, READS[0.0], rounds, seed)
    for engine in made.values():
        engine.dispose()
    return found


def main(rounds: int, seed: int) -> None:
    """Measure directly, and over the relay with nothing, 1 and 5 ms added; then checkouts alone."""
    address = Address.from_settings(Settings.from_env(os.environ))
    paths = [reads(address, added, rounds, seed) for added in (None, *READS)]
    result = {"paths": paths, "checkouts_us": checkouts(address, rounds, seed)}
    print(json.dumps({"result": result}), flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))

"""Times a checkout with a small read under several policies, side by side; runs in a container.

Prints one JSON object a line: {"round": ...} as progress, at last {"result": ...}. Every round runs
each way once, in an order drawn anew; what is compared is the difference within a round.
"""

import json
import os
import random
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from statistics import median

from dashboard.db_connector import POLICIES, Address, build_engine
from dashboard.pool import EnginePool, Fetch
from dashboard.settings import Settings
from tests.bench.relay import Relay

ROUNDS, WARM = 60, 50
READS = {0.0: 200, 0.001: 60, 0.005: 20}  # in each round, by the added round trip in s
AUTOCOMMIT = {"isolation_level": "AUTOCOMMIT"}
Read = Callable[[], object]


def small(fetch: Fetch) -> object:
    """Read as little as can be read."""
    return fetch("SELECT 1")


def ways(address: Address) -> dict[str, Read]:
    """Return the ways to read; `naive` twice: what those two differ by is the noise."""
    read: dict[str, Read] = {}
    for name, policy in {
        "naive": POLICIES["naive"],
        "naive again": POLICIES["naive"],
        "adopted": POLICIES["adopted"],
        "retry": POLICIES["retry"],
        "autocommit": replace(POLICIES["naive"], engine_options=AUTOCOMMIT),
    }.items():
        pool = EnginePool(policy, build_engine(policy, address))
        read[name] = lambda pool=pool: pool.read(small)  # type: ignore[misc]
    return read


def timed_us(read: Read, times: int) -> float:
    """Return the median time of one read, in µs."""
    took = []
    for _ in range(times):
        began = time.perf_counter_ns()
        read()
        took.append(time.perf_counter_ns() - began)
    return median(took) / 1000


@contextmanager
def reached(address: Address, added_s: float | None) -> Iterator[tuple[Address, Relay | None]]:
    """Give an address by which the server is reached; None: directly, without the relay."""
    if added_s is None:
        yield address, None
        return
    with Relay((address.host, address.port), added_s / 2) as relay:
        yield replace(address, host="127.0.0.1", port=relay.port), relay


def round_trips(read: dict[str, Read], relay: Relay | None) -> dict[str, float]:
    """Count what each way sends and waits for, in one read."""
    counted: dict[str, float] = {}
    for name, one in read.items():
        before = relay.requests if relay else 0
        for _ in range(WARM):
            one()
        counted[name] = (relay.requests - before) / WARM if relay else 0
    return counted


def measured(address: Address, added_s: float | None, rounds: int, seed: int) -> dict[str, object]:
    """Measure all ways over one path; times are medians of a round's reads, in µs."""
    draw = random.Random(seed)
    times: dict[str, list[float]] = {}
    with reached(address, added_s) as (where, relay):
        read = ways(where)
        for one in read.values():
            one()  # opens its connection, which is no part of a read; counting warms it up
        trips = round_trips(read, relay)
        for number in range(1, rounds + 1):
            for name in draw.sample(sorted(read), len(read)):
                took = timed_us(read[name], READS[added_s or 0.0])
                times.setdefault(name, []).append(took)
            print(json.dumps({"round": number, "of": rounds, "added_s": added_s}), flush=True)
    return {"added_s": added_s, "reads": READS[added_s or 0.0], "times_us": times, "trips": trips}


def main(rounds: int, seed: int) -> None:
    """Measure directly, and over the relay with nothing, 1 and 5 ms added."""
    address = Address.from_settings(Settings.from_env(os.environ))
    paths = [measured(address, added, rounds, seed) for added in (None, *READS)]
    print(json.dumps({"result": paths}), flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))

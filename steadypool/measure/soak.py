"""Many random outages in one process: every answer right, and nothing that grows.

usage: python steadypool/measure/soak.py [--outages N] [--seed N]
   ie: python steadypool/measure/soak.py --outages 100 --seed 7

All sessions go through the relay. It fails when an answer was wrong or missing, when there were
fewer than a hundred for each outage, or when threads, open files or memory grew.
"""

import argparse
import gc
import logging
import os
import random
import secrets
import statistics
import sys
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from faults import FAULTS, play
from relay import Relay
from server import Server
from stage import Names, Stage

import steadypool

HOLD_S, PAUSE_S = (1.0, 3.0), (1.5, 3.0)
EVERY = 10  # outages to a line
REST_S = 3.0  # for what ends by itself: look-ups that hung, sessions that were given up
# Memory may rise by less than one leaked session for each outage would make it: libpq's two
# buffers of 16 KB and Python's objects, about 50 KB. What is left of it is the allocator's noise.
MOST_KB = 50.0


@dataclass(frozen=True, slots=True)
class Rest:
    """What the process holds while its readers pause."""

    outages: int
    threads: int
    files: int
    memory_kb: int


@dataclass(slots=True)
class Account:
    """What became of all reads, and what the process held."""

    right: int = 0
    bad: Counter[str] = field(default_factory=Counter)
    worst_s: float = 0.0
    rests: list[Rest] = field(default_factory=list)

    def verdicts(self, outages: int) -> list[str]:
        """Return what is wrong."""
        first, last = self.rests[0], self.rests[-1]
        found = [f"{times} reads: {what}" for what, times in self.bad.items()]
        if self.right < 100 * outages:
            found.append(f"{self.right} right answers: expected {100 * outages}")
        if last.threads > first.threads:
            found.append(f"threads grew from {first.threads} to {last.threads}")
        if last.files > first.files:
            found.append(f"open files grew from {first.files} to {last.files}")
        if (rise := slope(self.rests[len(self.rests) // 2 :])) > MOST_KB:
            found.append(f"memory grew by {rise:.0f} KB for each outage of the second half")
        return found


def slope(rests: Sequence[Rest]) -> float:
    """Return the memory's rise for each outage, by least squares."""
    if len(rests) < 2:
        return 0.0
    line = statistics.linear_regression(
        [one.outages for one in rests], [one.memory_kb for one in rests]
    )
    return line.slope


def rest(stage: Stage, outages: int) -> Rest:
    """Let the readers pause, and look at what the process holds when all has settled."""
    stage.readers.going.clear()
    time.sleep(REST_S)
    gc.collect()
    files = len(list(Path("/proc/self/fd").iterdir())) - stage.relay.sockets
    memory_kb = int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")
    found = Rest(outages, threading.active_count(), files, memory_kb // 1024)
    stage.readers.going.set()
    return found


def outage(name: str, stage: Stage, account: Account) -> None:
    """Play one, and count the reads until a while after it."""
    met = play(FAULTS[name], stage, random.uniform(*HOLD_S))  # noqa: S311 # no secret
    time.sleep(random.uniform(*PAUSE_S))  # noqa: S311 # no secret
    stage.names.go_on()
    for read in stage.readers.take():
        met_it = read.end > met.lost_at
        account.worst_s = max(account.worst_s, read.wait_past(met.ready_at if met_it else read.due))
        if read.error:
            account.bad[f"{name}: {read.error[:160]}"] += 1
        else:
            account.right += 1


def line(account: Account, stage: Stage) -> str:
    """Return how it stands."""
    now, counts = account.rests[-1], steadypool.counters(stage.engine)
    wrong = sum(times for what, times in account.bad.items() if ": wrong" in what)
    return (
        f"{now.outages:4} outages: {account.right} right, {wrong} wrong,"
        f" {account.bad.total() - wrong} errors; {now.threads} threads, {now.files} files,"
        f" {now.memory_kb / 1024:.1f} MB; {counts.losses} losses, {counts.returns} returns;"
        f" worst wait past ready {1000 * account.worst_s:.0f} ms"
    )


def soak(outages: int, stage: Stage) -> list[str]:
    """Play all, tell of each tenth, and return what is wrong."""
    account = Account(rests=[rest(stage, 0)])
    names = sorted(name for name in FAULTS if name != "slow")
    for number in range(1, outages + 1):
        outage(random.choice(names), stage, account)  # noqa: S311 # no secret
        if number % EVERY == 0 or number == outages:
            account.rests.append(rest(stage, number))
            print(line(account, stage), flush=True)
    return account.verdicts(outages)


def main(words: list[str]) -> int:
    """Play on a scratch server, and return 1 where anything was wrong."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--outages", type=int, default=100)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(2**31))
    options = parser.parse_args(words)
    random.seed(options.seed)
    print(f"seed {options.seed}: {options.outages} outages", flush=True)
    logging.getLogger("steadypool").setLevel(logging.ERROR)  # its lines are counted
    with Server() as server, Relay(server.port) as relay:
        stage = Stage(
            server=server, relay=relay, names=Names(), application="soak", is_relayed=True
        )
        with stage:
            found = soak(options.outages, stage)
    print("\n".join(found) or "all right, and nothing grew")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""What becomes of writes while the server goes away: lost, made twice, told wrongly or unknown.

usage: python steadypool/measure/writes.py [ROUNDS]
   ie: python steadypool/measure/writes.py 5

Each acknowledged write must stand in the ledger once, each that was told not to be committed not at
all. The ledger is read when all the writers' sessions are gone: until then one may yet commit.
"""

import itertools
import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import psycopg
from server import Server, wait_for
from sqlalchemy import Connection, Engine, text

import steadypool

WRITERS, EVERY_S = 8, 0.08  # 100 writes a second
APPLICATION = "writers"
INSERT = text("INSERT INTO ledger VALUES (:key)")


@dataclass(slots=True)
class Told:
    """What the writers were told, by key."""

    committed: list[int] = field(default_factory=list)
    not_committed: list[int] = field(default_factory=list)
    unknown: dict[int, steadypool.TransactionId] = field(default_factory=dict)
    waits_s: list[float] = field(default_factory=list)


def write(engine: Engine, key: int, told: Told, deadline_s: float) -> None:
    """Write one key, and keep what was told of it."""

    def insert(connection: Connection) -> None:
        connection.execute(INSERT, {"key": key})

    try:
        steadypool.write(engine, insert, deadline_s=deadline_s, repeatable=True)
        told.committed.append(key)
    except steadypool.NotCommittedError:
        told.not_committed.append(key)
    except steadypool.UnknownOutcomeError as error:
        told.unknown[key] = error.transaction


def writer(
    engine: Engine, keys: "itertools.count[int]", told: Told, over: threading.Event, limit_s: float
) -> None:
    """Write on a schedule."""
    due = time.monotonic() + random.random() * EVERY_S  # noqa: S311 # no secret
    while not over.wait(max(0.0, due - time.monotonic())):
        write(engine, next(keys), told, limit_s)
        told.waits_s.append(time.monotonic() - due)
        due = max(due + EVERY_S, time.monotonic())


def ledger(server: Server) -> "Counter[int]":
    """Return how often each key stands there, when the writers' sessions are gone."""
    wait_for(lambda: not server.sessions(APPLICATION))
    with psycopg.connect(f"host=127.0.0.1 port={server.port} user=postgres") as session:
        rows = session.execute("SELECT key FROM ledger").fetchall()
        session.execute("TRUNCATE ledger")
    return Counter(row[0] for row in rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How the server goes and comes back, how long it is away, and the writers' own terms."""

    strike: Callable[[Server], object] = Server.kill
    heal: Callable[[Server], object] = Server.start
    away_s: tuple[float, float] = (1.0, 3.0)
    limit_s: float = 30.0
    options: str = ""


def played(server: Server, plan: Plan) -> dict[str, int]:
    """Play one outage under writes, and count what it did to them."""
    engine = steadypool.create_engine(
        f"postgresql://postgres@127.0.0.1:{server.port}/postgres",
        pool_size=WRITERS,
        connect_args={"application_name": APPLICATION, "options": plan.options},
    )
    keys, told, over = itertools.count(1), Told(), threading.Event()
    threads = [
        threading.Thread(target=writer, args=(engine, keys, told, over, plan.limit_s))
        for _ in range(WRITERS)
    ]
    for one in threads:
        one.start()
    time.sleep(1)
    plan.strike(server)
    time.sleep(random.uniform(*plan.away_s))  # noqa: S311 # no secret
    plan.heal(server)
    time.sleep(2)
    over.set()
    for one in threads:
        one.join(60)
    found = {key: steadypool.outcome(engine, it, deadline_s=10) for key, it in told.unknown.items()}
    lost_commits = steadypool.counters(engine).lost_commits
    engine.dispose()
    return counted(told, found, ledger(server)) | {"answers to COMMIT lost": lost_commits}


def counted(
    told: Told, found: dict[int, steadypool.Outcome], stands: "Counter[int]"
) -> dict[str, int]:
    """Hold what the writers were told, and found out later, against the ledger."""
    wrong = sum((stands[key] > 0) != (found[key] == "committed") for key in found)
    return {
        "writes": len(told.waits_s),
        "not committed": len(told.not_committed),
        "unknown": len(told.unknown),
        "of these never resolved": sum(it == "unknown" for it in found.values()),
        "lost": sum(stands[key] == 0 for key in told.committed),
        "made twice": sum(count > 1 for count in stands.values()),
        "told wrongly": wrong + sum(stands[key] > 0 for key in told.not_committed),
        "longest wait, ms": round(1000 * max(told.waits_s)),
    }


PLANS = {
    "restart": Plan(strike=Server.stop),
    "kill": Plan(),
    "freeze, given up after 1 s": Plan(
        strike=Server.freeze, heal=Server.thaw, away_s=(2.0, 3.0), limit_s=1.0
    ),
    "kill, synchronous_commit=off": Plan(options="-c synchronous_commit=off"),
}


def main(rounds: int) -> None:
    """Play each plan so many times, and print what was counted in all."""
    with Server() as server:
        with psycopg.connect(f"host=127.0.0.1 port={server.port} user=postgres") as session:
            session.execute("CREATE TABLE ledger (key int)")
        for name, plan in PLANS.items():
            outages = [played(server, plan) for _ in range(rounds)]
            print(f"{name}, {rounds} outages:")
            for what in outages[0]:
                each = [one[what] for one in outages]
                figure = max(each) if what.startswith("longest") else sum(each)
                print(f"  {what:24} {figure:6}   {each}")


if __name__ == "__main__":
    main(int((*sys.argv[1:], "5")[0]))

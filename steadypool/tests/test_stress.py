"""Many threads through many outages: right answers, and nothing left behind."""

import random
import threading
import time
from pathlib import Path

from sqlalchemy import Connection

import steadypool
from conftest import MakeEngine, warm
from fake import Server

OUTAGES, THREADS = 12, 24


def test_right_answers_and_no_leak(make_engine: MakeEngine, server: Server) -> None:
    """Cut, restarted, frozen and deaf by turns: every read is right, and all threads end."""
    seed = 18_03
    chance = random.Random(seed)
    engine = make_engine(pool_size=6, max_overflow=2)
    over = threading.Event()
    wrong: list[object] = []
    good = [0] * THREADS

    def work(connection: Connection) -> tuple[object, object]:
        first = connection.exec_driver_sql("SELECT 1").scalar()
        return first, connection.exec_driver_sql("SELECT 1").scalar()

    def reader(place: int) -> None:
        while not over.is_set():
            try:
                answer = steadypool.read(engine, work, deadline_s=10)
                good[place] += 1
                if answer != (1, 1):
                    wrong.append(answer)
            except Exception as error:  # noqa: BLE001 # each is kept
                wrong.append(error)

    threads = [threading.Thread(target=reader, args=(place,)) for place in range(THREADS)]
    for one in threads:
        one.start()
    for _ in range(OUTAGES):
        time.sleep(chance.uniform(0.05, 0.2))
        _outage(server, chance)
    over.set()
    for one in threads:
        one.join(15)
    assert [] == wrong, f"seed {seed}"
    assert all(good), good
    assert not any(one.is_alive() for one in threads)
    assert engine.pool.checkedout() == 0
    engine.dispose()
    assert len(list(Path("/proc/self/fd").iterdir())) < 100


def _outage(server: Server, chance: random.Random) -> None:
    kind = chance.choice(["cut", "restart", "freeze", "deaf"])
    if kind == "cut":
        server.cut()
    elif kind == "restart":
        server.stop()
        time.sleep(chance.uniform(0.0, 0.3))
        server.start()
    elif kind == "freeze":
        server.script.frozen = True
        time.sleep(chance.uniform(0.0, 0.3))
        server.script.frozen = False
    else:
        server.script.deaf.update(server.pids[:3])


def test_pool_is_full_again(make_engine: MakeEngine, server: Server) -> None:
    """The control of the count above: sessions that are held are counted as held."""
    engine = make_engine(pool_size=3)
    held = engine.connect()
    assert 1 == engine.pool.checkedout()
    held.close()
    assert 3 == len(set(warm(engine, 3)))

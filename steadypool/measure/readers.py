"""Who looks on: readers on a schedule, an observer with fresh sessions of its own."""

import asyncio
import random
import threading
import time
from typing import NamedTuple, Self

import psycopg
from psycopg import generators, pq, waiting
from sqlalchemy import Connection, Engine

import steadypool

READ_EVERY_S = 0.02  # of each of eight readers; more of them read as much together
DEADLINE_S = 30.0
STEP_S = 0.005
PROBE_EVERY_S, PROBE_S = 0.02, 0.1


class Read(NamedTuple):
    """One read that was sent."""

    reader: int
    due: float
    end: float
    error: str  # empty where the answer was right

    def wait_past(self, instant: float) -> float:
        """Return the seconds from `instant`, or from when it was due, to its end."""
        return self.end - max(self.due, instant)


class Readers:
    """Threads that each read on a schedule, and check that the answer is theirs."""

    def __init__(self, engine: Engine, count: int) -> None:
        self._engine, self._every_s = engine, READ_EVERY_S * count / 8
        self._over, self.going = threading.Event(), threading.Event()
        self._reads: list[Read] = []
        self._threads = [
            threading.Thread(target=self._run, args=(one,), daemon=True) for one in range(count)
        ]
        self.going.set()
        for one in self._threads:
            one.start()

    def take(self) -> list[Read]:
        """Return the reads that have ended since it was last asked."""
        taken, self._reads = self._reads, []
        return taken

    def stop(self) -> None:
        """End them, each after the read that it is in."""
        self._over.set()
        self.going.set()
        for one in self._threads:
            one.join(DEADLINE_S + 5)

    def _run(self, reader: int) -> None:
        due = time.monotonic() + random.random() * self._every_s  # noqa: S311 # no secret
        while not self._over.is_set():
            time.sleep(max(0.0, due - time.monotonic()))
            if not self.going.is_set():
                self.going.wait()
                due = time.monotonic()
            error = self._read()
            self._reads.append(Read(reader, due, time.monotonic(), error))
            due = max(due + self._every_s, time.monotonic())

    def _read(self) -> str:
        wanted = random.getrandbits(31)

        def select(connection: Connection) -> object:
            return connection.exec_driver_sql("SELECT %s::int", (wanted,)).scalar()

        try:
            found = steadypool.read(self._engine, select, deadline_s=DEADLINE_S)
        except Exception as error:  # noqa: BLE001 # each is counted
            return f"{type(error).__name__}: {error}"
        return "" if found == wanted else f"wrong: {found!r} for {wanted!r}"


class Witness:
    """How long a thread that only sleeps was kept from waking: the machine's share of a wait."""

    def __init__(self) -> None:
        self._over, self._stalls = threading.Event(), [(0.0, 0.0)]
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> list[tuple[float, float]]:
        """Return each stall's begin and end."""
        self._over.set()
        self._thread.join(5)
        return self._stalls

    def _run(self) -> None:
        while not self._over.is_set():
            began_at = time.monotonic()
            time.sleep(STEP_S)
            if time.monotonic() - began_at > 4 * STEP_S:
                self._stalls.append((began_at, time.monotonic()))


class Floor:
    """What cannot be beaten: fresh sessions of plain libpq, one begun each 20 ms, 0.1 s for each.

    None waits for another, and nothing of the package under test is in them. It begins just
    before the healing: sessions that a frozen server has yet to serve would hold it up then.
    """

    def __init__(self, port: int) -> None:
        self._conninfo = f"host=127.0.0.1 port={port} user=postgres application_name=floor"
        self._over = threading.Event()
        self._good: list[float] = []
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), daemon=True)
        self._thread.start()

    def ready_after(self, instant: float, limit_s: float = 60.0) -> float:
        """Return when the first one answered after `instant`.

        Raises:
            TimeoutError: none did.
        """
        until = time.monotonic() + limit_s
        while time.monotonic() < until:
            for end in tuple(self._good):
                if end > instant:
                    return end
            time.sleep(0.005)
        raise TimeoutError(f"no fresh session within {limit_s:.0f} s of the healing")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join(5)

    async def _run(self) -> None:
        under_way: set[asyncio.Task[None]] = set()
        while not self._over.is_set():
            task = asyncio.create_task(self._probe())
            under_way.add(task)
            task.add_done_callback(under_way.discard)
            await asyncio.sleep(PROBE_EVERY_S)
        await asyncio.gather(*under_way)

    async def _probe(self) -> None:
        opening = generators.connect(self._conninfo)
        try:
            async with asyncio.timeout(PROBE_S):
                session = await waiting.wait_conn_async(opening, PROBE_S)
                try:
                    session.send_query(b"SELECT 1")
                    asking = generators.execute(session)
                    answers = await waiting.wait_async(asking, session.socket, PROBE_S)
                finally:
                    session.finish()
        except (TimeoutError, psycopg.Error):
            return  # not ready
        if answers[0].status == pq.ExecStatus.TUPLES_OK:
            self._good.append(time.monotonic())

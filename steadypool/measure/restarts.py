"""How soon readers are back after a server's restart, kill or freeze, on a server of your own.

usage: python steadypool/measure/restarts.py DATA_FOLDER PORT [ROUNDS]
   ie: python steadypool/measure/restarts.py /tmp/pg/data 5433 10

The server must be yours to stop: pg_ctl and signals. It has to be running, and trust loopback.
"""

import os
import signal
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
from sqlalchemy import Connection

import steadypool

READERS, EVERY_S, AWAY_S = 8, 0.02, 2.0
Due = tuple[float, float, str]  # when it was due, when it ended, its error


def select(connection: Connection) -> object:
    """Read once."""
    return connection.exec_driver_sql("SELECT 1").scalar()


class Server:
    """One server, by its data folder."""

    def __init__(self, data: Path, port: int) -> None:
        self.data, self.port = data, port

    def ctl(self, *words: str) -> None:
        """Run pg_ctl."""
        subprocess.run(
            ["pg_ctl", "-D", str(self.data), "-l", "/dev/null", *words],
            check=True,
            capture_output=True,
            timeout=60,
        )

    def signal(self, number: int) -> None:
        """Send a signal to the postmaster and all its processes."""
        pid = int((self.data / "postmaster.pid").read_text().split()[0])
        if number != signal.SIGCONT:
            os.kill(pid, signal.SIGSTOP)  # it must not start one more meanwhile
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        for one in (pid, *map(int, children)):
            os.kill(one, number)

    def restart(self) -> None:
        """Stop it as an operator would, and start it."""
        self.ctl("stop", "-m", "fast")
        time.sleep(AWAY_S)
        self.ctl("start", "-W")

    def kill(self) -> None:
        """Kill it, and start it."""
        self.signal(signal.SIGKILL)
        time.sleep(AWAY_S)
        self.ctl("start", "-W")

    def freeze(self) -> None:
        """Stop all its processes, and let them go on."""
        self.signal(signal.SIGSTOP)
        time.sleep(AWAY_S)
        for _ in range(3):  # the kernel's list of children may lack some while they run
            self.signal(signal.SIGCONT)


def ready_at(server: Server) -> float:
    """Return when a fresh session of plain psycopg answered first; each is tried for 0.1 s."""
    while True:
        try:
            with psycopg.connect(f"host=127.0.0.1 port={server.port} user=postgres") as session:
                session.execute("SELECT 1")
            return time.monotonic()
        except psycopg.OperationalError:
            time.sleep(0.005)


def reader(engine: object, due: list[Due], over: threading.Event) -> None:
    """Read on a schedule; a read that was due while another was under way is due all the same."""
    next_at = time.monotonic()
    while not over.is_set():
        time.sleep(max(0.0, next_at - time.monotonic()))
        failed = ""
        try:
            steadypool.read(engine, select, deadline_s=30)  # type: ignore[arg-type]
        except Exception as error:  # noqa: BLE001 # each is counted
            failed = str(error)
        due.append((next_at, time.monotonic(), failed))
        next_at = max(next_at + EVERY_S, time.monotonic())


def outage(server: Server, take_away: Callable[[], None]) -> tuple[float, float, int, int]:
    """Play one; return the first and the last reader's return in ms, errors, and all reads."""
    engine = steadypool.create_engine(
        f"postgresql://postgres@127.0.0.1:{server.port}/postgres", pool_size=READERS
    )
    over, due = threading.Event(), [list[Due]() for _ in range(READERS)]
    threads = [threading.Thread(target=reader, args=(engine, one, over)) for one in due]
    for one in threads:
        one.start()
    time.sleep(1)
    thread = threading.Thread(target=take_away)
    thread.start()
    time.sleep(AWAY_S / 2)
    ready = ready_at(server)
    thread.join()
    time.sleep(1.5)
    over.set()
    for one in threads:
        one.join(40)
    engine.dispose()
    gone_by = ready - AWAY_S / 2  # none can end well between this and its being back
    first = [min(end for _, end, failed in one if end > gone_by and not failed) for one in due]
    errors = sum(bool(failed) for one in due for _, _, failed in one)
    return (min(first) - ready) * 1e3, (max(first) - ready) * 1e3, errors, sum(map(len, due))


def main(server: Server, rounds: int) -> None:
    """Play each kind of outage, and print medians and worst."""
    for take_away in (server.restart, server.kill, server.freeze):
        played = [outage(server, take_away) for _ in range(rounds)]
        firsts, lasts, errors, reads = zip(*played, strict=True)
        print(
            f"{take_away.__name__:8} n={rounds}, ms after a fresh session:"
            f" first good read median {statistics.median(firsts):.0f} worst {max(firsts):.0f},"
            f" all {READERS} back median {statistics.median(lasts):.0f} worst {max(lasts):.0f};"
            f" {sum(errors)} of {sum(reads)} reads failed"
        )


if __name__ == "__main__":
    main(Server(Path(sys.argv[1]), int(sys.argv[2])), int((*sys.argv[3:], "10")[0]))

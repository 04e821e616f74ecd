"""The program of one contender's container.

Orders come as lines on standard input (`warm`, `steady`, `release`, `stop`, `look`); records leave
as JSON lines on standard output, each written whole. It ends when its input does.
"""

import os
import sys
import threading
import time
from pathlib import Path

import msgspec

from dashboard.db_connector import Address
from recovery_lab.clients.job import Job, Names
from recovery_lab.clients.registry import CLIENTS, Way
from recovery_lab.record.history import Trouble, Writer
from recovery_lab.record.readers import Reading
from recovery_lab.record.session import Login

IDLE_CONNECTIONS = 5


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """Who this contender is; handed over as the one argument, in JSON."""

    contender: str
    login: Login
    reading: Reading
    reads_per_s: float


class Contender:
    """Carries out orders; steady reads and the idle pool go through two pools of the same kind."""

    def __init__(self, part: Part) -> None:
        self._part = part
        self.emit = Writer()
        self._steady = self._job("steady", CLIENTS[part.contender].workers)
        pools = CLIENTS[part.contender].pools
        self._idle = self._job("idle", IDLE_CONNECTIONS) if pools else None

    def run(self) -> None:
        """Follow orders until the input ends."""
        for line in sys.stdin:
            try:
                self._obey(line.strip())
            except Exception as error:  # noqa: BLE001 # the runner must hear of it, whatever it is
                said = f"{self._part.contender}: {line.strip()}: {type(error).__name__}: {error}"
                self.emit(Trouble(at=time.monotonic(), message=said))

    def _obey(self, order: str) -> None:
        jobs = [job for job in (self._steady, self._idle) if job]
        match order:
            case "warm":
                self._warm()
            case "steady":
                self._steady.steady()
            case "release" if self._idle:
                # On a thread of its own: reads that hang must not keep the next order waiting.
                threading.Thread(target=self._use, args=(self._idle,), daemon=True).start()
            case "stop":
                for job in jobs:
                    job.stop()
            case "look":
                for job in jobs:
                    job.look()
            case _:
                pass  # `release` where nothing is pooled

    @staticmethod
    def _use(idle: Job) -> None:
        """Use an idle pool: as many reads at once as it has connections, then one by one."""
        idle.burst(IDLE_CONNECTIONS)
        idle.steady()

    def _warm(self) -> None:
        workers = CLIENTS[self._part.contender].workers
        self._steady.warm(workers if self._idle else 1)
        if self._idle:
            self._idle.warm(IDLE_CONNECTIONS)

    def _job(self, name: str, workers: int) -> Job:
        part = self._part
        entry = CLIENTS[part.contender]
        way = Way(address=_address(part.login), reading=part.reading)
        # Each worker of a contender has its share of the rate; a single one reads alone.
        per_s = part.reads_per_s * entry.workers
        return Job(
            Names(contender=part.contender, job=name),
            entry.make(way),
            self.emit,
            workers=workers,
            reads_per_s=per_s,
        )


def _address(login: Login) -> Address:
    return Address(
        host=login.host,
        port=login.port,
        database=login.name,
        user=login.user,
        password=Path(login.password_file).read_text(encoding="utf-8").strip(),
    )


def main() -> None:
    """Run the contender named in the first argument."""
    Contender(msgspec.json.decode(sys.argv[1], type=Part)).run()
    sys.stdout.flush()
    os._exit(0)  # reads may hang for minutes on a cut connection: nobody waits for them


if __name__ == "__main__":
    main()

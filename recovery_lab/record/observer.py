"""The observer: runs in a container on the clients' network and records on one clock.

It opens fresh sessions, asks the application's own probes, and writes down its two clocks. Orders
come as lines on standard input (`hurry`, `rest`, `sessions`, `mark NAME`); records leave as JSON
lines on standard output. It ends when its input does, so a killed runner leaves none behind.
"""

import sys
import threading
import time

import msgspec
import psycopg2

from recovery_lab.record.history import Clock, Mark, Record, Trouble, encode
from recovery_lab.record.prober import Prober
from recovery_lab.record.sampler import Sampler
from recovery_lab.session import DeadlineError, Login
from recovery_lab.target import Health


class Assignment(msgspec.Struct, frozen=True, kw_only=True):
    """What to observe; handed over as the one argument, in JSON."""

    login: Login
    url: str
    health: Health | None


class Observer:
    """Carries out orders."""

    def __init__(self, assignment: Assignment) -> None:
        self._assignment = assignment
        self._lock = threading.Lock()
        self._prober = Prober(assignment.login, self.emit)

    def emit(self, record: Record) -> None:
        """Write a record to standard output, whole, from any thread."""
        line = encode(record)
        with self._lock:
            sys.stdout.buffer.write(line)
            sys.stdout.buffer.flush()

    def run(self) -> None:
        """Follow orders until the input ends."""
        threading.Thread(target=self._tell_clocks, daemon=True).start()
        self._prober.start()
        if self._assignment.health:
            Sampler(self._assignment.url, self._assignment.health, self.emit).start()
        for line in sys.stdin:
            order, _, argument = line.strip().partition(" ")
            self._obey(order, argument)
        self._prober.stop()

    def _obey(self, order: str, argument: str) -> None:
        match order:
            case "mark":
                self.emit(Mark(at=time.monotonic(), name=argument))
            case "hurry":
                self._prober.hurry()
            case "rest":
                self._prober.rest()
            case "sessions":
                self._sessions()
            case _:
                self.emit(Trouble(at=time.monotonic(), message=f"unknown order {order!r}"))

    def _sessions(self) -> None:
        try:
            self.emit(self._prober.sessions())
        except (psycopg2.Error, DeadlineError) as error:
            said = f"could not count the sessions: {error}"
            self.emit(Trouble(at=time.monotonic(), message=said))

    def _tell_clocks(self) -> None:
        while True:
            self.emit(Clock(at=time.monotonic(), wall=time.time()))
            time.sleep(1.0)  # a pace, not a synchronisation


def main() -> None:
    """Run the observer with the assignment in the first argument."""
    Observer(msgspec.json.decode(sys.argv[1], type=Assignment)).run()


if __name__ == "__main__":
    main()

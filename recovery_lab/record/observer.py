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

from recovery_lab.record.history import Clock, Mark, Trouble, Writer
from recovery_lab.record.prober import Prober
from recovery_lab.record.sampler import Probes, Sampler
from recovery_lab.record.session import DeadlineError, Login


class Assignment(msgspec.Struct, frozen=True, kw_only=True):
    """What to observe; handed over as the one argument, in JSON."""

    login: Login
    probes: Probes | None


class Observer:
    """Carries out orders; `emit` writes a record."""

    def __init__(self, assignment: Assignment) -> None:
        self.emit = Writer()
        self._prober = Prober(assignment.login, self.emit)
        self._sampler = Sampler(assignment.probes, self.emit) if assignment.probes else None

    def run(self) -> None:
        """Follow orders until the input ends."""
        self._clock()
        self._prober.start()
        if self._sampler:
            self._sampler.start()
        threading.Thread(target=self._clock_loop, daemon=True).start()
        for line in sys.stdin:
            order, _, argument = line.strip().partition(" ")
            self._obey(order, argument)
        self._prober.stop()

    def _obey(self, order: str, argument: str) -> None:
        match order:
            case "mark":
                self.emit(Mark(at=time.monotonic(), name=argument))
            case "hurry":
                self._clock()  # and not within a second: an outage begins with it
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

    def _clock(self) -> None:
        self.emit(Clock(at=time.monotonic(), wall=time.time()))

    def _clock_loop(self) -> None:
        while True:
            time.sleep(1.0)  # a pace, not a synchronisation
            self._clock()


def main() -> None:
    """Run the observer with the assignment in the first argument."""
    Observer(msgspec.json.decode(sys.argv[1], type=Assignment)).run()


if __name__ == "__main__":
    main()

"""The observer: runs in a container on the clients' network and records on one clock.

Orders come as lines on standard input (`warm`, `steady`, `hurry`, `burst N`, `sessions`,
`mark NAME`); records leave as JSON lines on standard output. It ends when its input does, so a
killed runner leaves no observer behind.
"""

import sys
import threading
import time

import httpx
import msgspec
import psycopg2

from recovery_lab.record.history import Clock, Mark, Trouble, Warmed, Writer
from recovery_lab.record.prober import Prober
from recovery_lab.record.readers import Readers, Reading
from recovery_lab.record.session import DeadlineError, Login

# Five reads at once overlap in the pool within a few rounds; more means they cannot.
WARM_ROUNDS = 40


class Assignment(msgspec.Struct, frozen=True, kw_only=True):
    """What to observe; handed over as the one argument, in JSON."""

    login: Login
    reading: Reading
    pool_application: str


class Observer:
    """Carries out orders; `emit` writes a record."""

    def __init__(self, assignment: Assignment) -> None:
        self._assignment = assignment
        self.emit = Writer()
        self._prober = Prober(assignment.login, self.emit)
        self._readers = Readers(assignment.reading, self.emit)

    def run(self) -> None:
        """Follow orders until the input ends."""
        self._clock()
        self._prober.start()
        self._readers.start_health()
        threading.Thread(target=self._clock_loop, daemon=True).start()
        for line in sys.stdin:
            order, _, argument = line.strip().partition(" ")
            self._obey(order, argument)
        self._readers.stop()
        self._prober.stop()

    def _obey(self, order: str, argument: str) -> None:
        match order:
            case "mark":
                self.emit(Mark(at=time.monotonic(), name=argument))
            case "hurry":
                self._prober.hurry()
            case "steady":
                self._readers.start_steady()
            case "burst":
                self._readers.burst(int(argument))
                self.emit(Mark(at=time.monotonic(), name="burst done"))
            case "warm":
                self._warm()
            case "sessions":
                self._sessions()
            case _:
                self.emit(Trouble(at=time.monotonic(), message=f"unknown order {order!r}"))

    def _warm(self) -> None:
        """Fill the pool: as many reads at once as it keeps connections, until all idle in it."""
        try:
            wanted = self._readers.pool_size()
            for _ in range(WARM_ROUNDS):
                self._readers.burst(wanted)
                idle = self._readers.health().checked_in
                backends = self._prober.backends(self._assignment.pool_application)
                # The server's count decides: the pool also counts sessions that are long gone.
                if idle == len(backends) == wanted:
                    break
        except (httpx.HTTPError, ValueError, KeyError, psycopg2.Error, DeadlineError) as error:
            self.emit(Trouble(at=time.monotonic(), message=f"could not warm the pool: {error}"))
            return
        at = time.monotonic()
        self.emit(Warmed(at=at, wanted=wanted, checked_in=idle, backends=backends))

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

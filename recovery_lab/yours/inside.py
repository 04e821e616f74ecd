"""Observer and readers of an object of the test's own process: threads of that process."""

from collections.abc import Callable, Iterable
from functools import partial
from io import BytesIO
from itertools import chain
from queue import SimpleQueue
from threading import Thread
from typing import Any

from recovery_lab.contenders.base import Json, Writer
from recovery_lab.contenders.program import follow
from recovery_lab.crew import Act
from recovery_lab.errors import InconclusiveError
from recovery_lab.programs import Helper
from recovery_lab.record.history import AnyRecord, decode
from recovery_lab.yours import loop
from recovery_lab.yours.crew import OwnCrew
from recovery_lab.yours.live import Live
from recovery_lab.yours.observer import Assignment, OwnObserver
from recovery_lab.yours.way import Way

GIVEN = "recovery_lab.yours.inside:given"
END_LIMIT_S = 10.0  # who hangs longer is left alone: no process waits for such a thread

Play = Callable[[Iterable[str]], None]


class InsideCrew(OwnCrew):
    """Threads in the place of the programs, which do the same (contenders/program.py)."""

    def __init__(self, live: Live, assignment: Assignment, by_hand: Callable[[Act], None]) -> None:
        self._live = live
        self._records = _Records(self._emit)
        super().__init__(assignment, None, by_hand)

    def _observing(self, assignment: Assignment) -> Helper:
        return ThreadHelper("the observer", partial(self._observe, assignment.limit_s))

    def _reading(self, name: str, part: Json) -> Helper:
        return ThreadHelper(name, partial(self._read, part))

    def _observe(self, limit_s: float, orders: Iterable[str]) -> None:
        with self._live.fresh() as way:
            observer = OwnObserver(way, limit_s, self._records)
            observer.start()
            try:
                observer.follow(orders)
            finally:
                observer.end()

    def _read(self, part: Json, orders: Iterable[str]) -> None:
        with self._live.lent(part["jobs"][0]) as way:
            told = {**part, "factory": GIVEN, "way": {"way": way}}
            follow(told, chain(orders, ["stop"]), Writer(self._records))

    def close(self) -> None:
        """End all threads, but for those whose reads hang; idempotent."""
        super().close()
        loop.end()


def given(_name: str, told: Json) -> Way:
    """Return the way that a part holds (contenders/program.py)."""
    way: Way = told["way"]
    return way


class ThreadHelper(Helper):
    """What a crew needs of a helper, of a thread: it has no streams, so it shares no code."""

    def __init__(self, name: str, play: Play) -> None:
        self.name = name
        self._said = ""
        self._orders: SimpleQueue[str | None] = SimpleQueue()
        self._thread = Thread(target=self._run, args=(play,), name=f"lab: {name}", daemon=True)
        self._thread.start()

    def order(self, order: str) -> None:
        """Give it an order; raises InconclusiveError with its last words when it is gone."""
        self.verify_alive()
        self._orders.put(order)

    def verify_alive(self) -> None:
        """Raise InconclusiveError with its last words when it has ended."""
        if not self._thread.is_alive():
            raise InconclusiveError(f"{self.name} ended: {self._said or 'without a word'}")

    def hang_up(self) -> None:
        """End its orders, which ends it; returns at once, `end` waits."""
        self._orders.put(None)

    def end(self) -> None:
        """End it, or leave it alone where it hangs; idempotent."""
        self.hang_up()
        self._thread.join(END_LIMIT_S)

    def _run(self, play: Play) -> None:
        try:
            play(iter(self._orders.get, None))
        except Exception as error:  # noqa: BLE001 # the runner must hear of it, whatever it is
            self._said = f"{type(error).__name__}: {error}"


class _Records(BytesIO):
    """Hands on each record that is written, as a line, into it."""

    def __init__(self, on_record: Callable[[AnyRecord], None]) -> None:
        super().__init__()
        self._on_record = on_record

    def write(self, line: Any) -> int:
        self._on_record(decode(line))
        return len(line)

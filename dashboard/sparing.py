"""The dashboard's log: at most five lines a second through any outage, the rest counted."""

import contextlib
import logging
import re
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TextIO

LINES = 5
WINDOW_S = 1.1  # a tenth more than a second, for who counts lines by a clock of his own
MOST_KINDS = 20  # of lines that wait; what is beyond waits as one
_OPERATION = re.compile(r"\bop=(\S*)")
_OTHERS = "lines of other kinds: op="


@dataclass(slots=True)
class _Alike:
    """Lines that differ in their operation's id alone: the first of them, and all the ids."""

    first: logging.LogRecord
    count: int = 0
    operations: list[str] = field(default_factory=list)


def _later(delay_s: float, call: Callable[[], None]) -> None:
    timer = threading.Timer(delay_s, call)
    timer.daemon = True
    timer.start()


class SparingHandler(logging.StreamHandler[TextIO]):
    """Write a line at once while that is within the limit; else hold it, and count those like it.

    Nothing gets lost: a page names the operation of its failed read, and the log has to know it.
    A bug's traceback comes on top of its line.
    """

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.monotonic,
        later: Callable[[float, Callable[[], None]], None] = _later,
    ) -> None:
        super().__init__()
        self._clock, self._later = clock, later
        self._written: deque[float] = deque(maxlen=LINES)
        self._waiting: dict[str, _Alike] = {}
        self._called = False

    def emit(self, record: logging.LogRecord) -> None:
        """Take one record in; whoever calls holds the handler's lock."""
        try:
            said = record.getMessage()
        except Exception:  # noqa: BLE001 # a logging call with wrong arguments, in any library
            self.handleError(record)
            return
        kind = _OPERATION.sub("op=", said)
        if kind not in self._waiting and len(self._waiting) >= MOST_KINDS:
            kind = _OTHERS
        alike = self._waiting.setdefault(kind, _Alike(record))
        alike.count += 1
        alike.operations += _OPERATION.findall(said)
        self._write()

    def close(self) -> None:
        """Write what waits: the process ends."""
        with self.lock or contextlib.nullcontext():
            while self._waiting:
                self._write_first()
        super().close()

    def _write(self) -> None:
        while self._waiting and self._wait_s() <= 0:
            self._written.append(self._clock())
            self._write_first()
        if self._waiting and not self._called:
            self._called = True
            self._later(self._wait_s(), self._write_later)

    def _wait_s(self) -> float:
        """Return how long until one more line is within the limit."""
        if len(self._written) < LINES:
            return 0.0
        return self._written[0] + WINDOW_S - self._clock()

    def _write_later(self) -> None:
        with self.lock or contextlib.nullcontext():
            self._called = False
            self._write()

    def _write_first(self) -> None:
        kind = next(iter(self._waiting))
        alike = self._waiting.pop(kind)
        record = alike.first
        if alike.count > 1:
            operations = " ".join(f"op={one}" for one in alike.operations)
            said = f"{alike.count} more like this: {_OPERATION.sub(lambda _: operations, kind)}"
            where = (record.name, record.levelno, record.pathname, record.lineno)
            record = logging.LogRecord(*where, said, None, record.exc_info)  # of this instant
        super().emit(record)

"""The runner's end of a program in a helper container: orders go in, records come out."""

import threading
from collections.abc import Callable

import msgspec

from recovery_lab.errors import InconclusiveError
from recovery_lab.programs import Helper
from recovery_lab.record.history import AnyRecord, Trouble, decode


class Link:
    """One helper container; `on_record` is called on a thread of the link's own."""

    def __init__(self, name: str, helper: Helper, on_record: Callable[[AnyRecord], None]) -> None:
        self.name = name
        self._helper = helper
        self._on_record = on_record
        self._reader = threading.Thread(target=self._collect, daemon=True)
        self._reader.start()

    def order(self, order: str) -> None:
        """Give the program an order; raises InconclusiveError when it is gone."""
        try:
            self._helper.stdin.write(order.encode() + b"\n")
            self._helper.stdin.flush()
        except (BrokenPipeError, ValueError) as error:
            raise InconclusiveError(f"{self.name} is gone: {self._helper.last_words()}") from error

    def ensure_running(self) -> None:
        """Raise InconclusiveError with the program's last words when it has ended."""
        if self._helper.process.poll() is not None:
            raise InconclusiveError(f"{self.name} ended: {self._helper.last_words()}")

    def hang_up(self) -> None:
        """Close its input, which ends it; returns at once, `close` waits."""
        self._helper.hang_up()

    def close(self) -> None:
        """End the program; idempotent."""
        self._helper.end()
        self._reader.join(5.0)
        for stream in (self._helper.stdout, self._helper.stderr):
            stream.close()

    def _collect(self) -> None:
        for line in self._helper.stdout:
            try:
                record = decode(line)
            except msgspec.MsgspecError as error:
                said = f"{self.name} wrote no record: {error}: {line[:80]!r}"
                record = Trouble(at=0.0, message=said)
            self._on_record(record)

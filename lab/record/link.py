"""The runner's end of a program in a helper container: orders go in, records come out."""

import subprocess
import threading
from collections.abc import Callable
from contextlib import suppress

from lab import docker
from lab.errors import InconclusiveError
from lab.record.history import AnyRecord, decode


class Link:
    """One helper container; `on_record` is called on a thread of the link's own."""

    def __init__(
        self, name: str, helper: docker.Helper, on_record: Callable[[AnyRecord], None]
    ) -> None:
        self.name = name
        self._process, self._orders, self._answers, self._complaints = helper
        self._on_record = on_record
        self._reader = threading.Thread(target=self._collect, daemon=True)
        self._reader.start()

    def order(self, order: str) -> None:
        """Give the program an order; raises InconclusiveError when it is gone."""
        try:
            self._orders.write(order.encode() + b"\n")
            self._orders.flush()
        except (BrokenPipeError, ValueError) as error:
            raise InconclusiveError(f"{self.name} is gone: {self._last_words()}") from error

    def ensure_running(self) -> None:
        """Raise InconclusiveError with the program's last words when it has ended."""
        if self._process.poll() is not None:
            raise InconclusiveError(f"{self.name} ended: {self._last_words()}")

    def hang_up(self) -> None:
        """Close its input, which ends it; returns at once, `close` waits."""
        with suppress(BrokenPipeError):  # it may have ended by itself
            self._orders.close()

    def close(self) -> None:
        """End the program; idempotent."""
        self.hang_up()
        try:
            self._process.wait(5.0)
        except subprocess.TimeoutExpired:
            docker.end_process_group(self._process, 5.0)
        self._reader.join(5.0)
        for stream in (self._answers, self._complaints):
            stream.close()

    def _collect(self) -> None:
        for line in self._answers:
            self._on_record(decode(line))

    def _last_words(self) -> str:
        said = self._complaints.read().decode(errors="replace").strip()
        return said.splitlines()[-1] if said else f"exit status {self._process.poll()}"

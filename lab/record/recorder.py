"""The runner's end of the observer: start it, give orders, append what it says to the history."""

import subprocess
import threading
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

import msgspec

import lab
from lab import docker
from lab.errors import InconclusiveError
from lab.record.history import AnyRecord, Clock, Record, Trouble, decode, encode
from lab.record.observer import Assignment
from lab.record.readers import Reading
from lab.record.session import Login
from lab.target import Target

_MOUNTED = "/run/secrets/reader_password"
R = TypeVar("R", bound=Record)


class Recorder:
    """One history being written: the observer's records and the runner's own, in one file.

    Use as a context manager; leaving it ends the observer.
    """

    def __init__(self, target: Target, project: str, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self.records: list[AnyRecord] = []
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("ab", buffering=0)
        helper = docker.start_helper(
            target.observer.image,
            f"{project}_{target.compose.network}",
            project,
            [
                f"{target.password_path}:{_MOUNTED}:ro",
                # Always the code of this checkout, whatever an older image holds.
                f"{Path(lab.__file__).resolve().parent}:/app/lab:ro",
            ],
            ["python", "-m", "lab.record.observer", msgspec.json.encode(_assign(target)).decode()],
        )
        self._process, self._orders, self._answers, self._complaints = helper
        self._reader = threading.Thread(target=self._collect, daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the observer and close the history; idempotent."""
        with suppress(BrokenPipeError):  # it may have ended by itself
            self._orders.close()
        try:
            self._process.wait(5.0)
        except subprocess.TimeoutExpired:
            docker.end_process_group(self._process, 5.0)
        self._reader.join(5.0)
        for stream in (self._answers, self._complaints, self._file):
            stream.close()

    def order(self, order: str) -> None:
        """Give the observer an order.

        Raises InconclusiveError when the observer is gone.
        """
        try:
            self._orders.write(order.encode() + b"\n")
            self._orders.flush()
        except (BrokenPipeError, ValueError) as error:
            raise InconclusiveError(f"the observer is gone: {self._last_words()}") from error

    def append(self, record: AnyRecord) -> None:
        """Append a record of the runner's own."""
        with self._lock:
            self._file.write(encode(record))
            self.records.append(record)

    def snapshot(self) -> list[AnyRecord]:
        """Return the history so far."""
        with self._lock:
            return list(self.records)

    def clocks(self) -> list[Clock]:
        """Return the clock pairs so far."""
        return [record for record in self.snapshot() if isinstance(record, Clock)]

    def wait_for(self, kind: type[R], limit_s: float, *, after: int = 0) -> R:
        """Return the first record of a kind from position `after` on.

        Raises InconclusiveError when the observer reports trouble, ends, or says nothing in time.
        """
        deadline = time.monotonic() + limit_s
        while time.monotonic() < deadline:
            for record in self.snapshot()[after:]:
                if isinstance(record, Trouble):
                    raise InconclusiveError(record.message)
                if isinstance(record, kind):
                    return record
            if self._process.poll() is not None:
                raise InconclusiveError(f"the observer ended: {self._last_words()}")
            time.sleep(0.01)  # polled: records arrive by another thread
        raise InconclusiveError(f"no {kind.__name__} from the observer after {limit_s:.0f} s")

    def _collect(self) -> None:
        for line in self._answers:
            self.append(decode(line))

    def _last_words(self) -> str:
        said = self._complaints.read().decode(errors="replace").strip()
        return said.splitlines()[-1] if said else f"exit status {self._process.poll()}"


def _assign(target: Target) -> Assignment:
    database, dashboard = target.database, target.dashboard
    return Assignment(
        login=Login(
            host=database.host,
            port=database.port,
            name=database.name,
            user=database.user,
            password_file=_MOUNTED,
        ),
        reading=Reading(
            url=dashboard.url,
            read_path=dashboard.read_path,
            read_must_have=dashboard.read_must_have,
            health_path=dashboard.health_path,
        ),
        pool_application=dashboard.pool_application,
    )

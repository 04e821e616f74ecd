"""The runner's end of the observer: start it, give orders, append what it says to the history."""

import threading
import time
from pathlib import Path
from typing import TypeVar

import msgspec

import recovery_lab
from recovery_lab import docker
from recovery_lab.errors import InconclusiveError
from recovery_lab.record.history import AnyRecord, Clock, Record, Trouble, encode
from recovery_lab.record.link import Link
from recovery_lab.record.observer import Assignment
from recovery_lab.record.readers import Reading
from recovery_lab.record.session import Login
from recovery_lab.target import Target

_MOUNTED = "/run/secrets/reader_password"
R = TypeVar("R", bound=Record)


class Recorder:
    """One history being written: the observer's records and the runner's own, in one file.

    Whoever makes it closes it, which ends the observer.
    """

    def __init__(self, target: Target, project: str, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self.records: list[AnyRecord] = []
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("ab", buffering=0)
        self._broken = ""
        assignment = msgspec.json.encode(_assign(target)).decode()
        helper = start_program(target, project, "recovery_lab.record.observer", assignment)
        self._link = Link("the observer", helper, self.append)

    def close(self) -> None:
        """End the observer and close the history; idempotent."""
        self._link.close()
        self._file.close()

    def order(self, order: str) -> None:
        """Give the observer an order.

        Raises InconclusiveError when the observer is gone.
        """
        self._link.order(order)

    def append(self, record: AnyRecord) -> None:
        """Append a record; one that cannot be kept (a full disk) breaks the history for good."""
        with self._lock:
            try:
                self._file.write(encode(record))
            except OSError as error:
                self._broken = str(error)
            self.records.append(record)

    def snapshot(self) -> list[AnyRecord]:
        """Return the history so far.

        Raises InconclusiveError when a record could not be kept: nothing is judged on less.
        """
        if self._broken:
            raise InconclusiveError(f"{self._path}: the record is incomplete: {self._broken}")
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
            self._link.ensure_running()
            time.sleep(0.01)  # polled: records arrive by another thread
        raise InconclusiveError(f"no {kind.__name__} from the observer after {limit_s:.0f} s")


def start_program(target: Target, project: str, module: str, assignment: str) -> docker.Helper:
    """Start one of the lab's own programs in a container on the clients' network."""
    return docker.start_helper(
        target.observer.image,
        f"{project}_{target.compose.network}",
        project,
        [
            f"{target.password_path}:{_MOUNTED}:ro",
            # Always the code of this checkout, whatever an older image holds.
            f"{Path(recovery_lab.__file__).resolve().parent}:/app/recovery_lab:ro",
        ],
        ["python", "-m", module, assignment],
    )


def login(target: Target) -> Login:
    """Return how a program in a container logs in to the target's database."""
    database = target.database
    return Login(
        host=database.host,
        port=database.port,
        name=database.name,
        user=database.user,
        password_file=_MOUNTED,
    )


def reading(target: Target) -> Reading:
    """Return how a program in a container reads the target's dashboard."""
    dashboard = target.dashboard
    return Reading(
        url=dashboard.url,
        read_path=dashboard.read_path,
        read_must_have=dashboard.read_must_have,
        health_path=dashboard.health_path,
    )


def _assign(target: Target) -> Assignment:
    return Assignment(
        login=login(target),
        reading=reading(target),
        pool_application=target.dashboard.pool_application,
    )

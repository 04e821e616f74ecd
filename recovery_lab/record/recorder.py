"""A history's file: every line kept before it is used, and read again."""

import errno
import gzip
import os
import threading
import time
import zlib
from collections.abc import Callable
from pathlib import Path

import msgspec

from recovery_lab.errors import BadInputError, InconclusiveError
from recovery_lab.record.history import AnyRecord, History, R, Trouble, decode, encode


class Recorder:
    """Appends to one file, from any thread; whoever makes it closes it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._broken = ""
        self.history = History()
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("wb", buffering=0)

    def close(self) -> None:
        """Close the file; what comes later is lost on purpose."""
        with self._lock:
            self._file.close()

    def append(self, record: AnyRecord) -> None:
        """Append a record; one that cannot be kept (a full disk) breaks the record for good."""
        with self._lock:
            if self._broken or self._file.closed:
                return
            try:
                whole = self._file.tell()
                line = encode(record)
                if self._file.write(line) < len(line):
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))  # noqa: TRY301
            except OSError as error:
                self._broken = str(error)
                self._file.truncate(whole)
            else:
                self.history.append(record)

    def verify_whole(self) -> None:
        """Raise InconclusiveError when a record could not be kept: nothing is judged on less."""
        if self._broken:
            told = f"the record ends with its last whole line: {self._broken}"
            raise InconclusiveError(f"{self._path}: {told}")

    def wait_for(
        self, kind: type[R], limit_s: float, alive: Callable[[], None], *, count: int = 1
    ) -> R:
        """Return the `count`th record of a kind; raises InconclusiveError at trouble or silence."""
        deadline = time.monotonic() + limit_s
        while time.monotonic() < deadline:
            self.verify_whole()
            for trouble in self.history.of(Trouble):
                raise InconclusiveError(trouble.message)
            found = self.history.of(kind)
            if len(found) >= count:
                return found[count - 1]
            alive()
            time.sleep(0.01)  # polled: records arrive by other threads
        raise InconclusiveError(f"no {kind.__name__} from the helpers after {limit_s:.0f} s")


def read_history(path: Path) -> History:
    """Read a history, compressed or not, up to its last whole line; BadInputError: torn, or old."""
    content = path.read_bytes()
    try:
        lines = (gzip.decompress(content) if path.suffix == ".gz" else content).split(b"\n")
    except (OSError, EOFError, zlib.error) as error:
        raise BadInputError(f"{path}: torn: {error}") from error
    history = History()
    for number, line in enumerate(lines[:-1], start=1):  # the last was never finished
        try:
            history.append(decode(line))
        except msgspec.MsgspecError as error:
            raise BadInputError(f"{path}, line {number}: not a record: {error}") from error
    return history

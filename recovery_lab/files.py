"""Files that are there whole or not at all, and one that tells that a run lives."""

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

RUN_LOCK = Path(".lab/run.lock")


def write_whole(path: Path, content: bytes) -> None:
    """Write a file by a neighbour renamed into place; raises OSError, the old file untouched."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, neighbour = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(neighbour).replace(path)
    except BaseException:
        Path(neighbour).unlink()
        raise


@contextmanager
def living_run() -> Iterator[None]:
    """Let `make clean` see that a run lives (scripts/alone.py looks); runs share the lock."""
    RUN_LOCK.parent.mkdir(parents=True, exist_ok=True)
    with RUN_LOCK.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_SH)
        yield

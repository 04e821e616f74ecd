"""Files that are there whole or not at all, and one that tells that a run lives."""

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

RUN_LOCK = Path(".lab/run.lock")


def write_whole(path: Path, content: bytes) -> None:
    """Write a file through a neighbour that is renamed into place: a killed run leaves no half.

    Raises OSError, for instance on a full disk, with the old file untouched.
    """
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
    """Let `make clean` see that a run lives, until it ends or dies (scripts/alone.py looks).

    The lock is shared: runs side by side are not kept from each other here.
    """
    RUN_LOCK.parent.mkdir(parents=True, exist_ok=True)
    with RUN_LOCK.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_SH)
        yield

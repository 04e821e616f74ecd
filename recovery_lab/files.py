"""Files that are there whole or not at all."""

import os
import tempfile
from pathlib import Path


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

"""Finds a PostgreSQL server's programs on this host; run as a program, it prints their folder.

The standard library alone: scripts/strangers.sh asks it before there is any environment.
"""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

PROGRAMS = ("initdb", "pg_ctl", "postgres")
DEBIAN = Path("/usr/lib/postgresql")  # a folder for each major version, none of them on PATH


def _candidates() -> Iterator[Path]:
    """Yield the folders to look in: Debian's from the newest on, pg_config's, PATH's."""
    majors = [path for path in DEBIAN.glob("*") if path.name.isdecimal()]
    yield from (one / "bin" for one in sorted(majors, key=lambda path: -int(path.name)))
    if shutil.which("pg_config"):
        asked = subprocess.run(
            ["pg_config", "--bindir"], capture_output=True, text=True, check=False, timeout=10
        )
        yield Path(asked.stdout.strip())
    if initdb := shutil.which("initdb"):
        yield Path(initdb).resolve().parent


def find() -> Path | None:
    """Return the first folder that holds a whole server: pg_config may come with a client alone."""
    for folder in _candidates():
        if all((folder / name).is_file() for name in PROGRAMS):
            return folder
    return None


if __name__ == "__main__":
    found = find()
    print(found or f"no folder holds {', '.join(PROGRAMS)}")
    sys.exit(found is None)

"""Who else is there: one measuring verb at a time on a daemon, and the runs that live here.

Two outages played side by side measure each other. A lock (flock) dies with its holder, so no
killed run shuts others out; Python takes it, for macOS has no command of that name.
"""

import argparse
import fcntl
import hashlib
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

BUSY = 64
DESCRIPTOR = 9  # opened by lib_alone.sh; it lives as long as that shell and its children
JOURNAL = (".lab/run.lock", ".lab/journal/*.fault", ".lab/journal/*.stack")


def lock_path() -> Path:
    """Return this user's lock for the daemon in use, by the daemon's own name for itself."""
    words = ["docker", "info", "--format", "{{.ID}}"]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=30.0)
    name = hashlib.sha256(done.stdout.strip().encode()).hexdigest()[:16]
    state = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local/state")
    return state / "recovery-lab" / f"{name}.lock"


def is_held(path: Path) -> bool:
    """Tell whether a living process holds a file's lock."""
    try:
        with path.open() as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except FileNotFoundError:
        return False
    return False


def take(path: Path, verb: str) -> None:
    """Take the daemon's lock for the shell that opened it, and leave word of who holds it."""
    try:
        fcntl.flock(DESCRIPTOR, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        print(
            f"error     {holder(path)} on this daemon: they would measure each other",
            file=sys.stderr,
        )
        print("  remedy  wait for it, or end it", file=sys.stderr)
        sys.exit(BUSY)
    os.ftruncate(DESCRIPTOR, 0)
    os.write(DESCRIPTOR, f"make {verb} runs in {Path.cwd()} (process {os.getppid()})".encode())


def holder(path: Path) -> str:
    """Return the word that the lock's holder left."""
    return path.read_text(errors="replace").strip() or "another measuring verb runs"


def living() -> Iterator[str]:
    """Yield the runs of this folder that live, and the measuring verb of this daemon, anybody's."""
    for pattern in JOURNAL:
        for path in sorted(Path().glob(pattern)):
            if is_held(path):
                found = re.search(r'"pid":(\d+)', path.read_text(errors="replace"))
                yield f"{path.name} is held by a run" + (f" (process {found[1]})" if found else "")
    path = lock_path()
    if is_held(path):
        yield holder(path)


def main(arguments: Sequence[str]) -> None:
    """Answer a script; status 64 where somebody else is there."""
    parser = argparse.ArgumentParser(description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("path", help="the lock's file, its folder made")
    verbs.add_parser("take", help="take it on descriptor 9").add_argument("name")
    verbs.add_parser("living", help="name the runs that live; status 0 where there is none")
    asked = parser.parse_args(arguments)
    if asked.verb == "path":
        path = lock_path()
        path.parent.mkdir(parents=True, exist_ok=True)
        print(path)
    elif asked.verb == "take":
        take(lock_path(), asked.name)
    elif runs := list(living()):
        print("; ".join(runs))
        sys.exit(BUSY)


if __name__ == "__main__":
    main(sys.argv[1:])

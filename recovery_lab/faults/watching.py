"""The watchdog's program: `python -m recovery_lab.faults.watching JOURNAL-FILE LIMIT-S`."""

import logging
import select
import sys
from contextlib import suppress
from pathlib import Path

from recovery_lab.errors import LabError
from recovery_lab.faults import healing, journal
from recovery_lab.faults.journal import OpenFault

LOCK_LIMIT_S = 10.0  # a dying process closes its pipe and its lock one after the other

_log = logging.getLogger(__name__)


def say(word: str) -> None:
    """Tell the runner, where it is there to hear it."""
    with suppress(OSError):
        sys.stdout.write(f"{word}\n")
        sys.stdout.flush()


def watch(path: Path, limit_s: float) -> str:
    """Wait for the runner's end, or for the fault's; heal what is open then. Return what was done.

    Raises LabError when it could not be healed.
    """
    if select.select([sys.stdin], [], [], limit_s)[0]:
        healed = healing.heal_free(path, LOCK_LIMIT_S)
        return f"the runner is gone: {healed}" if healed else "nothing open"
    say("healing")  # before it is true: the runner must not take it for its own heal
    entry = journal.read(path, OpenFault)
    return f"{limit_s:.0f} s have passed: {healing.heal_now(entry)}" if entry else "nothing open"


def main() -> int:
    """Watch over one fault; what was done goes to the log beside the journal."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s [%(process)d] %(message)s")
    path, limit_s = Path(sys.argv[1]), float(sys.argv[2])
    say("watching")
    try:
        _log.info("%s: %s", path.stem, watch(path, limit_s))
    except LabError:
        _log.exception("%s: not healed; run: make heal", path.stem)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

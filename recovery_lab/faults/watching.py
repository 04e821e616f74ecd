"""The watchdog's program: `python -m recovery_lab.faults.watching JOURNAL-FILE LIMIT-S`."""

import logging
import sys
from pathlib import Path

from recovery_lab.errors import LabError
from recovery_lab.faults.watchdog import say, watch

_log = logging.getLogger(__name__)


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

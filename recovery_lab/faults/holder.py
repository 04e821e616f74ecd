"""What the programs of held faults share: what ends them, and how they tell of a step."""

import json
import signal
import sys
import time

ENDING = {signal.SIGTERM, signal.SIGINT}
LINGER_S = 60.0  # a container's end costs what is being measured now


def say(step: str, began_at: float, **facts: object) -> None:
    """Tell a step on standard output, its instant between two readings of the clock."""
    told = {"step": step, "began_at": began_at, "at": time.monotonic(), **facts}
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()


def linger() -> None:
    """Wait to be removed."""
    signal.sigtimedwait(ENDING, LINGER_S)

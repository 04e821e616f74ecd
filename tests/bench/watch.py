"""Checks the server in several ways side by side, by the dashboard's monitor; runs in a container.

Prints one JSON object for each check, until its standard input ends.
"""

import json
import logging
import os
import sys
import time
from functools import partial

from dashboard.db_connector import Address
from dashboard.health import Sample
from dashboard.monitor import Monitor
from dashboard.settings import Settings
from tests.bench.attempts import WAYS, Attempts


def tell(way: str, monitor: int, sample: Sample) -> None:
    """Print what a check of one of a way's monitors told; instants of the monotonic clock."""
    told = {
        "way": way,
        "monitor": monitor,
        "began": sample.began_s,
        "ended": sample.ended_s,
        "kind": sample.trouble.kind if sample.trouble else "ok",
        "server": str(sample.server.started_at) if sample.server else "",
    }
    sys.stdout.write(json.dumps(told) + "\n")  # at once: the monitors are threads
    sys.stdout.flush()


def main(interval_s: float, monitors: int, *ways: str) -> None:
    """Start each way's monitors, all evenly apart in the interval; stop when told."""
    logging.disable()  # what changes is in the samples
    address = Address.from_settings(Settings.from_env(os.environ))
    for number in range(monitors):
        for way in ways:
            Monitor(
                Attempts(address, WAYS[way]),
                interval_s=interval_s,
                on_sample=partial(tell, way, number),
                on_failed_check=lambda: None,
            ).start()
            time.sleep(interval_s / monitors / len(ways))
    sys.stdin.read()


if __name__ == "__main__":
    main(float(sys.argv[1]), int(sys.argv[2]), *sys.argv[3:])

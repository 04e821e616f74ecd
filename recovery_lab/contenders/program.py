"""The program of one contender's container; it needs the standard library and its factory.

Orders come as lines on standard input (`warm`, `steady`, `release`, `stop`, `look`); records leave
as JSON lines on standard output, each written whole. It ends when its input does. After `stop`,
`warm` and `steady` begin anew: a contender may be kept through many outages.
"""

import importlib
import json
import os
import sys
import time
from collections.abc import Callable, Iterable
from typing import Any

from recovery_lab.contenders.base import Adapter, Writer
from recovery_lab.contenders.job import Job

IDLE_CONNECTIONS = 5  # an idle pool of this many is what the first users after an outage meet


class Program:
    """Carries out orders; each job goes through an adapter, and so a pool, of its own.

    `part` tells the `contender`, whom it `plays` to its `factory` (`module:function`), on which
    `way` to the database, its `jobs` (`steady`, `idle`), `workers`, and each one's `reads_per_s`.
    """

    def __init__(self, part: dict[str, Any], emit: Writer) -> None:
        self._name: str = part["contender"]
        self._emit = emit
        self._counts = {"steady": part["workers"], "idle": IDLE_CONNECTIONS}
        make = load(part["factory"])
        self._jobs = {
            job: Job(
                {"contender": self._name, "job": job},
                make(part["plays"], part["way"]),
                emit,
                workers=self._counts[job],
                reads_per_s=part["reads_per_s"] * part["workers"],
            )
            for job in part["jobs"]
        }

    def follow(self, orders: Iterable[str]) -> None:
        """Follow orders until there are no more."""
        for line in orders:
            order = line.strip()
            try:
                self._obey(order)
            except Exception as error:  # noqa: BLE001 # the runner must hear of it, whatever it is
                said = f"{self._name}: {order}: {type(error).__name__}: {error}"
                self._emit("trouble", at=time.monotonic(), message=said)

    def _obey(self, order: str) -> None:
        for name, job in self._jobs.items():
            if order == "warm":
                job.warm(self._counts[name])
            elif order == "stop":
                job.stop()
            elif order == "look":
                job.look()
            elif (order, name) == ("steady", "steady"):
                job.steady()
            elif (order, name) == ("release", "idle"):
                job.release()


def load(factory: str) -> Callable[[str, dict[str, Any]], Adapter]:
    """Return the function that `module:function` names."""
    module, _, function = factory.partition(":")
    make: Callable[[str, dict[str, Any]], Adapter]
    make = getattr(importlib.import_module(module), function)
    return make


def main() -> None:
    """Run the part in the first argument, in JSON."""
    Program(json.loads(sys.argv[1]), Writer(sys.stdout.buffer)).follow(sys.stdin)
    sys.stdout.flush()
    os._exit(0)  # reads may hang for minutes on a cut connection: nobody waits for them


if __name__ == "__main__":
    main()

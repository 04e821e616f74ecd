"""The program of one contender's container: lines of orders come in, JSON lines of records out."""

import importlib
import json
import os
import sys
import time
from collections.abc import Callable, Iterable
from functools import partial
from typing import BinaryIO, cast

from recovery_lab.contenders.base import CROWD, Adapter, Fresh, Json, Writer
from recovery_lab.contenders.cold import MadeByReading
from recovery_lab.contenders.fresh import EachAnew
from recovery_lab.contenders.job import Job
from recovery_lab.contenders.meter import Counted, Meter

IDLE_CONNECTIONS = 5  # an idle pool of this many is what the first users after an outage meet


def follow(part: Json, orders: Iterable[str], emit: Writer) -> None:
    """Follow orders (see job.py) to their end, a job an adapter; crew.py tells what a part is."""
    name, make = part["contender"], load(part["factory"])
    own = partial(make, part["plays"], part["way"])
    jobs = [_job(job, own, part, emit) for job in part["jobs"]]
    if "cold" in part["jobs"]:
        emit("born", contender=name, job="cold", at=time.monotonic())
    for line in orders:
        order = line.strip()
        try:
            for job in jobs:
                job.obey(order)
        except Exception as error:  # noqa: BLE001 # the runner must hear of it, whatever it is
            said = f"{name}: {order}: {type(error).__name__}: {error}"
            emit("trouble", at=time.monotonic(), message=said)


def _job(job: str, make: Callable[[], Adapter], part: Json, emit: Writer) -> Job:
    readers = sessions = part["workers"]
    adapter: Adapter
    match job:
        case "fresh":
            adapter = EachAnew(cast("Callable[[], Fresh]", make), readers)
        case "cold":
            adapter = MadeByReading(make)
        case _:
            adapter = make()
    if job == "idle":
        readers = sessions = part.get("idle", IDLE_CONNECTIONS)
    elif job == "crowd":
        readers = CROWD * ((adapter.look() or {}).get("most") or readers)
    return Job(
        {"contender": part["contender"], "job": job},
        adapter,
        emit,
        workers=readers,
        reads_per_s=part["reads_per_s"] * part["workers"],
        sessions=sessions,
    )


def load(factory: str) -> Callable[[str, Json], Adapter]:
    """Return the function that `module:function` names."""
    module, _, function = factory.partition(":")
    make: Callable[[str, Json], Adapter] = getattr(importlib.import_module(module), function)
    return make


def own_stdout() -> BinaryIO:
    """Return this process' output for records alone: whatever else prints goes with complaints."""
    stream = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return stream


def main() -> None:
    """Play the part in the first argument, in JSON."""
    part, emit = json.loads(sys.argv[1]), Writer(own_stdout())
    if part["metered"]:  # the application's own container is measured instead of its reader's
        sys.stderr = log = Counted(sys.stderr)
        Meter(part["contender"], emit, log).start()
    follow(part, sys.stdin, emit)
    os._exit(0)  # reads may hang for minutes on a cut connection: nobody waits for them


if __name__ == "__main__":
    main()

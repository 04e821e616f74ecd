"""The program that looks at what is to be tried, in the user's own environment, and tells of it."""

import os
import statistics
import sys
import time
from collections.abc import Callable

import msgspec

from recovery_lab.contenders.program import own_stdout
from recovery_lab.errors import BadInputError
from recovery_lab.login import first_line
from recovery_lab.sql import PROBE, TOLD
from recovery_lab.yours.dsn import Dsn
from recovery_lab.yours.found import find
from recovery_lab.yours.way import Way

TIMES = 5  # fresh sessions, of which the median is taken


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be looked at; `dsn` is a login for fresh sessions where that tells none."""

    engine: str
    dsn: str = ""

    def fresh(self) -> Way:
        """Return what opens fresh sessions."""
        return Dsn(self.dsn) if self.dsn else find(self.engine)


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What was found; `bad` says what is wrong with what was asked for, `away` with the server."""

    bad: str = ""
    away: str = ""
    kind: str = ""
    driver: str = ""
    host: str = ""
    pool_size: int = 0
    server_version: str = ""
    fresh_s: float = 0.0  # what a fresh session takes


def look(asked: Asked) -> Found:
    """Import it, read once, and open fresh sessions beside it."""
    try:
        way = find(asked.engine)
        fresh = asked.fresh()
    except BadInputError as error:
        return Found(bad=str(error))
    if not fresh.has_fresh:
        told = f"{asked.engine} is a function, which tells no login for fresh sessions"
        return Found(bad=f"{told}: add --dsn postgresql://…")
    try:
        way.read("look")
        timed = [_timed(lambda: _probe(fresh)) for _ in range(TIMES)]
    except Exception as error:  # noqa: BLE001 # whatever a driver raises
        return Found(away=f"{type(error).__name__}: {first_line(error)}")
    seen = dict(zip(TOLD, _probe(fresh), strict=True))
    return Found(
        kind=way.kind,
        driver=way.driver(),
        host=fresh.host(),
        pool_size=way.pool_size,
        server_version=str(seen["server_version"]),
        fresh_s=statistics.median(timed),
    )


def _probe(way: Way) -> tuple[object, ...]:
    with way.opened() as run:
        return run(f"{PROBE}true")[0]


def _timed(act: Callable[[], object]) -> float:
    began_at = time.monotonic()
    act()
    return time.monotonic() - began_at


def main() -> None:
    """Look at what the first argument asks, and tell it as one line of JSON."""
    asked = msgspec.json.decode(sys.argv[1], type=Asked)
    stream = own_stdout()
    stream.write(msgspec.json.encode(look(asked)) + b"\n")
    stream.flush()
    os._exit(0)  # whatever else their module has started


if __name__ == "__main__":
    main()

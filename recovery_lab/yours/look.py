"""The program that looks at what is to be tried, in the user's own environment, and tells of it."""

import os
import statistics
import time
from functools import partial

import msgspec
from msgspec import Struct

from recovery_lab.contenders.program import own_stdout
from recovery_lab.errors import BadInputError, InconclusiveError
from recovery_lab.login import first_line
from recovery_lab.sql import PROBE
from recovery_lab.yours.dsn import Dsn
from recovery_lab.yours.found import find
from recovery_lab.yours.page import Shape, client, shape_of
from recovery_lab.yours.traffic import sessions, transactions_per_read
from recovery_lab.yours.way import Way

TOLD = "RECOVERY_LAB_TOLD"  # the variable of what a program is told: arguments are for all to see
TIMES = 5  # fresh sessions, of which the median is taken


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be tried: a URL, else an engine; a URL's database is asked by engine or `dsn`."""

    engine: str = ""
    url: str = ""
    dsn: str = ""
    expect: str = ""  # a text of the URL's good answer
    health: str = ""  # a URL whose status is green or not

    @property
    def subject(self) -> str:
        """What is tried, as it is called."""
        return self.url or self.engine

    def fresh(self) -> Way | None:
        """Return what opens fresh sessions; None where nobody tells a login."""
        if self.dsn:
            return Dsn(self.dsn)
        way = find(self.engine) if self.engine else None
        return way if way and way.has_fresh else None


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What was found; `bad` says what is wrong with what was asked for, `away` with the server."""

    bad: str = ""
    away: str = ""
    kind: str = ""
    driver: str = ""
    host: str = ""
    pool_size: int = 0
    login: bool = False
    fresh_s: float = 0.0  # what a fresh session takes
    shape: Shape | None = None  # of a URL's good answer
    per_read: float = 0.0  # transactions that a read of a URL makes
    sessions: dict[str, int] = {}  # that the URL's application held then, by client address


def look(asked: Asked) -> Found:
    """Read once as it is to be read, and open fresh sessions beside it."""
    try:
        shape = shape_of(asked.url, asked.expect) if asked.url else None
        way = None if asked.url else find(asked.engine)
        fresh = asked.fresh()
        if asked.health:
            shape_of(asked.health, "", option="--health")
    except BadInputError as error:
        return Found(bad=str(error))
    try:
        if way:
            way.read("look")
        takes_s = fresh_s(fresh) if fresh else 0.0
        read = partial(client().get, asked.url)
        per_read = transactions_per_read(fresh, read) if asked.url and fresh else 0.0
        held = sessions(fresh) if asked.url and fresh else {}
    except InconclusiveError as error:
        return Found(away=str(error))
    except Exception as error:  # noqa: BLE001 # whatever a driver raises
        return Found(away=f"no steady state before: {type(error).__name__}: {first_line(error)}")
    known = fresh or way
    return Found(
        kind=way.kind if way else "page" if shape and shape.kind == "html" else "API",
        driver=known.driver() if known else "",
        host=known.host() if known else "",
        pool_size=way.pool_size if way else 0,
        login=bool(fresh),
        fresh_s=takes_s,
        shape=shape,
        per_read=per_read,
        sessions=held,
    )


def fresh_s(way: Way) -> float:
    """Return what a fresh session usually takes, in s."""
    return statistics.median(_took_s(way) for _ in range(TIMES))


def _took_s(way: Way) -> float:
    began_at = time.monotonic()
    with way.opened() as run:
        run(f"{PROBE}true")
    return time.monotonic() - began_at


def surroundings(told: Struct) -> dict[str, str]:
    """Return a program's environment with what it is told, which may hold a password."""
    return {**os.environ, TOLD: msgspec.json.encode(told).decode()}


def main() -> None:
    """Look at what the environment asks, and tell it as one line of JSON."""
    asked = msgspec.json.decode(os.environ[TOLD], type=Asked)
    stream = own_stdout()
    stream.write(msgspec.json.encode(look(asked)) + b"\n")
    stream.flush()
    os._exit(0)  # whatever else their module has started


if __name__ == "__main__":
    main()

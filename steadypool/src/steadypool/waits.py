"""How long each wait may last, and the deadline that a caller has declared."""

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, fields

clock = time.monotonic

_declared: ContextVar[float | None] = ContextVar("steadypool_deadline", default=None)
_repeatable: ContextVar[bool] = ContextVar("steadypool_repeatable", default=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Waits:
    """Every limit in seconds; `open_s`, `ping_s` and `query_s` hold where no deadline is declared.

    Raises:
        ValueError: naming a limit that is no positive number.
    """

    connect_s: float = 0.1  # one address, until it takes the connection: above the round trip
    login_s: float = 0.6  # from there to a session; the prober's grows to 5 s while nothing comes
    open_s: float = 10.0  # a session for the pool, through an outage: as its `pool_timeout`
    ping_s: float = 10.0  # a ping, through an outage
    query_s: float = 300.0  # anything else that a session waits for
    patience_s: float = 0.2  # silence on a query until the server is asked about it
    ping_patience_s: float = 0.1  # silence on a ping until then
    grace_s: float = 0.02  # a repeatable read's answer may be under way when the verdict is in
    unrepeatable_grace_s: float = 1.0  # of any other statement: long enough for a lost packet
    ask_again_s: float = 1.0  # between two questions about a slow query
    doubt_s: float = 0.6  # silence of the server to the prober until the database is lost
    idle_s: float = 1.0  # a session unused for longer is pinged, a younger one looked at
    heartbeat_s: float = 0.5  # between two looks of the prober when nobody doubts

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if not (isinstance(value, (int, float)) and 0 < value < math.inf):
                raise ValueError(f"{field.name}={value!r}: expected seconds over 0; give a number")


@contextmanager
def deadline(seconds: float, *, repeatable: bool = False) -> Iterator[float]:
    """Let no wait inside last longer than `seconds` from now; within another, the earlier holds.

    Raises:
        ValueError: when `seconds` is no positive number.
    """
    if not 0 < seconds < math.inf:
        raise ValueError(f"deadline of {seconds!r} s: expected seconds over 0; give a number")
    until, outer = clock() + seconds, _declared.get()
    kept = _declared.set(until if outer is None else min(until, outer))
    kept_too = _repeatable.set(repeatable)
    try:
        yield until if outer is None else min(until, outer)
    finally:
        _repeatable.reset(kept_too)
        _declared.reset(kept)


def until(default_s: float) -> float:
    """Return the declared deadline, or the instant in `default_s` where none is."""
    declared = _declared.get()
    return clock() + default_s if declared is None else declared


def left(default_s: float) -> float:
    """Return the seconds to the declared deadline, at most `default_s` and at least none."""
    declared = _declared.get()
    return default_s if declared is None else max(0.0, min(default_s, declared - clock()))


def repeatable() -> bool:
    """Tell whether what waits may be run again."""
    return _repeatable.get()

"""How long each wait may last, and the deadline that a caller has declared."""

import math
import time
from contextvars import ContextVar, Token
from dataclasses import dataclass, fields

clock = time.monotonic

Declared = tuple[float | None, bool]  # until when, and whether what waits may be run again
_declared: ContextVar[Declared] = ContextVar("steadypool_deadline", default=(None, False))


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


class deadline:  # noqa: N801 # is used as a function; as a generator it would cost a read 1 µs
    """Let no wait inside last longer than `seconds` from now; within another, the earlier holds.

    Raises:
        ValueError: when `seconds` is no positive number.
    """

    __slots__ = ("_outer", "_repeatable", "_seconds")
    _outer: Token[Declared]

    def __init__(self, seconds: float, *, repeatable: bool = False) -> None:
        if not 0 < seconds < math.inf:
            raise ValueError(f"deadline of {seconds!r} s: expected seconds over 0; give a number")
        self._seconds, self._repeatable = seconds, repeatable

    def __enter__(self) -> float:
        ends_at, (outer, _) = clock() + self._seconds, _declared.get()
        if outer is not None:
            ends_at = min(ends_at, outer)
        self._outer = _declared.set((ends_at, self._repeatable))
        return ends_at

    def __exit__(self, *_: object) -> None:
        _declared.reset(self._outer)


def until(default_s: float) -> float:
    """Return the declared deadline, or the instant in `default_s` where none is."""
    declared = _declared.get()[0]
    return clock() + default_s if declared is None else declared


def left(default_s: float) -> float:
    """Return the seconds to the declared deadline, at most `default_s` and at least none."""
    declared = _declared.get()[0]
    return default_s if declared is None else max(0.0, min(default_s, declared - clock()))


def repeatable() -> bool:
    """Tell whether what waits may be run again."""
    return _declared.get()[1]

"""What the witness is asked and what it answers; one JSON line each."""

from typing import Literal

import msgspec


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """`sleep` starts a pg_sleep of `seconds`; `wake` ends every such session of this role."""

    do: Literal["clock", "probe", "sleep", "sleeping", "wake"]
    seconds: float = 0.0


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """An answer; `at` and `wall` are the container's clocks as it was given.

    `session` tells how far a fresh one came: `ok`, `hangs`, or an error's first line; where it
    hangs, `tcp` tells the same of a bare connection. `sessions` counts sleeping sessions; `slept`
    tells how the witness's own sleep ended. `error` tells why an order could not be carried out.
    """

    at: float
    wall: float
    tcp: str = ""
    session: str = ""
    server_started: str = ""
    sessions: int = 0
    slept: str = ""
    error: str = ""

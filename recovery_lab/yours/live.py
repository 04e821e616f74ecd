"""An object of the test's own process as what is tried: lent to each job as a way to read."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from recovery_lab.errors import BadInputError, InconclusiveError
from recovery_lab.login import DeadlineError, first_line, on_thread
from recovery_lab.outage import JobName
from recovery_lab.yours.dsn import Dsn
from recovery_lab.yours.found import kind_of, way_of
from recovery_lab.yours.look import Found, fresh_s
from recovery_lab.yours.plan import LOOK_LIMIT_S, refuse_remote
from recovery_lab.yours.pools import AsyncpgPool
from recovery_lab.yours.way import Way

CALLED = "the engine"
BUSY_S = 2.0  # a pool that has just been opened may still fill


class Live:
    """Steady reads go through the object itself, what idles is a second one that was made alike.

    An asynchronous one is read through seconds alone: its sessions are of the test's own loop. Of
    a function that makes one each job has its own. What was made here is closed here.
    """

    def __init__(self, value: object, dsn: str) -> None:
        self.name: str = getattr(value, "__name__", type(value).__name__)
        self._value = value
        self._dsn = dsn
        self._makes = kind_of(value) is None  # it is a function, and what it makes is ours
        if kind_of(value) is AsyncpgPool:
            raise BadInputError(
                f"{CALLED} is an asyncpg pool, which only the loop that made it can read: hand over"
                " the function that makes it, as `lambda: asyncpg.create_pool(...)`"
            )

    @contextmanager
    def lent(self, job: JobName) -> Iterator[Way]:
        """Lend what a job reads through."""
        way = way_of(self._value, CALLED)
        second = not self._makes and (job != "steady" or way.on_loop)
        way = way.another() if second else way
        try:
            yield way
        finally:
            if second or self._makes:
                way.close()

    @contextmanager
    def fresh(self) -> Iterator[Way]:
        """Lend what opens fresh sessions; no other is kept by it."""
        way = Dsn(self._dsn) if self._dsn else way_of(self._value, CALLED)
        try:
            yield way
        finally:
            if self._makes:
                way.close()

    def look(self) -> Found:
        """Read once and open fresh sessions beside it; InconclusiveError: it cannot be read now."""
        try:
            found = on_thread(self._look, LOOK_LIMIT_S, "look")
        except BadInputError:
            raise
        except DeadlineError as error:
            raise InconclusiveError(f"{CALLED}: no steady state before: {error}") from None
        except Exception as error:
            said = f"{type(error).__name__}: {first_line(error)}"
            raise InconclusiveError(f"{CALLED}: no steady state before: {said}") from error
        refuse_remote(found.host)
        return found

    def _look(self) -> Found:
        with self.lent("steady") as way, self.fresh() as fresh:
            if not fresh.has_fresh:
                told = f"{CALLED} is a function, which tells no login for fresh sessions"
                raise BadInputError(f'{told}: add dsn="postgresql://…"')
            way.read("look")
            _verify_free(way)
            return Found(
                kind=way.kind,
                driver=way.driver(),
                host=fresh.host(),
                pool_size=way.pool_size,
                login=True,
                fresh_s=fresh_s(fresh),
            )


def _verify_free(way: Way) -> None:
    """Raise BadInputError where the test holds a session: it would be cut, and be missed."""
    deadline = time.monotonic() + BUSY_S
    over = False
    while held := (way.look() or {}).get("checked_out", 0):
        if over:
            told = f"{CALLED} has {held} connections checked out"
            raise BadInputError(f"{told}, which the outage would cut: give them back before")
        over = time.monotonic() > deadline  # then it is asked once more
        time.sleep(0.05)  # polled: nobody tells

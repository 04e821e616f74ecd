"""Sessions held in each phase of a read, over any DB-API driver: whatever comes, it meets them all.

The standard library alone: drivers stand in images of their own.
"""

import itertools
import queue
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from recovery_lab.contenders.base import Json, first_line

HOLD_S = 0.15  # how long a session stays in its phase; it is visited five times a second
INNOCENT = "innocent"  # the kind of an error after which its session went on
Act = Callable[[Any], object]  # what is done with a session

_ROWS = "SELECT repeat('x', 1000) FROM generate_series(1, 100000)"
_RAISE = "DO $$ BEGIN RAISE EXCEPTION '{}' USING ERRCODE = '{}'; END $$"


class DiedError(Exception):
    """A read failed in a phase; its cause is the driver's error."""

    def __init__(self, phase: str, *, said: str = "", innocent: bool = False) -> None:
        self.phase = phase
        self.said = said  # by the server before
        self.innocent = innocent
        super().__init__(phase)


def _run(sql: str) -> Act:
    def act(session: Any) -> object:
        cursor = session.cursor()
        cursor.execute(sql)
        return cursor

    return act


def _fetch(session: Any) -> None:
    for _ in range(5):
        _run("FETCH 100 FROM many")(session)
        time.sleep(HOLD_S / 5)


def _hold(_: Any) -> None:
    time.sleep(HOLD_S)


def _fetch_nothing(session: Any) -> None:
    cursor = session.cursor()
    cursor.execute("SET LOCAL statement_timeout = 0")
    cursor.fetchall()


def _use_closed(session: Any) -> None:
    cursor = session.cursor()
    cursor.close()
    cursor.execute("SELECT 1")


def _call_another(_: Any) -> None:
    socket.create_connection(("127.0.0.1", 9), 1.0).close()


# Each fails by itself and its session goes on: they sound like an outage, and are none.
_INNOCENTS: Sequence[Act] = (
    _run("SET LOCAL statement_timeout = 20; SELECT pg_sleep(1)"),
    _run("SELECT pg_cancel_backend(pg_backend_pid()), pg_sleep(1)"),
    _run('SELECT * FROM "server closed the connection unexpectedly"'),
    _run("SELECT 'too many connections for role x'::int"),
    _run(_RAISE.format("the database system is shutting down", "P0001")),
    _run(_RAISE.format("terminating connection due to administrator command", "57P01")),
    _run(_RAISE.format("sorry, too many clients already", "53300")),
    _run(_RAISE.format("could not connect to the mail server: Connection refused", "08001")),
    _fetch_nothing,
    _use_closed,
    _call_another,
)
_next_innocent = itertools.cycle(_INNOCENTS)


def _fail_innocently(session: Any) -> None:
    """Fail, and prove that the session goes on; where it is gone that is the error."""
    try:
        next(_next_innocent)(session)
    except Exception as error:
        if session.closed:
            raise
        session.rollback()
        _run("SELECT 1")(session)
        session.rollback()
        raise DiedError("execute", innocent=True) from error


_ASK, _COMMIT, _ROLLBACK = _run("SELECT 1"), lambda one: one.commit(), lambda one: one.rollback()
# What each of the sessions does, act by act, and the phase in which an act fails.
PLACES: Mapping[str, Sequence[tuple[str, Act]]] = {
    "connect": (("execute", _ASK), ("execute", lambda one: one.close())),
    "checkout": (("execute", _hold), ("checkout", _ASK), ("rollback", _ROLLBACK)),
    "execute": (("execute", _run(f"SELECT pg_sleep({HOLD_S})")), ("rollback", _ROLLBACK)),
    "fetch": (
        ("execute", _run(f"DECLARE many CURSOR FOR {_ROWS}")),
        ("fetch", _fetch),
        ("rollback", _ROLLBACK),
    ),
    "commit": (("execute", _ASK), ("execute", _hold), ("commit", _COMMIT)),
    "rollback": (("execute", _ASK), ("execute", _hold), ("rollback", _ROLLBACK)),
    "innocent": (("execute", _fail_innocently),),
}


class Place:
    """One session, which goes through the same acts again and again; lost, it is opened anew."""

    def __init__(self, acts: Sequence[tuple[str, Act]], connect: Callable[[], Any]) -> None:
        self._acts = acts
        self._connect = connect
        self._session: Any = None

    def warm(self) -> int:
        """Open its session where there is none; return the backend."""
        if self._session is None or self._session.closed:
            try:
                self._session = self._connect()
            except Exception as error:
                raise DiedError("connect") from error
        return int(self._session.info.backend_pid)

    def live(self) -> int:
        """Go through its acts; return the backend. DiedError: it failed in one of them."""
        backend = self.warm()
        for phase, act in self._acts:
            try:
                act(self._session)
            except DiedError:
                raise
            except Exception as error:
                lost, self._session = self._session, None
                said = _said(lost)
                with suppress(Exception):  # it is gone already
                    lost.close()
                raise DiedError(phase, said=said) from error
        return backend


class Deaths:
    """An adapter whose reads visit the places in turn."""

    def __init__(self, driver: str, connect: Callable[[], Any]) -> None:
        self._driver = driver
        self._places: queue.SimpleQueue[Place] = queue.SimpleQueue()
        for acts in PLACES.values():
            self._places.put(Place(acts, connect))

    def read(self, nonce: str) -> Json:
        """Visit the place that was left alone longest."""
        return {"nonce": nonce, "backend_pid": self._visit(Place.live), "server_started": ""}

    def warm(self, count: int) -> list[int]:
        """Open every session; return the backends."""
        return [self._visit(Place.warm) for _ in range(count)]

    def look(self) -> None:
        """Nothing is pooled."""

    def failure(self, error: Exception) -> Json:
        """Put the driver's error in words."""
        died = error if isinstance(error, DiedError) else DiedError("execute")
        cause = error.__cause__ or error
        return {
            "phase": died.phase,
            "kind": INNOCENT if died.innocent else "died",
            "error_class": type(cause).__name__,
            # psycopg2 and psycopg 3 call it differently
            "sqlstate": getattr(cause, "pgcode", None) or getattr(cause, "sqlstate", None) or "",
            "message": first_line(str(cause)),
            "said": died.said,
            "driver": self._driver,
        }

    def _visit(self, how: Callable[[Place], int]) -> int:
        place = self._places.get()
        try:
            return how(place)
        finally:
            self._places.put(place)


def _said(session: Any) -> str:
    """Return the first line of what libpq heard last over a session that is gone."""
    notices = getattr(session, "notices", [])[-1:]  # psycopg 3 keeps none
    with suppress(Exception):  # nor anything of one that it has closed itself
        notices += [session.info.error_message or ""]
    return first_line("\n".join(notices)) if session.closed else ""

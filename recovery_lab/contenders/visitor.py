"""The visitor, a control: a session for each read; refused once, it never asks again."""

import msgspec
import psycopg2

from recovery_lab.contenders.base import Json
from recovery_lab.contenders.driver import failure, read_sql
from recovery_lab.session import DeadlineError, Login, query_fresh
from recovery_lab.target import Traits

GIVES_UP_S = 1.0
START_LIMIT_S = 10.0  # its patience is about reads; it is started in a steady state
TRAITS = Traits(reconnects=False, fresh=True, deadline_s=GIVES_UP_S, workers=1)
WHEN_ASKED = True  # a login for each read is a load that no other outage needs
_COLUMNS = ("nonce", "backend_pid", "server_started")


class Visitor:
    """Holds no session between two reads."""

    def __init__(self, _name: str, way: Json) -> None:
        self._login = msgspec.convert(way["login"], Login)
        self._read_sql = read_sql(way)
        self._gone: Exception | None = None

    def read(self, nonce: str) -> Json:
        """Read in a session of its own, within a second, or give up for good."""
        if self._gone:
            raise self._gone
        try:
            return self._read_within(GIVES_UP_S, nonce)
        except (psycopg2.Error, DeadlineError) as error:
            self._gone = error
            raise

    def warm(self, count: int) -> list[int]:  # noqa: ARG002 # it holds none
        """Read once; return no session, for there is none to be cut."""
        self._read_within(START_LIMIT_S, "warm")
        return []

    def look(self) -> None:
        """Nothing is pooled."""

    def _read_within(self, limit_s: float, nonce: str) -> Json:
        [row] = query_fresh(self._login, "", self._read_sql, (nonce,), limit_s=limit_s)
        return dict(zip(_COLUMNS, row, strict=True))

    failure = staticmethod(failure)


make = Visitor

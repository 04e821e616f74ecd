"""The faithful, a control: a session for each read, at the address that it found first."""

import msgspec

from recovery_lab.contenders.base import Json
from recovery_lab.contenders.driver import failure, read_sql
from recovery_lab.login import Login
from recovery_lab.session import query_fresh
from recovery_lab.target import Traits

GIVES_UP_S = 1.0
START_LIMIT_S = 10.0  # its patience is about reads; it is started in a steady state
TRAITS = Traits(fresh=True, resolves=False, deadline_s=GIVES_UP_S, workers=1)
WHEN_ASKED = True  # a login for each read is a load that no other outage needs
_COLUMNS = ("nonce", "backend_pid", "server_started")


class Faithful:
    """Tries again at each read, and never looks the name up again."""

    def __init__(self, _name: str, way: Json) -> None:
        self._login = msgspec.convert(way["login"], Login)
        self._address = self._login.resolve()
        self._read_sql = read_sql(way)

    def read(self, nonce: str) -> Json:
        """Read in a session of its own, within a second."""
        return self._read_within(GIVES_UP_S, nonce)

    def warm(self, count: int) -> list[int]:  # noqa: ARG002 # it holds none
        """Read once; return no session, for there is none to be cut."""
        self._read_within(START_LIMIT_S, "warm")
        return []

    def forget(self) -> None:
        """Nothing is held."""

    def look(self) -> None:
        """Nothing is pooled."""

    def _read_within(self, limit_s: float, nonce: str) -> Json:
        [row] = query_fresh(self._login, self._address, self._read_sql, (nonce,), limit_s=limit_s)
        return dict(zip(_COLUMNS, row, strict=True))

    failure = staticmethod(failure)


make = Faithful

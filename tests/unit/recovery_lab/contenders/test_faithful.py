"""The faithful: a session for each read, always at the address that it found first."""

from typing import Any

import psycopg2
import pytest

from recovery_lab.contenders import faithful
from recovery_lab.login import DeadlineError, Login

WAY = {
    "login": {"host": "db", "port": 1, "name": "lab", "user": "reader", "password": "none"},
    "work": "true",
}


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """A server that answers where it is, or raises what `error` is; it keeps who was asked."""
    state: dict[str, Any] = {"address": "192.0.2.2", "error": None, "asked": []}

    def query(login, address: str, sql: str, parameters, *, limit_s: float) -> list[tuple]:
        state["asked"].append((address, limit_s))
        if state["error"]:
            raise state["error"]
        return [(*parameters, 7, "nine")]

    monkeypatch.setattr(faithful, "query_fresh", query)
    monkeypatch.setattr(Login, "resolve", lambda _: state["address"])
    return state


def test_faithful_never_looks_the_name_up_again(server) -> None:
    """Wherever the server is by then."""
    one = faithful.make("faithful", WAY)
    assert [] == one.warm(1)
    server["address"] = "192.0.2.3"
    answer = {"nonce": "1-abc", "backend_pid": 7, "server_started": "nine"}
    assert answer == one.read("1-abc")
    limits = (faithful.START_LIMIT_S, faithful.GIVES_UP_S)
    assert [("192.0.2.2", limit_s) for limit_s in limits] == server["asked"]
    assert None is one.look()


@pytest.mark.parametrize(
    "error", [psycopg2.OperationalError("FATAL:  slots"), DeadlineError("connect", 1.0)]
)
def test_faithful_that_was_refused_asks_again(error: Exception, server) -> None:
    """It is the server's address that it keeps, and not its answer."""
    one = faithful.make("faithful", WAY)
    server["error"] = error
    with pytest.raises(type(error)):
        one.read("1-abc")
    server["error"] = None
    assert "2-abc" == one.read("2-abc")["nonce"]

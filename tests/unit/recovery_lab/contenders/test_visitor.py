"""The visitor: a session for each read, until one is refused."""

from typing import Any

import psycopg2
import pytest

from recovery_lab.contenders import visitor
from recovery_lab.session import DeadlineError

LOGIN = {"host": "db", "port": 1, "name": "lab", "user": "reader", "password": "none"}
WAY = {"login": LOGIN, "work": "the work"}


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """A server that answers, or raises what `error` is; it keeps the limits of who asks."""
    state: dict[str, Any] = {"error": None, "limits": []}

    def query(login, address: str, sql: str, parameters, *, limit_s: float) -> list[tuple]:
        assert sql.endswith(" WHERE the work")
        state["limits"].append(limit_s)
        if state["error"]:
            raise state["error"]
        return [(*parameters, 7, "nine")]

    monkeypatch.setattr(visitor, "query_fresh", query)
    return state


def test_visitor_reads_in_a_session_of_its_own(server) -> None:
    """Within a second; while it is warmed it waits longer, and holds nothing after."""
    one = visitor.make("visitor", WAY)
    assert [] == one.warm(1)
    answer = {"nonce": "1-abc", "backend_pid": 7, "server_started": "nine"}
    assert answer == one.read("1-abc")
    assert [visitor.START_LIMIT_S, visitor.GIVES_UP_S] == server["limits"]
    assert None is one.look()


@pytest.mark.parametrize(
    "error", [psycopg2.OperationalError("FATAL:  slots"), DeadlineError("connect", 1.0)]
)
def test_visitor_that_was_refused_never_asks_again(error: Exception, server) -> None:
    """Whatever the server says by then: it is the control that must not come back."""
    one = visitor.make("visitor", WAY)
    server["error"] = error
    with pytest.raises(type(error)):
        one.read("1-abc")
    server["error"] = None
    with pytest.raises(type(error)):
        one.read("2-abc")
    assert 1 == len(server["limits"])

"""The crowd's program, with a server that has so many slots."""

import json
from types import SimpleNamespace
from typing import Any

import psycopg2
import pytest

from recovery_lab.faults import crowd
from recovery_lab.login import Login

LOGIN = Login(host="db", port=5432, name="lab", user="reader", password="none")
FULL = "FATAL:  sorry, too many clients already\n"


class Server:
    """Has `free` slots; each wait of the crowd's does what is next in `then`, or ends it."""

    def __init__(self) -> None:
        self.free = 3
        self.refusal = FULL
        self.open = 0
        self.then = iter(())

    def connect(self, login: Login, name: str) -> SimpleNamespace:
        if self.free == 0:
            raise psycopg2.OperationalError(self.refusal)
        self.free, self.open = self.free - 1, self.open + 1
        return SimpleNamespace(close=self.close)

    def close(self) -> None:
        self.open -= 1

    def wait(self, signals: set[int], limit_s: float) -> object:
        if limit_s == 0.0:
            return None
        step = next(self.then, None)
        return step() if step else "SIGTERM"

    def give_one_back(self) -> None:
        self.free = 1


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Server:
    """A server whose slots the crowd takes, and signals that no process gets."""
    made = Server()
    monkeypatch.setattr(crowd.session, "connect", made.connect)
    monkeypatch.setattr(crowd.netfault.signal, "sigtimedwait", made.wait)
    monkeypatch.setattr(crowd.netfault.signal, "pthread_sigmask", lambda *_: None)
    return made


def said(capsys) -> dict[str, dict[str, Any]]:
    """Return what the program said, by step."""
    return {step["step"]: step for step in map(json.loads, capsys.readouterr().out.splitlines())}


def test_crowd_holds_all_that_can_be_had_until_it_is_told(server: Server, capsys) -> None:
    """It is in from the first refusal, and takes what is given back later."""
    server.then = iter([lambda: None, server.give_one_back, lambda: None])
    crowd.hold(LOGIN, 60.0)
    told = said(capsys)
    assert ["injected", "healed"] == list(told)
    assert (3, 4) == (told["injected"]["sessions"], told["healed"]["sessions"])
    assert told["injected"]["began_at"] <= told["injected"]["at"] <= told["healed"]["began_at"]
    assert 0 == server.open


def test_crowd_lets_go_when_its_time_is_up(server: Server, capsys) -> None:
    """Nobody need be left to tell it."""
    server.then = iter(lambda: None, "never")
    crowd.hold(LOGIN, 0.01)
    assert "healed" in said(capsys)
    assert 0 == server.open


def test_crowd_that_is_refused_for_another_reason_says_so(server: Server, capsys) -> None:
    """That is no server without a slot, and nothing stays open."""
    server.refusal = 'FATAL:  password authentication failed for user "reader"\n'
    crowd.hold(LOGIN, 60.0)
    told = said(capsys)
    assert ["failed", "healed"] == list(told)
    assert server.refusal.strip() == told["failed"]["said"]
    assert 0 == server.open


@pytest.mark.parametrize(
    ("said", "full"),
    [
        ("FATAL:  sorry, too many clients already", True),
        ("FATAL:  remaining connection slots are reserved for roles with the SUPERUSER", True),
        ("FATAL:  remaining connection slots are reserved for non-replication superuser", True),
        ('FATAL:  too many connections for role "reader"', True),
        ('FATAL:  too many connections for database "lab"', True),
        ("FATAL:  the database system is shutting down", False),
        ("Connection refused", False),
        ("ok", False),
    ],
)
def test_want_of_a_slot_is_told_by_its_words(said: str, full: bool) -> None:
    """Of a role, a database and the server, before PostgreSQL 16 and since."""
    assert full is crowd.is_full(said)

"""The program that drops what idles: whose flows, when, and how often it looks."""

import json
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, Self

import msgspec
import psycopg2
import pytest

from recovery_lab.faults import netfault, netidle
from recovery_lab.faults.idle_drop import Assignment
from recovery_lab.login import Login

LOGIN = Login(host="db", port=6543, name="lab", user="reader", password="-")
GIVEN = Assignment(
    login=LOGIN,
    interface="eth9",
    clients=["192.0.2.9"],
    application=[],
    pooled="",
    proof=71,
    limit_s=1.0,
)
KEPT = ("192.0.2.7", 41000, True)
ONE, TWO = ("192.0.2.9", 40001, False), ("192.0.2.9", 40002, False)
Rows = list[tuple[str, int, bool]]


class Server:
    """Answers each look with the next rows, and then with the last for ever."""

    def __init__(self) -> None:
        self.looks: list[Rows] = []
        self.asked: list[dict[str, Any]] = []
        self.autocommit = False

    def cursor(self) -> "Server":
        return self

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *reason: object) -> None:
        pass

    def execute(self, sql: str, given: dict[str, Any]) -> None:
        assert sql == netidle.IDLE
        self.asked.append(given)

    def fetchall(self) -> Rows:
        return self.looks.pop(0) if len(self.looks) > 1 else self.looks[0]


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Server:
    """A server to ask, by a session that is the lab's own."""
    one = Server()

    def connect(login: Login, name: str) -> Server:
        assert (LOGIN, True) == (login, name.startswith("lab-"))
        return one

    monkeypatch.setattr(netidle.session, "connect", connect)
    return one


@pytest.fixture
def kernel(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[str, list[str]]]]:
    """What was done to the rules, step by step; it is told to end when a second has passed."""
    done: list[tuple[str, list[str]]] = []
    now = [0.0]

    def change(step: str, rules: str, interface: str, **facts: int) -> None:
        assert interface == "eth9"
        done.append((step, [line for line in rules.splitlines() if "--sport" in line]))

    def told_to_end(within_s: float) -> bool:
        now[0] += within_s
        return now[0] >= 10.0

    monkeypatch.setattr(netfault, "change", change)
    monkeypatch.setattr(netfault, "clear", lambda interface: done.append(("healed", [])))
    monkeypatch.setattr(netfault, "block", lambda: None)
    monkeypatch.setattr(netfault, "told_to_end", told_to_end)
    monkeypatch.setattr(netidle, "time", SimpleNamespace(monotonic=lambda: now[0]))
    return done


def test_flow_has_a_rule_for_each_direction() -> None:
    """By the client's address and port: no other flow of it is met."""
    assert [
        "-A {chain} -p tcp -s 192.0.2.9 --sport 40001 --dport 6543 -j DROP",
        "-A {chain} -p tcp -d 192.0.2.9 --dport 40001 --sport 6543 -j DROP",
    ] == netidle.rules(ONE[:2], 6543).splitlines()


def test_all_that_idles_goes_with_what_proves_it(server: Server, kernel) -> None:
    """In one transaction, and not before: the instant of the fault is one."""
    server.looks = [[], [ONE], [ONE, TWO, KEPT]]
    netidle.hold(GIVEN)
    assert [("injected", 6), ("healed", 0)] == [(step, len(rules)) for step, rules in kernel]


def test_what_idles_later_is_dropped_as_well_and_once(server: Server, kernel) -> None:
    """Round by round, while it is in; a flow that is gone has its rules until the end."""
    server.looks = [[KEPT, ONE], [KEPT, ONE], [ONE, TWO], [TWO]]
    netidle.hold(GIVEN)
    assert ["injected", "more", "healed"] == [step for step, _ in kernel]
    assert netidle.rules(TWO[:2], 6543).replace("{chain}", "").split() == [
        word for rule in kernel[1][1] for word in rule.replace("{chain}", "").split()
    ]


def test_lets_go_by_itself_when_its_time_is_up(server: Server, kernel) -> None:
    """Where nobody is left to tell it."""
    server.looks = [[KEPT]]
    netidle.hold(GIVEN)
    assert 2 + 5 == len(server.asked) + 1  # a second of looks, after the first one


def test_nothing_is_dropped_where_it_is_told_to_end_first(server: Server, kernel) -> None:
    """A run that was broken off before anything was in."""
    server.looks = [[ONE]]
    netidle.hold(GIVEN)
    assert [] == kernel


def test_server_that_cannot_be_asked_is_told_with_its_reason(
    server: Server, kernel, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """And the rules go in any case."""

    def gone(sql: str, given: dict[str, Any]) -> None:
        raise psycopg2.OperationalError("server closed the connection\n")

    monkeypatch.setattr(server, "execute", gone)
    argv = ["netidle", msgspec.json.encode(GIVEN).decode()]
    monkeypatch.setattr(netidle.sys, "argv", argv)
    with pytest.raises(SystemExit):
        netidle.main()
    said = {"step": "failed", "said": "server closed the connection"}
    assert said == json.loads(capsys.readouterr().out)

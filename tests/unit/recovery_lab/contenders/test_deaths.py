"""The dying: a read in each phase, its error told with that phase; innocent ones are proven so."""

import itertools
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psycopg2
import psycopg2.errors
import pytest

from recovery_lab.contenders import deaths, dying, dying_bounded
from recovery_lab.contenders.deaths import PLACES, Deaths, DiedError
from recovery_lab.contenders.dying import TRAITS
from recovery_lab.judge.roles import REFERENCE, part_of
from recovery_lab.plan import Asked, outages
from recovery_lab.target import load_target

ROOT = Path(__file__).parents[4]
LOST = "server closed the connection unexpectedly\n\tThis probably means"
SAID = "FATAL:  terminating connection due to administrator command\nserver closed"


class Server:
    """A server whose sessions die in the n-th call after it is told to."""

    def __init__(self) -> None:
        self.pids = itertools.count(71)
        self.dies_in: int | None = None
        self.refuses = False
        self.fails: set[str] = set()  # statements that are no good

    def connect(self) -> "Session":
        if self.refuses:
            raise psycopg2.OperationalError("connection to server at … failed: Connection refused")
        return Session(self, next(self.pids))

    def hit(self, session: "Session") -> None:
        if session.closed:
            raise psycopg2.InterfaceError("connection already closed")
        if self.dies_in == 0:
            session.closed, session.info.error_message = 2, SAID
            raise psycopg2.OperationalError(LOST)
        self.dies_in = None if self.dies_in is None else self.dies_in - 1


class Session:
    """One session, its cursor and its transaction in one."""

    def __init__(self, server: Server, pid: int) -> None:
        self.server, self.closed, self.notices = server, 0, []
        self.info = SimpleNamespace(backend_pid=pid, error_message="")

    def cursor(self) -> "Session":
        return self

    def execute(self, sql: str) -> None:
        self.server.hit(self)
        if sql in self.server.fails:
            raise psycopg2.errors.QueryCanceled("canceling statement due to statement timeout")

    def commit(self) -> None:
        self.server.hit(self)

    rollback = commit

    def close(self) -> None:
        self.closed = 1


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Server:
    """A server that is well; nobody holds anything for long."""
    monkeypatch.setattr(deaths.time, "sleep", lambda _: None)
    bad = deaths._run("SELECT bad")
    monkeypatch.setattr(deaths, "_next_innocent", itertools.repeat(bad))
    one = Server()
    one.fails = {"SELECT bad"}
    return one


def only(server: Server, place: str, monkeypatch: pytest.MonkeyPatch) -> Deaths:
    """Return an adapter that has one place."""
    monkeypatch.setattr(deaths, "PLACES", {place: PLACES[place]})
    return Deaths("psycopg2 2.9", server.connect)


def failed(adapter: Deaths) -> dict[str, Any]:
    """Return a read's error in words."""
    with pytest.raises(DiedError) as caught:
        adapter.read("n")
    return adapter.failure(caught.value)


@pytest.mark.parametrize(
    ("place", "calls", "phase"),
    [
        ("connect", 0, "execute"),
        ("checkout", 0, "checkout"),
        ("checkout", 1, "rollback"),
        ("execute", 0, "execute"),
        ("fetch", 0, "execute"),
        ("fetch", 1, "fetch"),
        ("fetch", 5, "fetch"),
        ("commit", 1, "commit"),
        ("rollback", 1, "rollback"),
        ("innocent", 0, "execute"),
    ],
)
def test_death_is_told_with_its_phase_and_the_next_read_opens_another(
    place: str, calls: int, phase: str, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the driver's words, and what the server had said before."""
    adapter = only(server, place, monkeypatch)
    assert [71] == adapter.warm(1)
    server.dies_in = calls
    told = failed(adapter)
    assert (phase, "died", "OperationalError", LOST.splitlines()[0]) == (
        told["phase"],
        told["kind"],
        told["error_class"],
        told["message"],
    )
    assert ("psycopg2 2.9", SAID.splitlines()[0]) == (told["driver"], told["said"])
    server.dies_in = None
    assert [72] == adapter.warm(1)


def test_refused_connect_is_told_as_one(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """There was no session yet, and none is made up."""
    adapter = only(server, "commit", monkeypatch)
    server.refuses = True
    told = failed(adapter)
    assert ("connect", "", "died") == (told["phase"], told["said"], told["kind"])
    assert "Connection refused" in told["message"]
    server.refuses = False
    assert 71 == adapter.read("n")["backend_pid"]


def test_innocent_error_leaves_its_session(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Proven by a read after it; a session that is gone by then, or was lost, is told as such."""
    adapter = only(server, "innocent", monkeypatch)
    told = failed(adapter)
    assert ("innocent", "QueryCanceled", "") == (told["kind"], told["error_class"], told["said"])
    for calls in (0, 2):  # in the statement; in the read after its rollback
        server.dies_in = calls
        told = failed(adapter)
        assert ("died", LOST.splitlines()[0]) == (told["kind"], told["message"])
        server.dies_in = None
        adapter.warm(1)


def test_each_phase_is_visited_in_turn(server: Server) -> None:
    """On a server that is well one read of them fails: the innocent one."""
    adapter = Deaths("psycopg2 2.9", server.connect)
    assert len(PLACES) == len(set(adapter.warm(len(PLACES))))
    for place in [*PLACES] * 2:
        if place == "innocent":
            assert "innocent" == failed(adapter)["kind"]
        else:
            assert {"nonce": "n", "server_started": ""} == {
                name: value for name, value in adapter.read("n").items() if name != "backend_pid"
            }


def errors() -> Iterator[str]:
    """Yield the phases in which an act of some place fails."""
    for acts in PLACES.values():
        yield from (phase for phase, _ in acts)


def test_every_phase_has_its_place() -> None:
    """The six of a read; a connect fails where a session is opened."""
    assert {"checkout", "execute", "fetch", "commit", "rollback"} == set(errors())
    assert "connect" in PLACES
    assert TRAITS.workers == len(PLACES), "else some would wait while others are held"


def test_bounded_one_connects_with_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """A drop of packets is an error of it, and not of the other: that one only waits."""
    given: list[dict[str, object]] = []

    def refuse(**arguments: object) -> None:
        given.append(arguments)
        raise psycopg2.OperationalError("timeout expired")

    monkeypatch.setattr(psycopg2, "connect", refuse)
    login = {"host": "db", "port": 1, "name": "lab", "user": "reader", "password": "none"}
    for module in (dying, dying_bounded):
        with pytest.raises(DiedError):
            module.make("x", {"login": login}).read("n")
    assert not set(dying_bounded.LIMITS) & set(given[0])
    assert dying_bounded.LIMITS.items() <= given[1].items()


@pytest.mark.parametrize("fault", ["none", "restart", "slow", "drop"])
def test_dying_decides_nothing(fault: str) -> None:
    """Its reads fail on purpose: in no fault is it held to a rule."""
    target = load_target(ROOT / "target.toml")
    [outage] = outages(target, Asked(faults=(fault,), contenders=("dying",)))
    [cast] = [one for one in outage.cast if one.contender == "dying"]
    assert (False, REFERENCE) == (cast.deciding, part_of(cast, "steady", outage.effects, 3.0))

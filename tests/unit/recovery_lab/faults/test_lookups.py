"""The look-ups' program, with a stand-in for its rules, its signals and the resolver."""

import json
import signal
import socket
import sys
import threading
from types import SimpleNamespace

import pytest

from recovery_lab.faults import lookups
from recovery_lab.faults.names import Assignment

pytestmark = pytest.mark.skipif(
    not hasattr(signal, "sigtimedwait"), reason="the program runs in a Linux container alone"
)
ASSIGNED = Assignment(fault="name", host="db", port=5432, limit_s=60.0)


class Space:
    """A client's namespace: its rules, and the signals that its helper gets, one after another."""

    def __init__(self) -> None:
        self.rules = ""
        self.signals = [signal.SIGUSR1, signal.SIGTERM, signal.SIGTERM]
        self.looked = iter(["Temporary failure in name resolution", "ok"])

    def change(self, step: str, rules: str, interface: str) -> None:
        assert "lo" == interface
        self.rules = rules
        sys.stdout.write(json.dumps({"step": step}) + "\n")

    def clear(self, interface: str) -> None:
        self.rules = ""
        sys.stdout.write(json.dumps({"step": "healed"}) + "\n")

    def wait(self, signals: set[int], limit_s: float) -> SimpleNamespace | None:
        return SimpleNamespace(si_signo=self.signals.pop(0)) if self.signals else None


@pytest.fixture
def space(monkeypatch: pytest.MonkeyPatch) -> Space:
    """A namespace that need not be one."""
    one = Space()
    monkeypatch.setattr(lookups.netfault, "change", one.change)
    monkeypatch.setattr(lookups.netfault, "clear", one.clear)
    monkeypatch.setattr(lookups, "look_up", lambda host, port: next(one.looked))
    monkeypatch.setattr(lookups.signal, "pthread_sigmask", lambda *_: None)
    monkeypatch.setattr(lookups.signal, "sigtimedwait", one.wait)
    return one


def said(capsys) -> list[tuple[str, str]]:
    """Return each step that the program said, with what a look-up came to."""
    steps = map(json.loads, capsys.readouterr().out.splitlines())
    return [(step["step"], step.get("said", "")) for step in steps]


def test_helper_stands_by_until_all_are_there(space: Space, capsys) -> None:
    """Then it tells what a look-up comes to, in the fault and after it."""
    lookups.hold(ASSIGNED)
    assert [
        ("ready", ""),
        ("injected", ""),
        ("while in", "Temporary failure in name resolution"),
        ("healed", ""),
        ("after", "ok"),
    ] == said(capsys)
    assert "" == space.rules


@pytest.mark.parametrize("signals", [[signal.SIGTERM], []])
def test_helper_that_is_never_told_to_begin_does_nothing(signals, space: Space, capsys) -> None:
    """Its run ended before all stood by, or nobody was left to tell it."""
    space.signals = signals
    lookups.hold(ASSIGNED)
    assert [("ready", "")] == said(capsys)


def test_rule_comes_out_when_its_time_is_up(space: Space, capsys) -> None:
    """Nobody need be left to tell it."""
    space.signals = [signal.SIGUSR1]
    lookups.hold(ASSIGNED)
    assert ("healed", "") in said(capsys)


def test_clearing_tells_what_a_look_up_comes_to(space: Space, capsys) -> None:
    """In the place of a helper that was killed."""
    space.looked = iter(["ok"])
    lookups.clear(ASSIGNED)
    assert [("healed", ""), ("after", "ok")] == said(capsys)


@pytest.mark.parametrize(
    ("fault", "host", "rule"),
    [
        ("name", "postgres", "|08|postgres -j REJECT"),
        ("name-hangs", "postgres", "|08|postgres -j DROP"),
        ("name", "db.internal", "|02|db|08|internal -j REJECT"),
    ],
)
def test_rule_meets_questions_for_one_name_as_they_come_in(fault, host, rule) -> None:
    """By its labels, each after its length: `postgres-2` is another name."""
    given = lookups.rules(Assignment(fault=fault, host=host, port=1, limit_s=1.0))
    [line] = [line for line in given.splitlines() if line.startswith("-A ")]
    asked = "-m string --algo bm --hex-string"
    assert f"-A {{chain}} -i lo -d 127.0.0.11 {asked} {rule}" == line


def test_look_up_is_told_as_it_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """An address, the resolver's words, or nothing within a second."""
    monkeypatch.setattr(lookups, "LOOK_LIMIT_S", 0.05)
    assert "ok" == lookups.look_up("127.0.0.1", 1)

    def fail(*_: object) -> None:
        raise socket.gaierror(-3, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    assert "Temporary failure in name resolution" == lookups.look_up("db", 1)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_: threading.Event().wait(1.0))
    assert "hangs" == lookups.look_up("db", 1)

"""The mute host's program, with a stand-in for its rules and for the addresses that it has."""

import json
import signal
import socket
import sys

import pytest

from recovery_lab.faults import mutehost

pytestmark = pytest.mark.skipif(
    not hasattr(signal, "sigtimedwait"), reason="the program runs in a Linux container alone"
)


class Host:
    """Has the address as `has` tells, look after look; its signals are what `told` gives."""

    def __init__(self) -> None:
        self.has: list[bool] = []
        self.told = lambda limit_s: None
        self.rules = ""

    def is_here(self, address: str) -> bool:
        assert "192.0.2.9" == address
        return self.has.pop(0) if self.has else False

    def change(self, step: str, rules: str, interface: str) -> None:
        self.rules = rules
        sys.stdout.write(json.dumps({"step": step}) + "\n")


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch) -> Host:
    """A host that need not be one."""
    one = Host()
    monkeypatch.setattr(mutehost, "is_here", one.is_here)
    monkeypatch.setattr(mutehost.netfault, "change", one.change)
    monkeypatch.setattr(mutehost.netfault.signal, "pthread_sigmask", lambda *_: None)
    monkeypatch.setattr(
        mutehost.netfault.signal, "sigtimedwait", lambda _, limit_s: one.told(limit_s)
    )
    return one


def said(capsys) -> list[dict]:
    """Return what the program said."""
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_host_tells_when_it_was_given_the_address_and_lost_it(host: Host, capsys) -> None:
    """Each between the last look without and the first with it; the rules stand before."""
    host.has = [False, False, True, True, False]
    mutehost.stand("192.0.2.9", 0, 60.0)
    mute, injected, healed = said(capsys)
    assert ["mute", "injected", "healed"] == [one["step"] for one in (mute, injected, healed)]
    assert injected["began_at"] <= injected["at"] <= healed["began_at"] <= healed["at"]


def test_host_lets_neither_an_end_nor_a_refusal_out(host: Host) -> None:
    """On whatever interface it has by then, but on its own loopback."""
    host.told = lambda _: "SIGTERM"
    mutehost.stand("192.0.2.9", 0, 60.0)
    rules = [line for line in host.rules.splitlines() if line.startswith("-I OUTPUT 1 ! -o lo ")]
    assert ["FIN FIN -j DROP", "RST RST -j DROP"] == [
        rule.split("--tcp-flags ")[1] for rule in rules
    ]


@pytest.mark.parametrize("has", [[], [True, True, True]])
def test_host_ends_when_it_is_told(has: list[bool], host: Host, capsys) -> None:
    """One that only fills a lower address says neither; one that has it still does not say lost."""
    host.has, host.told = has, lambda _: "SIGTERM"
    mutehost.stand("192.0.2.9", 0, 60.0)
    assert "healed" not in [one["step"] for one in said(capsys)]


def test_host_ends_when_its_time_is_up(host: Host, capsys) -> None:
    """Nobody need be left to tell it."""
    mutehost.stand("192.0.2.9", 0, 0.01)
    assert ["mute"] == [one["step"] for one in said(capsys)]


def test_connection_is_accepted_and_nothing_is_said(host: Host) -> None:
    """By the kernel: nobody takes it out of the queue."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]

    def meet(_: float) -> str:
        with socket.create_connection(("127.0.0.1", port), 1.0) as client:
            client.sendall(b"hello")
            client.settimeout(0.05)
            with pytest.raises(TimeoutError):
                client.recv(1)
        return "SIGTERM"

    host.told = meet
    mutehost.stand("192.0.2.9", port, 60.0)


def test_address_of_this_host_is_told_from_anothers() -> None:
    """By the kernel's own word, with no right but that to ask."""
    assert mutehost.is_here("127.0.0.1")
    assert not mutehost.is_here("192.0.2.9")

"""Whether the health check should try again: its attempts, what they tell, the tables."""

import json
import os
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from socketserver import TCPServer
from types import SimpleNamespace
from typing import Any

import pytest

from dashboard.db_connector import Address
from dashboard.errors import Trouble
from dashboard.health import Sample, Server
from dashboard.sampler import Sampler
from recovery_lab.judge.differences import outages_bound
from tests.bench import attempts, dropper, lost
from tests.bench.attempts import WAYS, Attempts
from tests.bench.shares import bounds, share
from tests.bench.tables import alarms, notice
from tests.bench.told import Loss, Window, in_windows, per_cell, per_loss

AT = datetime(2026, 1, 1, tzinfo=UTC)
PASSWORD = Path(__file__)  # nobody logs in
ADDRESS = Address(host="127.0.0.1", port=1, database="lab", user="reader", password_file=PASSWORD)
GOOD = Sample(began_s=0, ended_s=0, ended_at=AT, server=Server(version="17.6", started_at=AT))
BAD = replace(GOOD, server=None, trouble=Trouble(kind="refused"))


class Clock(SimpleNamespace):
    """A clock that only moves when somebody waits."""

    now = 100.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


class Tries:
    """Stands in for one attempt: is silent, refused at once or good, and takes its time down."""

    def __init__(self, clock: Clock, outcomes: list[str]) -> None:
        self.clock, self.outcomes = clock, outcomes
        self.attempts: list[tuple[float, float]] = []  # when it began, what it was given

    def sample(self, sampler: Sampler) -> Sample:
        self.attempts.append((round(self.clock.now - 100, 3), round(sampler._deadline_s, 3)))
        outcome = self.outcomes.pop(0)
        if outcome == "silent":
            self.clock.now += sampler._deadline_s
        return GOOD if outcome == "good" else BAD


@pytest.mark.parametrize(
    ("way", "outcomes", "expected"),
    [
        ("1", ["silent"], [(0, 1)]),
        ("2", ["silent", "silent"], [(0, 0.5), (0.5, 0.5)]),
        ("3", ["silent", "silent", "good"], [(0, 0.333), (0.333, 0.333), (0.667, 0.333)]),
        ("3", ["good"], [(0, 0.333)]),
        ("2", ["refused", "silent"], [(0, 0.5), (0, 1)]),
        ("2, spread", ["refused", "refused"], [(0, 0.5), (0.5, 0.5)]),
    ],
)
def test_attempts_share_one_deadline(
    way: str,
    outcomes: list[str],
    expected: list[tuple[float, float]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Silence is cut off at i/k; what fails sooner leaves its time to the next, or waits it out."""
    clock = Clock()
    tries = Tries(clock, outcomes)
    monkeypatch.setattr(attempts, "time", clock)

    def once(check: Sampler) -> Sample:  # a function, so that it is a method of the class
        return tries.sample(check)

    monkeypatch.setattr(Sampler, "sample", once)
    sample = Attempts(ADDRESS, WAYS[way]).sample()
    assert expected == tries.attempts
    assert ([], 100.0) == (outcomes, sample.began_s)
    assert clock.now <= 101.0


@pytest.fixture
def lossy(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Give what a dropper on loopback has told iptables, which lost one packet."""
    told: list[str] = []

    def iptables(*words: str) -> str:
        told.append(" ".join(words))
        return "Chain OUTPUT (policy ACCEPT)\n 1 60 DROP tcp -- *\n" if "-L" in words else ""

    monkeypatch.setattr(dropper, "iptables", iptables)
    with TCPServer(("127.0.0.1", 0), dropper.Orders) as server:
        monkeypatch.setattr(lost, "PORT", server.server_address[1])
        thread = threading.Thread(target=server.handle_request, daemon=True)
        thread.start()
        yield told


def test_one_packet_is_lost_by_a_rule_that_is_taken_out_again(lossy: list[str]) -> None:
    """The order's answer comes when the rule is in, the count when it is out."""
    helper = lost.Dropper()
    assert "in" == helper.ask("--syn")
    assert [f"-A OUTPUT {dropper.ONCE} --syn -j DROP"] == lossy
    assert "1" == helper.ask("")
    assert "-F OUTPUT" == lossy[-1]
    helper.close()


def test_packet_to_lose_is_of_the_checks_own_session() -> None:
    """A query by its flow's port; a SYN has no flow, and the kept session would send none."""
    check = Attempts(ADDRESS, WAYS["1"])
    with socket.create_server(("127.0.0.1", 0)) as flow:
        closed: list[bool] = []
        check._connection = SimpleNamespace(fileno=flow.fileno, close=lambda: closed.append(True))
        port = flow.getsockname()[1]
        assert f"--sport {port} --tcp-flags PSH PSH" == lost.packet("query", check)
        assert "--sport 1 --tcp-flags PSH PSH" == lost.packet("none", check)
        assert ("--syn", [True]) == (lost.packet("SYN", check), closed)
        os.fstat(flow.fileno())  # still open


def _check(began: float, ended: float, kind: str = "ok", **more: Any) -> dict[str, Any]:
    server = "first" if kind == "ok" else ""
    told = {"way": "1", "monitor": 0, "began": began, "ended": ended, "kind": kind}
    return {"server": server, **told, **more}


def test_check_counts_where_its_whole_deadline_is_in_a_window() -> None:
    """One that fails late would else be left out, and the quick ones counted."""
    checks = [_check(9.5, 9.6), _check(10, 10.2), _check(11, 12, "deadline"), _check(11.5, 11.6)]
    cells = per_cell(in_windows(checks, [Window("idle", 10, 12)], 1.0))
    assert [{"condition": "idle", "way": "1", "alarms": 1, "took_s": [0.2, 1.0]}] == cells


def test_loss_is_told_by_each_monitor() -> None:
    """Noticed by the first failed check, over with the first good one of a server that runs."""
    noticed = [
        _check(9, 9.1),
        _check(10.2, 10.4),
        _check(11, 12, "deadline"),
        _check(12, 13, "deadline"),
        _check(13, 14.5, server="second"),
        _check(30, 31, "deadline"),
    ]
    slept = [_check(9, 9.1, monitor=1), _check(13, 14.1, monitor=1, server="second")]
    untold = [_check(9, 9.1, monitor=2), _check(13, 14.2, monitor=2)]
    cells = per_loss(noticed + slept + untold, [Loss("kill", 10, 14, 20)])
    expected = {
        "loss": "kill",
        "way": "1",
        "noticed_s": [2.0, None, None],
        "back_s": [0.5, 0.1, 0.2],
        "moved": [True, True, False],
    }
    assert [expected] == cells


def test_bounds_of_none_are_those_of_outages() -> None:
    """As the other tables have it: 1 - 0.05^(1/n)."""
    assert (0.0, pytest.approx(outages_bound(20))) == bounds(0, 20)
    assert (pytest.approx(1 - outages_bound(20)), 1.0) == bounds(20, 20)


@pytest.mark.parametrize(
    ("k", "n", "low", "high"), [(1, 10, 0.0025, 0.4450), (5, 10, 0.1871, 0.8129)]
)
def test_bounds_are_exact(k: int, n: int, low: float, high: float) -> None:
    """As the tables of Clopper and Pearson have it."""
    assert (pytest.approx(low, abs=1e-4), pytest.approx(high, abs=1e-4)) == bounds(k, n)


@pytest.mark.parametrize(
    ("k", "said"),
    [(0, "0 of 20; at most 14 %"), (20, "20 of 20; at least 86 %"), (2, "2 of 20; 1 to 32 %")],
)
def test_share_has_its_bounds(k: int, said: str) -> None:
    """Of none an upper one, of all a lower one, else both."""
    assert said == share(k, 20)


def test_tables_are_in_their_own_order(tmp_path: Path) -> None:
    """Conditions and losses in the order of the text; an unseen loss has no time."""
    took = [0.001, 0.003, 0.2]
    cells = [
        {"condition": condition, "way": "2", "alarms": count, "took_s": took}
        for condition, count in (("SYN lost", 3), ("idle", 0))
    ]
    times = {"noticed_s": [0.5, None], "back_s": [0.4, 0.2], "moved": [True, True]}
    losses = [{"loss": loss, "way": "1", **times} for loss in ("restart", "stop")]
    figures = tmp_path / "notice.json"
    figures.write_text(json.dumps({"checks": cells, "losses": losses}))
    idle, syn = alarms(figures).splitlines()[2:]
    assert "| idle | 2 | 0 of 3; at most 63 % | 0.003 / 0.200 (3) |" == idle
    assert "| SYN lost | 2 | 3 of 3; at least 37 % | 0.003 / 0.200 (3) |" == syn
    stop, restart = notice(figures).splitlines()[2:]
    assert "| stop | 1 | 0.500 / 0.500 (1) | 1 of 2 | 1 | 0.300 / 0.400 (2) |" == stop
    assert restart.startswith("| restart |")

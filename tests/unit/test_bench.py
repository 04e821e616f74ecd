"""The price of a policy: its relay, its statistics, its table."""

import json
import socket
import threading
import time
from pathlib import Path

import pytest

from tests.bench.paired import interval_places, shift
from tests.bench.relay import Relay
from tests.bench.tables import price, steady


@pytest.mark.parametrize(("pairs", "place"), [(6, 1), (9, 2), (20, 6), (50, 18), (60, 22)])
def test_interval_is_the_sign_tests(pairs: int, place: int) -> None:
    """As the tables of the sign test have it."""
    assert place == interval_places(pairs)


def test_interval_needs_six_pairs() -> None:
    """Five equal signs come by chance in one of sixteen."""
    with pytest.raises(ValueError, match="at least 6"):
        interval_places(5)


def test_shift_is_of_pairs_and_not_of_medians() -> None:
    """What disturbs a whole round falls out of its difference."""
    theirs = [100.0, 900.0, 100.0, 500.0, 100.0, 300.0, 100.0]
    told = shift([value + 7 for value in theirs], theirs)
    assert (7, 7, 7) == told


def _echo(listener: socket.socket) -> None:
    client, _ = listener.accept()
    with client:
        while chunk := client.recv(1024):
            client.sendall(chunk)


def test_relay_delays_each_way_and_counts_what_clients_send() -> None:
    """Ten requests over 4 ms each way take at least 80 ms, and are ten."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=_echo, args=(server,), daemon=True).start()
        with (
            Relay(server.getsockname(), 0.004) as relay,
            socket.create_connection(("127.0.0.1", relay.port)) as client,
        ):
            began = time.monotonic()
            for _ in range(10):
                client.sendall(b"request")
                assert b"request" == client.recv(1024)
            assert 0.08 <= time.monotonic() - began
            assert 10 == relay.requests


def test_price_is_told_against_the_reference_with_the_noise_beside_it(tmp_path: Path) -> None:
    """Each path has its rows; round trips are what the relay counted with nothing added."""
    times = {
        "naive": [100.0, 110.0, 120.0, 100.0, 110.0, 120.0],
        "naive again": [101.0, 109.0, 121.0, 99.0, 111.0, 119.0],
        "adopted": [150.0, 160.0, 170.0, 150.0, 160.0, 170.0],
    }
    trips = {"naive": 3.0, "naive again": 3.0, "adopted": 4.0}
    none = dict.fromkeys(trips, 0.0)
    paths = [
        {"added_s": None, "reads": 9, "times_us": times, "trips": none},
        {"added_s": 0.0, "reads": 9, "times_us": times, "trips": trips},
    ]
    figures = tmp_path / "bench.json"
    figures.write_text(json.dumps({"began": "2026-01-01T00:00:00Z", "paths": paths}))
    told = price(figures).splitlines()
    assert 8 == len(told)
    assert "| direct | `adopted` | 160 | +50 (+50 to +50) | 4 | 6 |" in told
    assert "| direct | `naive`, a second time: the noise | 110 | +0 (-1 to +1) | 3 | 6 |" in told
    assert "| relay, 0 ms added | `naive` | 110 | reference | 3 | 6 |" in told


def test_steady_is_told_against_its_own_driver(tmp_path: Path) -> None:
    """A checkout's price is a part of the ping's; a read's is what the same driver takes less."""
    checkouts = {"no ping": 8.0, "no ping again": 8.0, "pool_pre_ping": 108.0, "steady": 10.0}
    reads = {"autocommit, psycopg 3": 90.0, "autocommit, psycopg 3, again": 91.0}
    reads |= {"steady": 99.0, "naive": 140.0, "adopted": 170.0}
    kept = {
        "checkouts_us": {way: [one + i for i in range(6)] for way, one in checkouts.items()},
        "paths": [
            {"added_s": 0.0, "times_us": {}},
            {"added_s": None, "times_us": {way: [one] * 6 for way, one in reads.items()}},
        ],
    }
    figures = tmp_path / "bench.json"
    figures.write_text(json.dumps(kept))
    told = steady(figures).splitlines()
    assert 2 + 4 + 4 == len(told)
    assert "| checkout | `no ping` | 10.5 / 13.0 (6) | reference | |" in told
    assert "| checkout | `steady` | 12.5 / 15.0 (6) | +2.0 (+2.0 to +2.0) | 0.020 |" in told
    assert "| `SELECT 1` | `steady` | 99.0 / 99.0 (6) | +9.0 (+9.0 to +9.0) | |" in told

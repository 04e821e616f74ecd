"""The price of a policy: its relay, its statistics, its table."""

import json
import socket
import threading
import time
from pathlib import Path

import pytest

from tests.bench.paired import interval_places, shift
from tests.bench.relay import Relay
from tests.bench.tables import price


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

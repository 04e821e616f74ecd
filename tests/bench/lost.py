"""Checks the server while one packet of the check's own is lost; runs in a container.

Prints one JSON object for each check. Each round has every case in every way, in an order drawn
anew; the packet is lost by dropper.py, which counts that it was one.
"""

import json
import os
import random
import socket
import sys
import time
from contextlib import suppress
from itertools import product

from dashboard.db_connector import Address
from dashboard.settings import Settings
from tests.bench.attempts import SILENT, WAYS, Attempts
from tests.bench.dropper import PORT

CASES = ("none", "query", "SYN")
WAIT_S = 20.0  # for the dropper to be there


class Dropper:
    """Loses one packet of this network namespace at a time."""

    def __init__(self) -> None:
        until = time.monotonic() + WAIT_S
        while True:
            with suppress(ConnectionRefusedError):
                self._flow = socket.create_connection(("127.0.0.1", PORT))
                self._orders = self._flow.makefile("rw")
                return
            if time.monotonic() > until:
                sys.exit(f"no dropper after {WAIT_S:.0f} s")
            time.sleep(0.1)  # polled: nobody tells

    def ask(self, order: str) -> str:
        """Give an order; return its answer."""
        self._orders.write(order + "\n")
        self._orders.flush()
        return self._orders.readline().strip()

    def close(self) -> None:
        """Hang up, which ends it."""
        self._orders.close()
        self._flow.close()


def packet(case: str, check: Attempts) -> str:
    """Return iptables' words for the packet to lose, in a check that is about to begin."""
    if case == "SYN":
        check.close()
        return "--syn"
    session = check.session
    assert session is not None
    with socket.socket(fileno=os.dup(session.fileno())) as flow:
        port = flow.getsockname()[1] if case == "query" else 1  # nobody has that one
    return f"--sport {port} --tcp-flags PSH PSH"


def checked(address: Address, case: str, way: str, dropper: Dropper) -> dict[str, object]:
    """Return what a check told that lost its packet."""
    check = Attempts(address, WAYS[way])
    assert check.sample().good  # opens the session that the next check asks
    dropper.ask(packet(case, check))
    told = check.sample()
    check.close()
    return {
        "condition": f"{case} lost",
        "way": way,
        "took_s": told.ended_s - told.began_s,
        "kind": told.trouble.kind if told.trouble else "ok",
        "to_lose": int(case != "none"),
        "lost": int(dropper.ask("")),
    }


def main(rounds: int, seed: int) -> None:
    """Check so many times in each case and way."""
    address = Address.from_settings(Settings.from_env(os.environ))
    draw, dropper = random.Random(seed), Dropper()
    cells = list(product(CASES, SILENT))
    for _ in range(rounds):
        for case, way in draw.sample(cells, len(cells)):
            print(json.dumps(checked(address, case, way, dropper)), flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))

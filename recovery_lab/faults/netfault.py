"""The drop's program: holds packet rules in the database's network namespace.

It runs in a helper container with the standard library alone. `hold INTERFACE SECONDS` puts the
rules in and takes them out at SIGTERM or when the time is up, whichever comes first; `counters
ADDRESS` tells what was dropped so far; `clear INTERFACE` takes out what is left. Each is one JSON
line; a step's instant lies between its two clock readings.
"""

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress

LINGER_S = 60.0
CHAIN = "RECOVERY_LAB"

# One transaction each: both directions go and come together. Loopback is not the clients' path.
RULES_IN = """*filter
:{chain} -
-A {chain} -j DROP
-I INPUT 1 -i {interface} -j {chain}
-I OUTPUT 1 -o {interface} -j {chain}
COMMIT
"""
RULES_OUT = """*filter
-D INPUT -i {interface} -j {chain}
-D OUTPUT -o {interface} -j {chain}
-F {chain}
-X {chain}
COMMIT
"""


def present() -> bool:
    """Tell whether the rules are in."""
    return f":{CHAIN} " in _run("iptables-save", "-t", "filter")


def change(rules: str, interface: str) -> None:
    """Load rules beside those that are there, in one transaction."""
    given = rules.format(chain=CHAIN, interface=interface)
    _run("iptables-restore", "--noflush", "--wait", "5", given=given)


def counters() -> dict[str, int]:
    """Return the packets dropped so far in each direction."""
    found = {"INPUT": 0, "OUTPUT": 0}
    for line in _run("iptables-save", "--counters", "-t", "filter").splitlines():
        # [12:720] -A INPUT -i eth0 -j RECOVERY_LAB
        words = line.split()
        if line.startswith("[") and words[-1] == CHAIN:
            found[words[2]] = int(words[0].strip("[]").split(":")[0])
    return found


def knock(address: str) -> None:
    """Send one datagram out: the server itself says nothing while nobody reaches it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as outward, suppress(PermissionError):
        outward.sendto(b"", (address, 9))  # refused at once where the rule drops it


def hold(interface: str, limit_s: float) -> None:
    """Drop everything until told to stop, and for `limit_s` at most."""
    ending = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, ending)
    try:
        _step("injected", lambda: change(RULES_IN, interface))
        signal.sigtimedwait(ending, limit_s)
    finally:
        clear(interface)
    signal.sigtimedwait(ending, LINGER_S)  # a container's end costs what is being measured now


def clear(interface: str) -> None:
    """Take the rules out; idempotent."""
    if present():
        dropped = counters()
        _step("healed", lambda: change(RULES_OUT, interface), **dropped)


def _step(name: str, act: Callable[[], None], **facts: int) -> None:
    began = time.monotonic()
    act()
    _say(name, began_at=began, at=time.monotonic(), **facts)


def _say(step: str, **facts: object) -> None:
    sys.stdout.write(json.dumps({"step": step, **facts}) + "\n")
    sys.stdout.flush()


def _run(*command: str, given: str = "") -> str:
    done = subprocess.run(
        command, input=given, capture_output=True, text=True, timeout=10, check=False
    )
    if done.returncode:
        _say("failed", said=f"{command[0]}: status {done.returncode}: {done.stderr.strip()}")
        sys.exit(1)
    return done.stdout


def main() -> None:
    """Do what the first argument says."""
    match sys.argv[1:]:
        case ["hold", interface, seconds]:
            hold(interface, float(seconds))
        case ["clear", interface]:
            clear(interface)
        case ["counters", address]:
            knock(address)
            sys.stdout.write(json.dumps(counters()) + "\n")
        case _:
            sys.exit(f"unknown arguments: {sys.argv[1:]}")


if __name__ == "__main__":
    main()

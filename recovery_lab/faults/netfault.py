"""Packet rules in a network namespace: a program, of the standard library alone.

It stands alone in its container, so what all programs of held faults share is here: what ends them,
and how they tell of a step.
"""

import json
import signal
import socket
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from subprocess import run

LINGER_S = 60.0  # a container's end costs what is being measured now
ENDING = {signal.SIGTERM, signal.SIGINT}
CHAIN = "RECOVERY_LAB"
# What a fault does with a packet. Resets are let out, or each would be a drop in disguise.
DOES = {
    "drop": "-A {chain} -j DROP",
    "reset": """-A {chain} -p tcp --tcp-flags RST RST -j RETURN
-A {chain} -p tcp -j REJECT --reject-with tcp-reset""",
}
# One transaction each: both directions go and come together. Loopback is not the clients' path.
RULES_IN = """*filter
:{chain} -
{does}
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


def block() -> None:
    """Have SIGTERM and SIGINT wait until they are asked for."""
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)


def told_to_end(within_s: float) -> bool:
    """Wait for SIGTERM or SIGINT, which are blocked; tell whether one came."""
    return signal.sigtimedwait(ENDING, max(0.0, within_s)) is not None


def hold(
    interface: str, does: str, limit_s: float, serve: Callable[[float], object] = told_to_end
) -> None:
    """Hold rules until `serve` returns, which is told to end, or has had its `limit_s`."""
    block()
    try:
        change("injected", RULES_IN.replace("{does}", does), interface)
        serve(limit_s)
    finally:
        clear(interface)


def clear(interface: str) -> None:
    """Take the rules out; idempotent."""
    if f":{CHAIN} " in _run("iptables-save", "-t", "filter"):
        change("healed", RULES_OUT, interface, **counters())


def counters() -> dict[str, int]:
    """Return the packets that met the rules so far, in each direction."""
    found = {"INPUT": 0, "OUTPUT": 0}
    for line in _run("iptables-save", "--counters", "-t", "filter").splitlines():
        # [12:720] -A INPUT -i eth0 -j RECOVERY_LAB
        words = line.split()
        if line.startswith("[") and words[-1] == CHAIN:
            found[words[2]] = int(words[0].strip("[]").split(":")[0])
    return found


def flows() -> dict[str, int]:
    """Return how many flows have their own rules, one for each direction, and what these drop."""
    rules = _run("iptables-save", "--counters", "-t", "filter").splitlines()
    # [3:180] -A RECOVERY_LAB -s 192.0.2.9/32 -p tcp -m tcp --sport 40000 -j DROP
    own = [line for line in rules if f" -A {CHAIN} -" in line and "port " in line]
    packets = sum(int(line.strip("[").split(":")[0]) for line in own)
    return {"flows": len(own) // 2, "packets": packets}


def change(step: str, rules: str, interface: str, **facts: int) -> None:
    """Load rules beside those that are there; tell the step, its instant between two readings."""
    given = rules.format(chain=CHAIN, interface=interface)
    began_at = time.monotonic()
    _run("iptables-restore", "--noflush", "--wait", "5", given=given)
    tell(step, began_at, **facts)


def tell(step: str, began_at: float, **facts: object) -> None:
    """Tell a step, its instant between two readings of the clock."""
    say(step=step, began_at=began_at, at=time.monotonic(), **facts)


def linger() -> None:
    """Wait to be removed."""
    told_to_end(LINGER_S)


def say(**facts: object) -> None:
    """Tell a step as a line of JSON."""
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()


def _run(*command: str, given: str = "") -> str:
    done = run(command, input=given, capture_output=True, text=True, timeout=10, check=False)
    if done.returncode:
        say(step="failed", said=f"{command[0]}: status {done.returncode}: {done.stderr.strip()}")
        sys.exit(1)
    return done.stdout


def main() -> None:
    """Do what the first argument says: hold the rules, take out what is left, or count."""
    match sys.argv[1:]:
        case ["hold", interface, fault, seconds]:
            hold(interface, DOES[fault], float(seconds))
            linger()
        case ["clear", interface]:
            clear(interface)
        case ["counters", address]:
            # One datagram out: the server itself says nothing while nobody reaches it.
            with socket.socket(type=socket.SOCK_DGRAM) as outward, suppress(PermissionError):
                outward.sendto(b"", (address, 9))  # refused at once where the rule drops it
            say(**counters())
        case ["flows"]:
            say(**flows())
        case _:
            sys.exit(f"unknown arguments: {sys.argv[1:]}")


if __name__ == "__main__":
    main()

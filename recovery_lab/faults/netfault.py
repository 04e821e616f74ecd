"""Packet rules in the server's network namespace: a program, of the standard library alone."""

import json
import signal
import socket
import sys
import time
from contextlib import suppress
from subprocess import run

LINGER_S = 60.0
CHAIN = "RECOVERY_LAB"
# What each fault does with a packet. Resets are let out, or each would be a drop in disguise.
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


def hold(interface: str, fault: str, limit_s: float) -> None:
    """Hold a fault's rules until SIGTERM or SIGINT, and for `limit_s` at most."""
    ending = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, ending)
    try:
        change("injected", RULES_IN.replace("{does}", DOES[fault]), interface)
        signal.sigtimedwait(ending, limit_s)
    finally:
        clear(interface)
    signal.sigtimedwait(ending, LINGER_S)  # a container's end costs what is being measured now


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


def change(step: str, rules: str, interface: str, **facts: int) -> None:
    """Load rules beside those that are there; tell the step, its instant between two readings."""
    given = rules.format(chain=CHAIN, interface=interface)
    began_at = time.monotonic()
    _run("iptables-restore", "--noflush", "--wait", "5", given=given)
    _say(step=step, began_at=began_at, at=time.monotonic(), **facts)


def _say(**facts: object) -> None:
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()


def _run(*command: str, given: str = "") -> str:
    done = run(command, input=given, capture_output=True, text=True, timeout=10, check=False)
    if done.returncode:
        _say(step="failed", said=f"{command[0]}: status {done.returncode}: {done.stderr.strip()}")
        sys.exit(1)
    return done.stdout


def main() -> None:
    """Do what the first argument says: hold the rules, take out what is left, or count."""
    match sys.argv[1:]:
        case ["hold", interface, fault, seconds]:
            hold(interface, fault, float(seconds))
        case ["clear", interface]:
            clear(interface)
        case ["counters", address]:
            # One datagram out: the server itself says nothing while nobody reaches it.
            with socket.socket(type=socket.SOCK_DGRAM) as outward, suppress(PermissionError):
                outward.sendto(b"", (address, 9))  # refused at once where the rule drops it
            _say(**counters())
        case _:
            sys.exit(f"unknown arguments: {sys.argv[1:]}")


if __name__ == "__main__":
    main()

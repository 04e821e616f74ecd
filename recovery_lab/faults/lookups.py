"""Look-ups of one name in a client's network namespace, refused or left unanswered: a program."""

import signal
import socket
import sys
import threading

import msgspec

from recovery_lab.faults import netfault
from recovery_lab.faults.names import Assignment

LOOK_LIMIT_S = 1.0  # a resolver that answers does so within milliseconds
LOOPBACK = "lo"  # Docker's resolver is at this address in each namespace
# As they come in: what is dropped on its way out is refused to who sends it, and never hangs.
RULE = "-A {{chain}} -i lo -d 127.0.0.11 -m string --algo bm --hex-string {asked} -j {does}"
DOES = {"name": "REJECT", "name-hangs": "DROP"}


def hold(assigned: Assignment) -> None:
    """Stand by until SIGUSR1; hold the rule until SIGTERM or SIGINT, and for a limit at most."""
    netfault.block()
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
    netfault.say(step="ready")
    told = signal.sigtimedwait({signal.SIGUSR1, *netfault.ENDING}, assigned.limit_s)
    if told is None or told.si_signo != signal.SIGUSR1:
        return
    try:
        netfault.change("injected", rules(assigned), LOOPBACK)
        netfault.say(step="while in", said=look_up(assigned.host, assigned.port))
        netfault.told_to_end(assigned.limit_s)
    finally:
        clear(assigned)
    netfault.linger()


def clear(assigned: Assignment) -> None:
    """Take the rule out, and say what a look-up comes to then; idempotent."""
    netfault.clear(LOOPBACK)
    netfault.say(step="after", said=look_up(assigned.host, assigned.port))


def rules(assigned: Assignment) -> str:
    """Return a fault's rules for `netfault.change`: a question has the name by its labels."""
    asked = "".join(f"|{len(label):02x}|{label}" for label in assigned.host.split("."))
    rule = RULE.format(asked=asked, does=DOES[assigned.fault])
    return netfault.RULES_IN.replace("{does}", rule)


def look_up(host: str, port: int) -> str:
    """Return what a fresh look-up comes to: `ok`, `hangs`, or the resolver's words."""
    said = ["hangs"]

    def ask() -> None:
        try:
            socket.getaddrinfo(host, port)
            said[0] = "ok"
        except OSError as error:
            said[0] = str(error.strerror)

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(LOOK_LIMIT_S)
    return said[0]


def main() -> None:
    """Do what the first argument says: hold the rule, or take out what is left of it."""
    assigned = msgspec.json.decode(sys.argv[1], type=Assignment)
    hold(assigned) if assigned.limit_s else clear(assigned)


if __name__ == "__main__":
    main()

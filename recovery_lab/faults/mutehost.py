"""A host that accepts and says nothing, as a program: it tells when it is at an address."""

import socket
import sys
import time
from collections.abc import Callable

import msgspec

from recovery_lab.faults import netfault
from recovery_lab.faults.mute import Assignment

POLL_S = 0.002  # the kernel announces an address to nobody who may not listen for it
# Neither an end of its own nor of sessions that it never had is told to anybody.
RULES = """*filter
-I OUTPUT 1 ! -o lo -p tcp --tcp-flags FIN FIN -j DROP
-I OUTPUT 1 ! -o lo -p tcp --tcp-flags RST RST -j DROP
COMMIT
"""


def stand(address: str, port: int, limit_s: float) -> None:
    """Stand there mute, and say when the address was given and taken away again."""
    netfault.block()
    ends_at = time.monotonic() + limit_s
    # The kernel accepts for it, and acknowledges: as a server whose processes get no time.
    with socket.create_server(("", port), backlog=4096):
        netfault.change("mute", RULES, "")
        if _said("injected", lambda: is_here(address), ends_at):
            _said("healed", lambda: not is_here(address), ends_at)


def is_here(address: str) -> bool:
    """Tell whether an address is one of this host's."""
    with socket.socket() as tried:
        try:
            tried.bind((address, 0))
        except OSError:
            return False
    return True


def _said(step: str, holds: Callable[[], bool], ends_at: float) -> bool:
    """Wait until something holds, and say so; tell whether that came before the end."""
    began_at = time.monotonic()
    while not holds():
        began_at = time.monotonic()
        if began_at > ends_at or netfault.told_to_end(POLL_S):
            return False
    netfault.tell(step, began_at)
    return True


def main() -> None:
    """Stand as the first argument says."""
    assigned = msgspec.json.decode(sys.argv[1], type=Assignment)
    stand(assigned.address, assigned.port, assigned.limit_s)


if __name__ == "__main__":
    main()

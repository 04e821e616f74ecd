"""A crowd, as a program: it opens sessions until one is refused, and takes each that is free."""

import sys
import time

import msgspec
import psycopg2

from recovery_lab import session
from recovery_lab.faults import netfault
from recovery_lab.faults.slots import Assignment, is_full
from recovery_lab.login import Login, first_line

NAME = "lab-crowd"  # application_name of its sessions
AGAIN_S = 0.05  # somebody gives one back: a probe, a contender that goes


def hold(login: Login, limit_s: float) -> None:
    """Hold all that can be had until SIGTERM or SIGINT, and for `limit_s` at most."""
    netfault.block()
    ends_at, refused, held = time.monotonic() + limit_s, False, []
    while time.monotonic() < ends_at:
        began_at = time.monotonic()
        try:
            held.append(session.connect(login, NAME))
            wait_s = 0.0
        except psycopg2.OperationalError as error:
            if not is_full(first_line(error)):
                netfault.tell("failed", began_at, said=first_line(error))
                break
            if not refused:
                netfault.tell("injected", began_at, sessions=len(held))
            refused, wait_s = True, AGAIN_S
        if netfault.told_to_end(wait_s):
            break
    began_at = time.monotonic()
    for one in held:
        one.close()
    netfault.tell("healed", began_at, sessions=len(held))
    netfault.linger()


def main() -> None:
    """Hold as the first argument says."""
    assigned = msgspec.json.decode(sys.argv[1], type=Assignment)
    hold(assigned.login, assigned.limit_s)


if __name__ == "__main__":
    main()

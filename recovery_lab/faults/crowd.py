"""A crowd, as a program: it opens sessions until one is refused, and takes each that is free."""

import signal
import sys
import time

import msgspec
import psycopg2

from recovery_lab import session
from recovery_lab.faults.holder import ENDING, linger, say
from recovery_lab.faults.slots import Assignment, is_full
from recovery_lab.session import Login, first_line

NAME = "lab-crowd"  # application_name of its sessions
AGAIN_S = 0.05  # somebody gives one back: a probe, a contender that goes


def hold(login: Login, limit_s: float) -> None:
    """Hold all that can be had until SIGTERM or SIGINT, and for `limit_s` at most."""
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
    ends_at, refused, held = time.monotonic() + limit_s, False, []
    while time.monotonic() < ends_at:
        began_at = time.monotonic()
        try:
            held.append(session.connect(login, NAME))
            wait_s = 0.0
        except psycopg2.OperationalError as error:
            if not is_full(first_line(error)):
                say("failed", began_at, said=first_line(error))
                break
            if not refused:
                say("injected", began_at, sessions=len(held))
            refused, wait_s = True, AGAIN_S
        if signal.sigtimedwait(ENDING, wait_s):
            break
    began_at = time.monotonic()
    for one in held:
        one.close()
    say("healed", began_at, sessions=len(held))
    linger()


def main() -> None:
    """Hold as the first argument says."""
    assigned = msgspec.json.decode(sys.argv[1], type=Assignment)
    hold(assigned.login, assigned.limit_s)


if __name__ == "__main__":
    main()

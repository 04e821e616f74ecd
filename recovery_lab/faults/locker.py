"""A lock on one table, as a program: whoever reads the table waits until it lets go."""

import sys
import time
from contextlib import closing, suppress

import msgspec
import psycopg2

from recovery_lab import session
from recovery_lab.faults import netfault
from recovery_lab.faults.lock import Assignment
from recovery_lab.login import Login, first_line

NAME = "lab-lock"  # application_name of its session
# Who never ends his transaction would keep it out, and everybody else behind it.
_LOCK = """SET lock_timeout = '5s'; SET idle_in_transaction_session_timeout = 0;
       LOCK TABLE {} IN ACCESS EXCLUSIVE MODE"""


def hold(login: Login, table: str, limit_s: float) -> None:
    """Hold the lock until SIGTERM or SIGINT, and for `limit_s` at most."""
    netfault.block()
    began_at = time.monotonic()
    try:
        with closing(session.connect(login, NAME)) as one:
            one.cursor().execute(_LOCK.format(table))
            netfault.tell("injected", began_at)
            netfault.told_to_end(limit_s)
            began_at = time.monotonic()
            with suppress(psycopg2.Error):  # a session that somebody ended holds nothing
                one.rollback()
        netfault.tell("healed", began_at)
    except psycopg2.Error as error:
        netfault.tell("failed", began_at, said=first_line(error))
    netfault.linger()


def main() -> None:
    """Hold as the first argument says."""
    assigned = msgspec.json.decode(sys.argv[1], type=Assignment)
    hold(assigned.login, assigned.table, assigned.limit_s)


if __name__ == "__main__":
    main()

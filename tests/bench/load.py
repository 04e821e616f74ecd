"""Loads the server: sessions that count there, one query after the other; runs in a container.

Says "at work" when all have logged in; ends with its standard input, and by itself after a minute.
"""

import os
import select
import sys
from threading import Barrier, Thread

import psycopg2

from dashboard.db_connector import Address
from dashboard.settings import Settings

SQL = "SELECT count(*) FROM generate_series(1, 20000)"  # a few ms of a processor
LIMIT_S = 60.0


def count_on(address: Address, together: Barrier) -> None:
    """Keep one backend busy for as long as the process lives."""
    session = psycopg2.connect(**address.connect_args("load"))
    together.wait(LIMIT_S)
    with session.cursor() as cursor:
        while True:
            cursor.execute(SQL)


def main(sessions: int) -> None:
    """Load the server with so many sessions."""
    address = Address.from_settings(Settings.from_env(os.environ))
    together = Barrier(sessions + 1)
    for _ in range(sessions):
        Thread(target=count_on, args=(address, together), daemon=True).start()
    together.wait(LIMIT_S)
    print("at work", flush=True)
    select.select([sys.stdin], [], [], LIMIT_S)


if __name__ == "__main__":
    main(int(sys.argv[1]))

"""The witness's program, in a container on the clients' network; it ends when its input does."""

import socket
import sys
import threading
import time
from contextlib import closing, suppress
from typing import Any

import msgspec
import psycopg2

from recovery_lab import session
from recovery_lab.faults.before import Before
from recovery_lab.faults.witness import Answer
from recovery_lab.session import DeadlineError, Login, first_line

TCP_LIMIT_S = 0.5
LIMIT_S = 1.0  # with the look-up and a bare connect less than the shortest fault that hangs
SLEEPER = "lab-slow"  # application_name of the sleeping session
_PROBE = f"SELECT {session.STARTED} WHERE NOT pg_is_in_recovery()"
_SLEEPING = """SELECT pid FROM pg_stat_activity
       WHERE application_name = %s AND state = 'active' AND wait_event = 'PgSleep'"""
_WAKE = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = %s"


class Fresh:
    """Carries out orders: `clock`, `probe`, `sleep SECONDS`, `sleeping` (count), `wake` (end).

    `count` begins to count the starts of the server that probes have read from, `counted` tells.
    All others are about sessions from before the fault: see before.py.
    """

    def __init__(self, login: Login) -> None:
        self._login = login
        self._address = ""
        self._slept = ""
        self._starts: set[str] = set()
        self._before = Before(login, self._query, self._resolved)

    def obey(self, order: str) -> dict[str, Any]:
        """Return an answer's facts; raises what the driver or the network does."""
        match order.split():
            case ["probe"]:
                return self._probe()
            case ["count"]:
                self._starts = set()
            case ["counted"]:
                return {"starts": len(self._starts)}
            case ["sleep", seconds]:
                threading.Thread(target=self._sleep, args=(float(seconds),), daemon=True).start()
            case ["sleeping"]:
                return {"sessions": len(self._query(_SLEEPING, SLEEPER)), "slept": self._slept}
            case ["wake"]:
                return {"sessions": len(self._query(_WAKE, SLEEPER))}
            case words:
                return self._before.obey(*words)
        return {}

    def _probe(self) -> dict[str, Any]:
        """Try a session; only where it hangs, tell a silent server from a silent network."""
        try:
            rows = self._query(_PROBE)
        except DeadlineError:
            return {"session": "hangs", "tcp": self._connect()}
        except (psycopg2.Error, OSError) as error:
            return {"session": first_line(error)}
        if not rows:
            return {"session": "in recovery"}
        self._starts.add(rows[0][0])
        return {"session": "ok", "server_started": rows[0][0], "address": self._address}

    def _connect(self) -> str:
        try:
            socket.create_connection((self._address, self._login.port), TCP_LIMIT_S).close()
        except TimeoutError:
            return "hangs"
        except OSError as error:
            return first_line(error)
        return "ok"

    def _query(self, sql: str, *parameters: object) -> list[tuple[str, ...]]:
        if not self._resolved():
            raise OSError(f"no address for {self._login.host}")
        return session.query_fresh(self._login, self._address, sql, parameters, limit_s=LIMIT_S)

    def _resolved(self) -> str:
        """Look the name up on a thread; without an answer the last good address serves."""

        def look_up() -> None:
            with suppress(OSError):  # a stopped container has no name
                self._address = self._login.resolve()

        thread = threading.Thread(target=look_up, daemon=True)
        thread.start()
        thread.join(0.3)
        return self._address

    def _sleep(self, seconds: float) -> None:
        """Sleep in a session of its own, and note how that ended."""
        self._slept = ""
        try:
            with closing(session.connect(self._login, SLEEPER, address=self._resolved())) as own:
                own.cursor().execute("SELECT pg_sleep(%s)", (seconds,))
            self._slept = "ok"
        except (psycopg2.Error, OSError) as error:
            self._slept = first_line(error)


def main() -> None:
    """Answer orders with the login in the first argument."""
    fresh = Fresh(msgspec.json.decode(sys.argv[1], type=Login))
    for order in sys.stdin:
        try:
            facts = fresh.obey(order)
        except (psycopg2.Error, DeadlineError, OSError) as error:
            facts = {"error": first_line(error)}
        answer = Answer(at=time.monotonic(), wall=time.time(), **facts)
        sys.stdout.buffer.write(msgspec.json.encode(answer) + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()

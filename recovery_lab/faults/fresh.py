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
from recovery_lab.faults.witness import Answer, Assignment
from recovery_lab.login import DeadlineError, first_line
from recovery_lab.sql import STARTED

TCP_LIMIT_S = 0.5
LIMIT_S = 1.0  # with the look-up and a bare connect less than the shortest fault that hangs
CONNECTS = 5  # the fastest is told: a busy machine delays as well
RULE_LIMIT_S = 5.0  # nothing is measured by it, and a loaded machine is slow
SLEEPER = "lab-slow"  # application_name of the sleeping session
_PROBE = f"SELECT {STARTED} WHERE NOT pg_is_in_recovery() AND "
_SLEEPING = """SELECT pid FROM pg_stat_activity
       WHERE application_name = %s AND state = 'active' AND wait_event = 'PgSleep'"""
_WAKE = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = %s"


class Fresh:
    """Carries out orders: `clock`, `probe`, `sleep SECONDS`, `sleeping` (count), `wake` (end).

    `connect` tells how long a bare connection takes, which the server's kernel makes by itself.
    `count` begins to count the starts of the server that probes have read from, `counted` tells.
    `plain` tells how far a session comes that does no work, `admin SQL` runs a statement as the
    target's admin. All others are about sessions from before the fault: see before.py.
    """

    def __init__(self, assigned: Assignment) -> None:
        self._login, self._admin = assigned.login, assigned.admin
        self._probe_sql = f"{_PROBE}{assigned.work}"
        self._address = ""
        self._slept = ""
        self._starts: set[str] = set()
        self._before = Before(self._login, self._query, self._resolved)

    def obey(self, order: str) -> dict[str, Any]:
        """Return an answer's facts; raises what the driver or the network does."""
        facts: dict[str, Any] = {}
        match order.split():
            case ["probe"]:
                facts = self._probe()
            case ["connect"]:
                facts = {"took_s": min(self._connect_s() for _ in range(CONNECTS))}
            case ["plain"]:
                facts = {"session": self._reach("SELECT 1")[0]}
            case ["admin", *_]:
                facts = {"told": self._rule(order.strip().partition(" ")[2])}
            case ["count"]:
                self._starts = set()
            case ["counted"]:
                facts = {"starts": len(self._starts)}
            case ["sleep", seconds]:
                threading.Thread(target=self._sleep, args=(float(seconds),), daemon=True).start()
            case ["sleeping"]:
                facts = {"sessions": len(self._query(_SLEEPING, SLEEPER)), "slept": self._slept}
            case ["wake"]:
                facts = {"sessions": len(self._query(_WAKE, SLEEPER))}
            case words:
                facts = self._before.obey(*words)
        return facts

    def _probe(self) -> dict[str, Any]:
        """Try a session; only where it hangs, tell a silent server from a silent network."""
        said, rows = self._reach(self._probe_sql)
        if said == "hangs":
            return {"session": said, "tcp": self._connect()}
        if said != "ok":
            return {"session": said}
        if not rows:
            return {"session": "in recovery"}
        self._starts.add(rows[0][0])
        return {"session": "ok", "server_started": rows[0][0], "address": self._address}

    def _reach(self, sql: str) -> tuple[str, list[tuple[str, ...]]]:
        """Return how far a fresh session comes with a statement, and its rows."""
        try:
            return "ok", self._query(sql)
        except DeadlineError:
            return "hangs", []
        except (psycopg2.Error, OSError) as error:
            return first_line(error), []

    def _rule(self, sql: str) -> str:
        if self._admin is None:
            raise OSError("the target declares no [database.admin]")
        rows = session.query_fresh(self._admin, self._resolved(), sql, limit_s=RULE_LIMIT_S)
        return str(rows[0][0])

    def _connect(self) -> str:
        try:
            socket.create_connection((self._address, self._login.port), TCP_LIMIT_S).close()
        except TimeoutError:
            return "hangs"
        except OSError as error:
            return first_line(error)
        return "ok"

    def _connect_s(self) -> float:
        way, began_at = (self._resolved(), self._login.port), time.monotonic()
        socket.create_connection(way, LIMIT_S).close()
        return time.monotonic() - began_at

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
    """Answer orders as the first argument assigns."""
    fresh = Fresh(msgspec.json.decode(sys.argv[1], type=Assignment))
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

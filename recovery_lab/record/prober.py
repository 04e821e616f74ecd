"""Probe the server from the clients' own network: fresh sessions, which make *ready*."""

import threading
import time
from collections.abc import Callable

import psycopg2

from recovery_lab.record.history import Probe, Sessions
from recovery_lab.record.session import DeadlineError, Login, query_fresh, resolve

FAST_S = 0.02  # from the injection on, until a probe succeeds
CONFIRM_S = 0.1  # while the 2 s of good probes are counted: logins must not compete with readers
RARE_S = 1.0  # otherwise
PROBE_LIMITS_S = (0.1, 0.1)  # to connect, to query
COUNT_LIMITS_S = (2.0, 1.0)

_SQL = """SELECT NOT pg_is_in_recovery(), pg_backend_pid(),
       to_char(pg_postmaster_start_time() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
       current_setting('server_version')"""


class Prober:
    """Probes on a thread of its own; it hurries from the injection on."""

    def __init__(self, login: Login, emit: Callable[[Probe], None]) -> None:
        self._login = login
        self._emit = emit
        self._address = ""
        self._resolved = threading.Event()
        self._stop = threading.Event()
        self._hurry = threading.Event()

    def start(self) -> None:
        """Start resolving and probing."""
        for loop in (self._resolve_loop, self._probe_loop):
            threading.Thread(target=loop, daemon=True).start()

    def hurry(self) -> None:
        """Probe as often as the injection asks for."""
        self._hurry.set()

    def rest(self) -> None:
        """Probe now and then, as in a steady state."""
        self._hurry.clear()

    def stop(self) -> None:
        """Stop after the probe under way."""
        self._stop.set()

    def _resolve_loop(self) -> None:
        """Keep the last good address: a stopped container has no name, a dead upstream hangs."""
        while not self._stop.is_set():
            try:
                self._address = resolve(self._login.host, self._login.port)
                self._resolved.set()
            except OSError:
                pass  # the name is gone while the container is stopped; the last address serves
            self._stop.wait(FAST_S if self._hurry.is_set() else RARE_S)

    def _probe_loop(self) -> None:
        self._resolved.wait(10.0)
        while not self._stop.is_set():
            probe = self.probe()
            self._emit(probe)
            pause = RARE_S
            if self._hurry.is_set():
                pause = CONFIRM_S if probe.ok else FAST_S - (probe.ended_at - probe.started_at)
                self._stop.wait(max(0.0, pause))
            else:
                self._hurry.wait(pause)

    def probe(self) -> Probe:
        """Open one fresh session and read a row."""
        started_at = time.monotonic()
        try:
            row = query_fresh(self._login, self._address, _SQL, limits_s=PROBE_LIMITS_S)[0]
        except (psycopg2.Error, DeadlineError, OSError) as error:
            first_line = (str(error).strip().splitlines() or [type(error).__name__])[0]
            return Probe(
                started_at=started_at,
                ended_at=time.monotonic(),
                ok=False,
                timed_out=isinstance(error, DeadlineError),
                error=first_line,
            )
        writable, backend_pid, server_started, server_version = row
        return Probe(
            started_at=started_at,
            ended_at=time.monotonic(),
            ok=bool(writable),
            error="" if writable else "in recovery",
            backend_pid=backend_pid,
            server_started=server_started,
            server_version=server_version.split()[0],
        )

    def sessions(self) -> Sessions:
        """Return how many sessions this role has by application, and how many may be at all."""
        sql = """SELECT application_name, count(*), current_setting('max_connections')::int
                 FROM pg_stat_activity WHERE usename = current_user
                 GROUP BY application_name ORDER BY application_name"""
        rows = query_fresh(self._login, self._address, sql, limits_s=COUNT_LIMITS_S)
        return Sessions(
            at=time.monotonic(),
            by_application={row[0]: row[1] for row in rows},
            max_connections=rows[0][2],
        )

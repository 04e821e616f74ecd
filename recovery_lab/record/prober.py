"""Probe the server from the clients' own network: fresh sessions, which make *ready*."""

import threading
import time
from collections.abc import Callable
from contextlib import suppress

import psycopg2

from recovery_lab.record.history import Probe, Sessions
from recovery_lab.session import STARTED, DeadlineError, Login, first_line, query_fresh

FAST_S = 0.02  # from the injection on, until a probe succeeds
CONFIRM_S = 0.1  # while the 2 s of good probes are counted: logins must not compete with readers
RARE_S = 1.0  # otherwise
# To connect, and to query; a lost first SYN is then repeated by us, not by the kernel after 1 s.
PROBE_LIMIT_S = 0.1
COUNT_LIMITS_S = (2.0, 1.0)

_PROBE = f"""SELECT NOT pg_is_in_recovery(), pg_backend_pid(), {STARTED},
       current_setting('server_version')"""
_COUNT = """SELECT application_name, count(*), current_setting('max_connections')::int
       FROM pg_stat_activity WHERE usename = current_user
       GROUP BY application_name ORDER BY application_name"""


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

    def probe(self) -> Probe:
        """Open one fresh session and read a row."""
        limits_s = (PROBE_LIMIT_S, PROBE_LIMIT_S)
        started_at = time.monotonic()
        try:
            [row] = query_fresh(self._login, self._address, _PROBE, limits_s=limits_s)
        except (psycopg2.Error, DeadlineError, OSError) as error:
            return Probe(
                started_at=started_at,
                ended_at=time.monotonic(),
                ok=False,
                timed_out=isinstance(error, DeadlineError),
                error=first_line(error),
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
        rows = query_fresh(self._login, self._address, _COUNT, limits_s=COUNT_LIMITS_S)
        return Sessions(
            at=time.monotonic(),
            by_application={row[0]: row[1] for row in rows},
            max_connections=rows[0][2],
        )

    def _resolve_loop(self) -> None:
        """Keep the last good address: a stopped container has no name, a dead upstream hangs."""
        while not self._stop.is_set():
            with suppress(OSError):
                self._address = self._login.resolve()
                self._resolved.set()
            self._stop.wait(FAST_S if self._hurry.is_set() else RARE_S)

    def _probe_loop(self) -> None:
        self._resolved.wait(10.0)
        while not self._stop.is_set():
            probe = self.probe()
            self._emit(probe)
            if self._hurry.is_set():
                took_s = probe.ended_at - probe.started_at
                self._stop.wait(CONFIRM_S if probe.ok else max(0.0, FAST_S - took_s))
            else:
                self._hurry.wait(RARE_S)

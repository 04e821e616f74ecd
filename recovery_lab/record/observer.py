"""The observer, a program in a container on the clients' network: it records on one clock."""

import os
import sys
import threading
import time
from contextlib import suppress

import msgspec
import psycopg2

from recovery_lab.record.history import Clock, Mark, Probe, Record, Sessions, Trouble, encode
from recovery_lab.record.sampler import Sampler
from recovery_lab.session import STARTED, DeadlineError, Login, first_line, look_up, query_fresh
from recovery_lab.target import Health

FAST_S = 0.02  # from the injection on, until a probe succeeds
CONFIRM_S = 0.1  # while the 2 s of good probes are counted: logins must not compete with readers
RARE_S = 1.0  # otherwise
PROBE_LIMIT_S = 0.1  # a lost first SYN is repeated by us, not by the kernel after 1 s
# The C library's: a look-up that nobody answers is over within 1 s, the least that it can be told.
LOOK_UPS = {"RES_OPTIONS": "timeout:1 attempts:1"}
COUNT_LIMIT_S = 3.0
_PROBE = f"""SELECT NOT pg_is_in_recovery(), pg_backend_pid(), {STARTED},
       split_part(current_setting('server_version'), ' ', 1) WHERE """
_TOLD = ("ok", "backend_pid", "server_started", "server_version")
_COUNT = """SELECT application_name, count(*), current_setting('max_connections')::int
       FROM pg_stat_activity WHERE usename = current_user
       GROUP BY application_name ORDER BY application_name"""


class Assignment(msgspec.Struct, frozen=True, kw_only=True):
    """What to observe; handed over as the one argument, in JSON."""

    login: Login
    work: str  # a condition: what a fresh session must be able to do
    url: str
    health: Health | None


class Observer:
    """Probes, and tells its clocks, as orders have it; it hurries from the injection on."""

    def __init__(self, login: Login, work: str) -> None:
        self._login = login
        self._probe = f"{_PROBE}{work}"
        self._address = ""
        self._delay_s = 0.0  # what the fault declares: attempts may take so much longer
        self._by_name = False  # and whether it denies names: then each attempt begins with one
        self._resolved = threading.Event()
        self._hurry = threading.Event()
        self._lock = threading.Lock()

    def start(self) -> None:
        """Start its threads, which end with the process."""
        for loop in (self._keep_telling, self._keep_resolving, self._keep_probing):
            threading.Thread(target=loop, daemon=True).start()

    def emit(self, record: Record) -> None:
        """Write a record to standard output, whole, from any thread."""
        line = encode(record)
        with self._lock:
            sys.stdout.buffer.write(line)
            sys.stdout.buffer.flush()

    def obey(self, order: str, argument: str) -> None:
        """Carry out an order: `mark NAME`, `hurry DELAY-S DENIED...`, `rest` or `sessions`."""
        match order:
            case "mark":
                self.emit(Mark(at=time.monotonic(), name=argument))
            case "hurry":
                delay_s, *denied = argument.split()
                self._delay_s, self._by_name = float(delay_s), "names" in denied
                self._hurry.set()
                self._tell_clock()  # and not within a second: an outage begins with it
            case "rest":
                self._delay_s, self._by_name = 0.0, False
                self._hurry.clear()
            case "sessions":
                self.emit(self._sessions())
            case _:
                self.emit(Trouble(at=time.monotonic(), message=f"unknown order {order!r}"))

    def probe(self) -> Probe:
        """Open one fresh session and do the target's work."""
        started_at, limit_s = time.monotonic(), PROBE_LIMIT_S + self._delay_s
        try:
            address = look_up(self._login, limit_s) if self._by_name else self._address
            left_s = limit_s - (time.monotonic() - started_at)
            [row] = query_fresh(self._login, address, self._probe, limit_s=left_s)
            told = dict(zip(_TOLD, row, strict=True))
            told["error"] = "" if told["ok"] else "in recovery"
        except (psycopg2.Error, DeadlineError, OSError) as error:
            timed_out = isinstance(error, DeadlineError)
            told = {"ok": False, "timed_out": timed_out, "error": first_line(error)}
        return Probe(started_at=started_at, ended_at=time.monotonic(), **told)

    def _sessions(self) -> Sessions | Trouble:
        try:
            rows = query_fresh(self._login, self._address, _COUNT, limit_s=COUNT_LIMIT_S)
        except (psycopg2.Error, DeadlineError) as error:
            return Trouble(at=time.monotonic(), message=f"could not count the sessions: {error}")
        at, counts = time.monotonic(), {row[0]: row[1] for row in rows}
        return Sessions(at=at, by_application=counts, max_connections=rows[0][2])

    def _tell_clock(self) -> None:
        self.emit(Clock(at=time.monotonic(), wall=time.time()))

    def _keep_telling(self) -> None:
        while True:
            self._tell_clock()
            time.sleep(1.0)  # a pace, not a synchronisation

    def _keep_resolving(self) -> None:
        """Keep the last good address: a stopped container has no name, a dead upstream hangs."""
        while True:
            with suppress(OSError):
                self._address = self._login.resolve()
                self._resolved.set()
            time.sleep(FAST_S if self._hurry.is_set() else RARE_S)

    def _keep_probing(self) -> None:
        self._resolved.wait(10.0)
        while True:
            probe = self.probe()
            self.emit(probe)
            if self._hurry.is_set():
                took_s = probe.ended_at - probe.started_at
                time.sleep(CONFIRM_S if probe.ok else max(0.0, FAST_S - took_s))
            else:
                self._hurry.wait(RARE_S)


def main() -> None:
    """Observe what the first argument assigns, and follow orders until the input ends."""
    assignment = msgspec.json.decode(sys.argv[1], type=Assignment)
    os.environ.update(LOOK_UPS)  # before the first of them
    observer = Observer(assignment.login, assignment.work)
    observer.start()
    if assignment.health:
        Sampler(assignment.url, assignment.health, observer.emit).start()
    for line in sys.stdin:
        order, _, argument = line.strip().partition(" ")
        observer.obey(order, argument)
    os._exit(0)  # a probe may be under way: nobody waits for it


if __name__ == "__main__":
    main()

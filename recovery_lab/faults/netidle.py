"""Flows of idle sessions dropped, in the server's network namespace: a program."""

import sys
import time

import msgspec
import psycopg2

from recovery_lab import session
from recovery_lab.faults import netfault
from recovery_lab.faults.idle_drop import Assignment
from recovery_lab.login import first_line

NAME = "lab-flows"  # application_name of its own, as of all of the lab's
LOOK_S = 0.2
# The lab's own sessions are spared, the canary's among them, but for the one that is to prove it.
IDLE = """SELECT host(client_addr), client_port, pid = %(proof)s FROM pg_stat_activity
       WHERE usename = current_user AND state = 'idle' AND family(client_addr) = 4
       AND clock_timestamp() - state_change > interval '2 seconds'
       AND (pid = %(proof)s OR application_name NOT LIKE 'lab-%%'
            AND client_addr = ANY(%(clients)s::inet[])
            AND (application_name = %(pooled)s OR %(pooled)s = ''
                 OR client_addr <> ALL(%(application)s::inet[])))"""
Flow = tuple[str, int]  # a client's address and port
ADDED = "*filter\n{does}\nCOMMIT\n"


class Idling:
    """The sessions that idle, and those of them that are dropped already."""

    def __init__(self, assigned: Assignment) -> None:
        self._assigned = assigned
        self._asked = session.connect(assigned.login, NAME)
        self._asked.autocommit = True
        self.dropped: set[Flow] = set()
        self.proves = False  # whether the witness's own is among them

    def next(self) -> str:
        """Look for more; return their rules, empty where there are none."""
        with self._asked.cursor() as cursor:
            cursor.execute(IDLE, msgspec.structs.asdict(self._assigned))
            found = {(str(row[0]), int(row[1])): bool(row[2]) for row in cursor.fetchall()}
        new = found.keys() - self.dropped
        self.proves = self.proves or any(found.values())
        if not self.proves:
            return ""  # it comes in with all of them
        self.dropped |= new
        return "\n".join(rules(flow, self._assigned.login.port) for flow in sorted(new))

    def serve(self, limit_s: float) -> None:
        """Look on, and drop more, until told to end, and for `limit_s` at most."""
        ends_at = time.monotonic() + limit_s
        while time.monotonic() < ends_at and not netfault.told_to_end(LOOK_S):
            if does := self.next():
                added = ADDED.replace("{does}", does)
                netfault.change("more", added, self._assigned.interface, flows=len(self.dropped))


def rules(flow: Flow, port: int) -> str:
    """Return a flow's two rules, one for each direction."""
    address, own = flow
    return (
        f"-A {{chain}} -p tcp -s {address} --sport {own} --dport {port} -j DROP\n"
        f"-A {{chain}} -p tcp -d {address} --dport {own} --sport {port} -j DROP"
    )


def hold(assigned: Assignment) -> None:
    """Wait until what is to prove it idles; drop all that does, and hold."""
    netfault.block()
    idling = Idling(assigned)
    while not (does := idling.next()):
        if netfault.told_to_end(LOOK_S):
            return
    netfault.hold(assigned.interface, does, assigned.limit_s, idling.serve)
    netfault.linger()


def main() -> None:
    """Hold as the first argument says."""
    try:
        hold(msgspec.json.decode(sys.argv[1], type=Assignment))
    except psycopg2.Error as error:
        netfault.say(step="failed", said=first_line(error))
        sys.exit(1)


if __name__ == "__main__":
    main()

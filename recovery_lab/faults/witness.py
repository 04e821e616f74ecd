"""The witness: a helper on the clients' network that stamps instants and tries fresh sessions."""

import msgspec

from recovery_lab import docker, programs
from recovery_lab.errors import InconclusiveError
from recovery_lab.login import Login
from recovery_lab.record.history import Clock

NAME = "the fault's witness"
MODULE = "recovery_lab.faults.fresh"
ANSWER_LIMIT_S = 10.0  # the slowest order, a probe, has limits that add up to 2 s


class Assignment(msgspec.Struct, frozen=True, kw_only=True):
    """What the helper is told as its one argument, in JSON."""

    login: Login
    work: str  # a condition: what a fresh session must be able to do
    admin: Login | None  # for orders of faults that need one


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """An answer; `at` and `wall` are the container's clocks as it was given."""

    at: float
    wall: float
    session: str = ""  # how far a fresh one came: `ok`, `hangs`, or an error's first line
    tcp: str = ""  # where that hangs, the same of a bare connection
    server_started: str = ""
    took_s: float = 0.0  # a bare connection
    address: str = ""  # where it was sought
    starts: int = 0  # of the server, counted
    sessions: int = 0  # that sleep; of those noted, that are there still
    noted: int = 0  # from before the fault
    pid: int = 0  # of the backend of the witness's own session from before
    ended_at: float = 0.0  # when that ended; 0: it lives
    told: str = ""  # the first field of what the admin's statement returned
    slept: str = ""  # how the witness's own sleep ended
    error: str = ""  # why the order could not be carried out


class Witness:
    """Asks the helper, which is started before the fault; whoever makes it closes it."""

    def __init__(self, stack: docker.Stack) -> None:
        self._stack = stack
        self.helper = self._start()

    def ask(self, order: str) -> Answer:
        """Give an order (see fresh.py); return its answer. Raises InconclusiveError without one."""
        answer = msgspec.json.decode(self.helper.ask(order, ANSWER_LIMIT_S), type=Answer)
        if answer.error:
            raise InconclusiveError(f"{NAME} failed to obey {order!r}: {answer.error}")
        return answer

    def clock(self) -> Clock:
        """Return the containers' two clocks, read together."""
        answer = self.ask("clock")
        return Clock(at=answer.at, wall=answer.wall)

    def probe(self) -> Answer:
        """Try a fresh session."""
        return self.ask("probe")

    def rule(self, sql: str) -> str:
        """Run one line of SQL as the target's admin; return the first field that it tells."""
        return self.ask(f"admin {sql}").told

    def verify_alive(self) -> None:
        """Raise InconclusiveError with its last words when it has ended."""
        self.helper.verify_alive()

    def revive(self) -> None:
        """Start it again where it has ended: the healing must be seen."""
        if self.helper.process.poll() is not None:
            self.close()
            self.helper = self._start()

    def close(self) -> None:
        """End the helper; idempotent."""
        self.helper.end()

    def _start(self) -> programs.Helper:
        stack, admin = self._stack, programs.admin_login(self._stack)
        assigned = Assignment(login=programs.login(stack), work=stack.target.work, admin=admin)
        return programs.start_program(stack, NAME, docker.INSTRUMENT, MODULE, assigned)

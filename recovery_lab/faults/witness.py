"""The witness: a helper on the clients' network that stamps instants and tries fresh sessions.

It is started before the fault, so that asking it costs a login and no container's start. Its
program is fresh.py.
"""

import select

import msgspec

from recovery_lab import docker, programs
from recovery_lab.docker import Stack
from recovery_lab.errors import InconclusiveError
from recovery_lab.faults.answers import Answer, Order
from recovery_lab.record.history import Clock

MODULE = "recovery_lab.faults.fresh"
ANSWER_LIMIT_S = 10.0  # the slowest order, a probe, has limits that add up to 3 s


class Witness:
    """Asks the helper; whoever makes it closes it."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._helper = self._start()

    def ask(self, order: Order) -> Answer:
        """Give one order and return its answer.

        Raises InconclusiveError without one; a helper that does not answer is ended.
        """
        try:
            self._helper.stdin.write(msgspec.json.encode(order) + b"\n")
            self._helper.stdin.flush()
        except (BrokenPipeError, ValueError) as error:
            raise InconclusiveError(
                f"the fault's witness is gone: {self._helper.last_words()}"
            ) from error
        if not select.select([self._helper.stdout], [], [], ANSWER_LIMIT_S)[0]:
            docker.end_process_group(self._helper.process, 1.0)
            raise InconclusiveError(f"no word from the fault's witness in {ANSWER_LIMIT_S:.0f} s")
        line = self._helper.stdout.readline()
        if not line:
            raise InconclusiveError(f"the fault's witness ended: {self._helper.last_words()}")
        answer = msgspec.json.decode(line, type=Answer)
        if answer.error:
            raise InconclusiveError(
                f"the fault's witness failed to obey {order.do!r}: {answer.error}"
            )
        return answer

    def verify_alive(self) -> None:
        """Raise InconclusiveError with its last words when it has ended."""
        if self._helper.process.poll() is not None:
            raise InconclusiveError(f"the fault's witness ended: {self._helper.last_words()}")

    def revive(self) -> None:
        """Start it again where it has ended: the healing must be seen."""
        if self._helper.process.poll() is not None:
            self.close()
            self._helper = self._start()

    def clock(self) -> Clock:
        """Return the containers' two clocks, read together."""
        answer = self.ask(Order(do="clock"))
        return Clock(at=answer.at, wall=answer.wall)

    def probe(self) -> Answer:
        """Try a fresh session."""
        return self.ask(Order(do="probe"))

    def hang_up(self) -> None:
        """Close its input, which ends it; returns at once, `close` waits."""
        self._helper.hang_up()

    def close(self) -> None:
        """End the helper; idempotent."""
        self._helper.end()
        for stream in (self._helper.stdout, self._helper.stderr):
            stream.close()

    def _start(self) -> programs.Helper:
        login = msgspec.json.encode(programs.login(self._stack)).decode()
        return programs.start_program(self._stack, docker.INSTRUMENT, MODULE, login)

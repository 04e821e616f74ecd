"""The witness: a helper on the clients' network that stamps instants and tries fresh sessions.

It is started before the fault, so that asking it costs a login and no container's start. Its
program is fresh.py.
"""

import select

import msgspec

from recovery_lab.errors import InconclusiveError
from recovery_lab.faults.answers import Answer, Order
from recovery_lab.record.history import Clock
from recovery_lab.record.recorder import login, start_program
from recovery_lab.target import Target

ANSWER_LIMIT_S = 10.0  # the slowest order, a probe, has limits that add up to 3 s


class Witness:
    """Asks the helper; whoever makes it closes it."""

    def __init__(self, target: Target, project: str) -> None:
        words = msgspec.json.encode(login(target)).decode()
        self._helper = start_program(target, project, "recovery_lab.faults.fresh", words)

    def ask(self, order: Order) -> Answer:
        """Give one order and return its answer; raises InconclusiveError without one."""
        try:
            self._helper.stdin.write(msgspec.json.encode(order) + b"\n")
            self._helper.stdin.flush()
        except (BrokenPipeError, ValueError) as error:
            raise InconclusiveError(
                f"the fault's witness is gone: {self._helper.last_words()}"
            ) from error
        if not select.select([self._helper.stdout], [], [], ANSWER_LIMIT_S)[0]:
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

    def clock(self) -> Clock:
        """Return the containers' two clocks, read together."""
        answer = self.ask(Order(do="clock"))
        return Clock(at=answer.at, wall=answer.wall)

    def probe(self) -> Answer:
        """Try a fresh session."""
        return self.ask(Order(do="probe"))

    def close(self) -> None:
        """End the helper; idempotent."""
        self._helper.end()
        for stream in (self._helper.stdout, self._helper.stderr):
            stream.close()

"""The witness: a helper on the clients' network that stamps instants and tries fresh sessions.

It is started before the fault, so that asking it costs a login and no container's start. Its
program is fresh.py.
"""

import select
import subprocess
from contextlib import suppress
from types import TracebackType
from typing import Self

import msgspec

from lab import docker
from lab.errors import InconclusiveError
from lab.faults.answers import Answer, Order
from lab.record.history import Clock
from lab.record.recorder import login, start_program
from lab.target import Target

ANSWER_LIMIT_S = 10.0  # the slowest order, a probe, has limits that add up to 3 s


class Witness:
    """Asks the helper; use as a context manager, leaving it ends the helper."""

    def __init__(self, target: Target, project: str) -> None:
        words = msgspec.json.encode(login(target)).decode()
        self._helper = start_program(target, project, "lab.faults.fresh", words)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def ask(self, order: Order) -> Answer:
        """Give one order and return its answer; raises InconclusiveError without one."""
        try:
            self._helper.stdin.write(msgspec.json.encode(order) + b"\n")
            self._helper.stdin.flush()
        except (BrokenPipeError, ValueError) as error:
            raise InconclusiveError(f"the fault's witness is gone: {self._last_words()}") from error
        if not select.select([self._helper.stdout], [], [], ANSWER_LIMIT_S)[0]:
            raise InconclusiveError(f"no word from the fault's witness in {ANSWER_LIMIT_S:.0f} s")
        line = self._helper.stdout.readline()
        if not line:
            raise InconclusiveError(f"the fault's witness ended: {self._last_words()}")
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
        with suppress(BrokenPipeError):  # it may have ended by itself
            self._helper.stdin.close()
        try:
            self._helper.process.wait(5.0)
        except subprocess.TimeoutExpired:
            docker.end_process_group(self._helper.process, 5.0)
        for stream in (self._helper.stdout, self._helper.stderr):
            stream.close()

    def _last_words(self) -> str:
        said = self._helper.stderr.read().decode(errors="replace").strip()
        return said.splitlines()[-1] if said else "it said nothing"

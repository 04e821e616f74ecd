"""The runner's end of all contenders of one outage."""

import time

import msgspec

from recovery_lab.clients.program import IDLE_CONNECTIONS, Part
from recovery_lab.clients.registry import CLIENTS
from recovery_lab.errors import InconclusiveError
from recovery_lab.judge import measures
from recovery_lab.record.history import Trouble, Warmed
from recovery_lab.record.link import Link
from recovery_lab.record.recorder import Recorder, login, reading, start_program
from recovery_lab.target import Target

MODULE = "recovery_lab.clients.program"
START_LIMIT_S = 60.0


class Fleet:
    """Contenders in containers of their own, which write into one recorder's history."""

    def __init__(
        self,
        target: Target,
        project: str,
        recorder: Recorder,
        contenders: list[str],
        reads_per_s: float,
    ) -> None:
        self._recorder = recorder
        self._contenders = contenders
        self._links: list[Link] = []
        for contender in contenders:
            part = msgspec.json.encode(_part(target, contender, reads_per_s)).decode()
            helper = start_program(target, project, MODULE, part)
            self._links.append(Link(contender, helper, recorder.append))

    def close(self) -> None:
        """End every contender, side by side; idempotent."""
        for link in self._links:
            link.hang_up()
        for link in self._links:
            link.close()

    def order(self, order: str) -> None:
        """Give every contender an order."""
        for link in self._links:
            link.order(order)

    def warm(self) -> None:
        """Open every contender's sessions; assert that each idle pool holds five of its own.

        Raises InconclusiveError naming the contender that is not warm.
        """
        self.order("warm")
        wanted = sum(2 if CLIENTS[name].pools else 1 for name in self._contenders)
        deadline = time.monotonic() + START_LIMIT_S
        while len(warmed := self._warmed()) < wanted:
            if time.monotonic() > deadline:
                raise InconclusiveError(f"contenders not warm after {START_LIMIT_S:.0f} s")
            for link in self._links:
                link.ensure_running()
            time.sleep(0.05)  # polled: records arrive by other threads
        for one in warmed:
            held = len(set(one.backends))
            if one.job == "idle" and not held == one.checked_in == IDLE_CONNECTIONS:
                raise InconclusiveError(
                    f"{one.contender}: the idle pool holds {one.checked_in} connections, "
                    f"{held} backends; {IDLE_CONNECTIONS} wanted"
                )

    def _warmed(self) -> list[Warmed]:
        history = self._recorder.snapshot()
        for trouble in measures.of_kind(history, Trouble):
            raise InconclusiveError(trouble.message)
        return [one for one in measures.of_kind(history, Warmed) if one.contender]


def _part(target: Target, contender: str, reads_per_s: float) -> Part:
    return Part(
        contender=contender,
        login=login(target),
        reading=reading(target),
        reads_per_s=reads_per_s,
    )

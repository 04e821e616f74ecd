"""Silence is a suspicion, not a verdict: what a wait does while nothing comes."""

from collections.abc import Generator
from dataclasses import dataclass
from typing import Generic, Literal, Protocol, TypeVar

from psycopg.abc import PQGen
from psycopg.waiting import Ready, Wait

from steadypool.waits import Waits

T = TypeVar("T")

Verdict = Literal["working", "dead"]


@dataclass(slots=True, eq=False)
class Question:
    """Whether a session's server process is still at work; answered by the prober."""

    pid: int
    verdict: Verdict | None = None
    answered_at: float = 0.0


class Asked(Protocol):
    """Who can ask the server about a process of its."""

    def ask(self, pid: int) -> Question:
        """Have the question answered on a session of another's, as soon as one can be had."""

    def withdraw(self, question: Question) -> None:
        """Forget a question."""


class Told(Asked, Protocol):
    """Who hears of what a session meets."""

    alarms: int

    def doubt(self, error: BaseException, *, alarms: int) -> None:
        """Hear of a session that was lost; `alarms` is what had been heard when it proved good."""

    def met_dead(self) -> None:
        """Hear of a session whose socket was dead."""


class Line(Generic[T]):
    """A generator of the driver's, listened to: `heard` tells that something came."""

    def __init__(self, generator: PQGen[T]) -> None:
        self.heard = False
        self.waited_on = self._listening(generator)

    def _listening(self, generator: PQGen[T]) -> Generator[Wait, Ready | int, T]:
        try:
            wanted = generator.send(Ready.NONE)
            while True:
                ready = yield wanted
                while not ready:  # none, when a further wait begins
                    ready = yield wanted
                self.heard |= bool(ready & Ready.R)
                wanted = generator.send(ready)
        except StopIteration as end:
            value: T = end.value
            return value


class Doubt:
    """One silent wait's course: patience, a question, a verdict, grace; the clock is told it."""

    def __init__(self, asked: Asked, pid: int, waits: Waits, *, grace_s: float) -> None:
        self._asked, self._pid, self._waits, self._grace_s = asked, pid, waits, grace_s
        self._question: Question | None = None
        self._ask_at = 0.0

    def is_dead(self, now: float, *, heard: bool) -> bool:
        """Tell whether the socket is dead: the server works on nothing and nothing has come."""
        if heard:
            self.end()
            self._ask_at = now + self._waits.patience_s
        elif self._question is None:
            if now >= self._ask_at:
                self._question = self._asked.ask(self._pid)
        elif self._question.verdict == "working":
            self.end()
            self._ask_at = now + self._waits.ask_again_s
        elif self._question.verdict == "dead":
            return now >= self._question.answered_at + self._grace_s
        return False

    def end(self) -> None:
        """Ask no longer."""
        if self._question is not None:
            self._asked.withdraw(self._question)
            self._question = None

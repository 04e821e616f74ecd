"""What is known of one database, and the gate that every new session of its pool passes.

Threads of the application tell of trouble here and wait here; the prober alone finds out.
"""

import logging
import os
import threading
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

import psycopg

from steadypool import waits
from steadypool.counters import Tally
from steadypool.doubt import Question, Verdict
from steadypool.errors import DatabaseLostError, WrongServerError, again, first_line, is_refusal
from steadypool.prober import Prober

if TYPE_CHECKING:
    from steadypool.session import Session

State = Literal["up", "doubted", "lost", "refusing"]
Connect = Callable[[], "Session[Any]"]

LOGINS = 2  # sessions that are opened at once: logins of many compete with each other
log = logging.getLogger("steadypool")


class Watch:
    """One database's state: shared by a pool, its sessions and their prober."""

    def __init__(self, connect: Connect, limits: waits.Waits, *, needs_primary: bool) -> None:
        self.connect, self.limits, self.needs_primary = connect, limits, needs_primary
        self.alarms = 0  # each makes every session prove itself once
        self.forget()
        _watches.add(self)

    def forget(self) -> None:
        """Begin anew, as after a fork: locks, threads and sessions were another process'."""
        self.tally = Tally()
        self._changed = threading.Condition()
        self._logins = threading.BoundedSemaphore(LOGINS)
        self.state: State = "up"
        self._cause: BaseException | None = None
        self._since = 0.0  # of the doubt or the loss
        self._waiting = 0
        self._spare: Session[Any] | None = None
        self._questions: list[Question] = []
        self._prober: Prober | None = None

    # What the pool and its sessions ask.

    def open(self, connect: Connect) -> "Session[Any]":
        """Return a new session: the prober's, or one of the caller's own when it is its turn.

        Raises:
            DatabaseLostError: the database was not back by the deadline.
            psycopg.OperationalError: a server that is there turns sessions away, in its own words.
        """
        until = waits.until(self.limits.open_s)
        while True:
            session = self._admitted(until) or self._logged_in(connect, until)
            if session is not None:
                session.watch, session.alarms = self, self.alarms
                return session

    def doubt(self, error: BaseException, *, alarms: int) -> None:
        """Hear of a session that was lost, or not to be had: nobody opens one until that is clear.

        What had proved good before the latest alarm alone is the same trouble, told once more.
        """
        with self._changed:
            if self.state == "up" and alarms >= self.alarms:
                self._turn("doubted", error)
            self._wake()

    def met_dead(self) -> None:
        """Hear that a session's socket was dead: each other one has to prove itself once."""
        self.tally.add("dead_sockets")
        with self._changed:
            self.alarms += 1

    def ask(self, pid: int) -> Question:
        """Have the prober ask whether the server's process `pid` works."""
        question = Question(pid)
        self.tally.add("questions")
        with self._changed:
            self._questions.append(question)
            self._wake()
        return question

    def withdraw(self, question: Question) -> None:
        """Forget a question."""
        with self._changed:
            if question in self._questions:
                self._questions.remove(question)

    def close(self) -> None:
        """End the prober; the next session begins a new one."""
        with self._changed:
            if self._prober is not None:
                self._prober.stop()
            if self._spare is not None:
                self._spare.close()
            self._prober = self._spare = self._cause = None
            self.state, self._since = "up", 0.0
            self._changed.notify_all()

    def _admitted(self, until: float) -> "Session[Any] | None":
        """Wait for the turn; return the prober's session, or nothing where one may be opened."""
        with self._changed:
            self._wake()
            self._waiting += 1
            try:
                while self._spare is None and self.state != "up":
                    if self.state == "refusing" and self._cause is not None:
                        raise again(self._cause)
                    if not self._changed.wait(max(0.0, until - waits.clock())):
                        break
                if self._spare is not None:
                    self.tally.add("handovers")
                    spare, self._spare = self._spare, None
                    return spare
            finally:
                self._waiting -= 1
            if waits.clock() >= until:
                raise self._not_back()
            return None

    def _logged_in(self, connect: Connect, until: float) -> "Session[Any] | None":
        """Open a session, a few at a time; nothing when the database proves to be away."""
        if not self._logins.acquire(timeout=max(0.0, until - waits.clock())):
            raise self._not_back()
        try:
            left_s, alarms = until - waits.clock(), self.alarms
            if self.state != "up" or left_s <= 0:
                return None
            with waits.deadline(min(self.limits.login_s, left_s)):
                session = connect()
            if self.needs_primary and session.on_standby:
                session.close()
                raise WrongServerError
            self.tally.add("logins")
        except psycopg.OperationalError as error:
            if is_refusal(error):
                self.tally.add("refusals")
                raise
            self.doubt(error, alarms=alarms)
            return None
        finally:
            self._logins.release()
        return session

    def _not_back(self) -> DatabaseLostError:
        if self.state == "up" or self._cause is None:
            return DatabaseLostError("no turn to open a session in time")
        for_s = waits.clock() - self._since
        return DatabaseLostError(f"database lost for {for_s:.1f} s: {first_line(self._cause)}")

    # What the prober tells.

    def reason(self, idle_s: float) -> bool:
        """Wait at most `idle_s` for a reason to probe, and tell whether there is one."""
        with self._changed:
            return self._changed.wait_for(
                lambda: self._prober is None or self._is_troubled(), idle_s
            )

    def questions(self) -> list[Question]:
        """Return what has no answer yet."""
        with self._changed:
            return [question for question in self._questions if question.verdict is None]

    def answer(self, question: Question, verdict: Verdict) -> None:
        """Tell what was found."""
        question.answered_at, question.verdict = waits.clock(), verdict

    def good(self, session: "Session[Any]") -> bool:
        """Hear of a fresh session that did its work; tell whether a waiting thread takes it."""
        with self._changed:
            if self.state in {"lost", "refusing"}:
                self.tally.add("returns")
                log.warning("database back after %.2f s", waits.clock() - self._since)
            self.state, self._cause, self._since = "up", None, 0.0
            taken = self._waiting > 0 and self._spare is None
            if taken:
                self._spare = session
            self._changed.notify_all()
            return taken

    def unclaimed(self) -> "Session[Any] | None":
        """Take back a session that nobody took: who waited has given up."""
        with self._changed:
            if self._waiting:
                return None
            spare, self._spare = self._spare, None
            return spare

    def away(self, error: BaseException, *, since: float, certain: bool) -> None:
        """Hear that no fresh session could be had; silence has to last to be a loss."""
        with self._changed:
            if self._since == 0.0:
                self._since, self._cause = since, error
            lasts = waits.clock() - self._since >= self.limits.doubt_s
            if self.state != "lost" and (certain or lasts):
                self.tally.add("losses")
                log.warning("database lost: %s", first_line(error))
                self._turn("lost", error)

    def refused(self, error: BaseException) -> None:
        """Hear that the server is there and turns sessions away: who waits is told so at once."""
        with self._changed:
            self.tally.add("refusals")
            if self.state == "up":
                return  # the prober's own need: those who hold sessions go on
            if self.state != "refusing":
                log.warning("database refuses sessions: %s", first_line(error))
            self._turn("refusing", error)

    def _is_troubled(self) -> bool:
        silent = any(question.verdict is None for question in self._questions)
        return self.state != "up" or self._since > 0 or silent

    def _turn(self, state: State, error: BaseException) -> None:
        self._since = self._since or waits.clock()
        self.state, self._cause = state, error
        self.alarms += 1
        self._changed.notify_all()

    def _wake(self) -> None:
        """Let the prober look, and see that there is one."""
        if self._prober is None:
            self._prober = Prober(self)
            self._prober.start()
        self._changed.notify_all()


_watches: "weakref.WeakSet[Watch]" = weakref.WeakSet()


def _forget_all() -> None:
    for watch in _watches:
        watch.forget()


os.register_at_fork(after_in_child=_forget_all)

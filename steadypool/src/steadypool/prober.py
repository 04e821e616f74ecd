"""The one thread that finds out whether the database is back; nobody else connects meanwhile."""

import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import psycopg

from steadypool import waits
from steadypool.errors import (
    LateError,
    SilentError,
    SilentLoginError,
    WrongServerError,
    is_refusal,
)

if TYPE_CHECKING:
    from steadypool.session import Session
    from steadypool.watch import Watch

PAUSE_S = 0.02  # between the beginnings of two probes; one that met silence has waited enough
LONG_AWAY = 1500  # probes in a row without success, half a minute's, then:
LONG_PAUSE_S = 0.1
REFUSED_PAUSE_S = 0.25  # each one counts against the server's slots, or as a failed login
MOST_LOGIN_S = 5.0
ASK_S = 0.25  # for the answer about silent sessions

CHECK = "SELECT pg_is_in_recovery(), pg_backend_pid()"
# Of an own session's process everyone may know the state; without `track_activities` none has one.
ASK = """SELECT a.pid, a.state, a.wait_event_type
FROM unnest(%s::int[]) AS asked (pid), LATERAL pg_stat_get_activity(asked.pid) AS a"""


class Prober:
    """Probe while there is a reason to; else look at a session of one's own now and then."""

    def __init__(self, watch: "Watch") -> None:
        self._watch, self._limits = watch, watch.limits
        self._stopped = threading.Event()
        self._standing: Session[Any] | None = None
        self._login_s = self._limits.login_s
        self._failed = 0
        self._behind_pooler = False

    def start(self) -> None:
        """Begin, on a daemon thread."""
        threading.Thread(target=self._run, name="steadypool-prober", daemon=True).start()

    def stop(self) -> None:
        """End soon, and close the own session."""
        self._stopped.set()

    def _run(self) -> None:
        while not self._stopped.is_set():
            wanted = self._watch.reason(self._limits.heartbeat_s)
            if self._stopped.is_set():
                break
            self._keep(self._watch.unclaimed() or self._standing)
            if wanted or not self._is_alive():
                self._probe()
        self._keep(None)

    def _keep(self, session: "Session[Any] | None") -> None:
        if self._standing is not None and self._standing is not session:
            self._standing.close()
        self._standing = session
        if session is not None:
            session.autocommit = True  # it must not idle in a transaction

    def _is_alive(self) -> bool:
        """Tell whether the own session still answers."""
        if self._standing is None:
            return False
        try:
            with waits.deadline(self._limits.patience_s):
                self._standing.execute(";", prepare=False)
        except psycopg.Error:
            self._keep(None)
            return False
        return True

    def _probe(self) -> None:
        """Try for a fresh session once, and tell what came of it."""
        self._watch.tally.add("probes")
        began_at = waits.clock()
        try:
            with waits.deadline(self._login_s):
                session = self._checked(self._watch.connect())
            self._answer(session)
        except (SilentError, LateError) as error:
            silent = isinstance(error, (SilentLoginError, LateError))  # connected, and then nothing
            if silent and waits.clock() - began_at >= self._login_s:
                self._login_s = min(2 * self._login_s, MOST_LOGIN_S)
            self._away(error, began_at, certain=False)
        except Exception as error:  # noqa: BLE001 # a listener that reads a password may raise any
            self._turned_away(error, began_at)
        else:
            self._login_s, self._failed = self._limits.login_s, 0
            self._keep(None if self._watch.good(session) else session)

    def _away(self, error: BaseException, began_at: float, *, certain: bool) -> None:
        self._watch.away(error, since=began_at, certain=certain)
        self._failed += 1
        pause_s = PAUSE_S if self._failed < LONG_AWAY else LONG_PAUSE_S
        self._stopped.wait(max(0.0, began_at + pause_s - waits.clock()))

    def _turned_away(self, error: Exception, began_at: float) -> None:
        if isinstance(error, psycopg.Error) and not is_refusal(error):
            self._away(error, began_at, certain=True)
            return
        if self._standing is not None and self._is_alive():
            self._answer(self._standing)  # no slot is free: the own session has to do
        self._watch.refused(error)
        self._stopped.wait(REFUSED_PAUSE_S)

    def _checked(self, session: "Session[Any]") -> "Session[Any]":
        """Let a session do the work once; it is handed on as it came from the driver."""
        session.autocommit = True
        standby, pid = session.execute(CHECK, prepare=False).fetchone() or (False, 0)
        session.autocommit = False
        self._behind_pooler = pid != session.pgconn.backend_pid
        if self._watch.needs_primary and standby:
            session.close()
            raise WrongServerError
        return session

    def _answer(self, session: "Session[Any]") -> None:
        """Answer for all silent sessions at once."""
        questions = self._watch.questions()
        if not questions:
            return
        pids = [question.pid for question in questions]
        # A pooler's numbers are its own, and tell nothing: nothing is to be cut.
        working = set(pids) if self._behind_pooler else _at_work(session, pids)
        for question in questions:
            self._watch.answer(question, "working" if question.pid in working else "dead")


def _at_work(session: "Session[Any]", pids: list[int]) -> set[int]:
    """Ask which of these processes are at work; all are taken to be where nobody tells."""
    session.autocommit = True
    try:
        with waits.deadline(ASK_S):
            working = _working(session.execute(ASK, [pids], prepare=False).fetchall())
    except psycopg.Error as error:
        if session.closed or error.sqlstate is None:
            raise
        working = set(pids)
    session.autocommit = False
    return working


def _working(rows: Sequence[Sequence[Any]]) -> set[int]:
    """Return the processes at work: one that waits for its client does no work for it."""
    return {pid for pid, state, event in rows if _is_working(state, event)}


def _is_working(state: str | None, wait_event_type: str | None) -> bool:
    if state is None or state == "disabled":
        return True  # nobody knows: it is not to be cut
    return state in {"active", "fastpath function call"} and wait_event_type != "Client"

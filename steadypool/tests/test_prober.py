"""The prober by itself, on sessions that only pretend, and what its watch makes of its word."""

import logging
import threading
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest

from steadypool import prober as probing
from steadypool import waits
from steadypool.doubt import Question
from steadypool.errors import SilentError, SilentLoginError
from steadypool.prober import (
    LONG_AWAY,
    LONG_PAUSE_S,
    MOST_LOGIN_S,
    PAUSE_S,
    REFUSED_PAUSE_S,
    Prober,
)
from steadypool.watch import Watch

LIMITS = waits.Waits(login_s=0.05, doubt_s=0.05)
FULL = psycopg.OperationalError("FATAL:  sorry, too many clients already")


class Session:
    """Answers at once what it is told to; keeps what it was asked, and with which deadline."""

    def __init__(self, *answers: Any) -> None:
        self._answers = list(answers)
        self.autocommit = self.closed = False
        self.pgconn = SimpleNamespace(backend_pid=7)
        self.left_s: list[float] = []

    def execute(self, *_: object, **__: object) -> "Session":
        """Take a statement."""
        self.left_s.append(waits.left(99))
        if self._answers and isinstance(self._answers[0], Exception):
            raise self._answers.pop(0)
        return self

    def fetchone(self) -> Any:
        """Return the next answer."""
        return self._answers.pop(0)

    def fetchall(self) -> Any:
        """Return the next answer."""
        return self._answers.pop(0)

    def close(self) -> None:
        """End."""
        self.closed = True


class Played:
    """A prober that is not started, its watch, and the pauses that it would have made."""

    def __init__(self, connect: Callable[[], Any]) -> None:
        self.watch = Watch(connect, LIMITS, needs_primary=False)
        self.prober = Prober(self.watch)
        self.pauses: list[float] = []
        self.prober._stopped.wait = self.pauses.append


def good() -> Session:
    """Return a session of a primary."""
    return Session((False, 7))


def silent() -> None:
    """Take as long as a login may, and get none."""
    threading.Event().wait(waits.left(99))
    raise SilentLoginError("the server's login did not come in time")


def refused() -> None:
    """Get no connection."""
    raise SilentError("the server's connection did not come in time")


def full() -> None:
    """Be turned away."""
    raise psycopg.OperationalError(*FULL.args)


def test_login_that_never_ends_is_given_more_time() -> None:
    """A slow server is reached in the end; once it is, the limit is the first again."""
    played = Played(silent)
    for expected in (0.1, 0.2):
        played.prober._probe()
        assert expected == pytest.approx(played.prober._login_s)
    played.prober._login_s = MOST_LOGIN_S
    played.watch.connect = good
    played.prober._probe()
    assert LIMITS.login_s == played.prober._login_s


def test_refused_connection_is_given_no_more_time() -> None:
    """It told all that there is to tell."""
    played = Played(refused)
    played.prober._probe()
    assert LIMITS.login_s == played.prober._login_s


def test_long_outage_is_probed_less_often() -> None:
    """After half a minute there is no hurry."""
    played = Played(refused)
    played.prober._probe()
    played.prober._failed = LONG_AWAY
    played.prober._probe()
    assert [PAUSE_S, LONG_PAUSE_S] == pytest.approx(played.pauses, abs=0.015)


def test_server_that_turns_sessions_away_is_left_in_peace() -> None:
    """Each attempt takes a slot for a moment, or counts as a failed login."""
    played = Played(full)
    played.prober._probe()
    assert [REFUSED_PAUSE_S] == played.pauses


def test_session_is_handed_on_as_the_driver_made_it() -> None:
    """A plain transaction on it must be one, also where it answered a question."""
    session = Session((False, 7), [(7, "active", None)])
    played = Played(lambda: session)
    question = Question(7)
    played.watch._questions.append(question)
    played.watch._waiting = 1
    played.prober._probe()
    assert "working" == question.verdict
    assert session is played.watch._spare
    assert not session.autocommit


def test_session_that_checked_alone_is_handed_on_as_well() -> None:
    """Without a question."""
    session = good()
    played = Played(lambda: session)
    played.watch._waiting = 1
    played.prober._probe()
    assert session is played.watch._spare
    assert not session.autocommit


def test_asking_has_a_deadline() -> None:
    """Who waits for the verdict waits for the prober."""
    session = Session([(7, "idle", "Client")])
    played = Played(good)
    played.watch._questions.append(Question(7))
    played.prober._answer(session)
    assert session.left_s[0] <= probing.ASK_S


def test_server_that_does_not_tell_cuts_nobody() -> None:
    """One without the function, or that forbids it."""
    question = Question(7)
    played = Played(good)
    played.watch._questions.append(question)
    played.prober._answer(Session(psycopg.errors.UndefinedFunction("no such function")))
    assert "working" == question.verdict


def test_silence_to_one_probe_is_no_loss() -> None:
    """One lost packet; silence has to last."""
    watch = Watch(silent, LIMITS, needs_primary=False)
    began_at = waits.clock()
    watch.away(SilentError("nothing"), since=began_at, certain=False)
    assert (0, "up") == (watch.tally.snapshot().losses, watch.state)
    watch.away(SilentError("nothing"), since=began_at, certain=True)
    assert (1, "lost") == (watch.tally.snapshot().losses, watch.state)


def test_silence_that_lasts_is_a_loss() -> None:
    """From the first probe that met it."""
    watch = Watch(silent, LIMITS, needs_primary=False)
    watch.away(SilentError("nothing"), since=waits.clock() - 1, certain=False)
    assert 1 == watch.tally.snapshot().losses


def test_session_that_nobody_took_is_taken_back() -> None:
    """Who waited has given up: else it would idle in the gate for ever."""
    watch = Watch(good, LIMITS, needs_primary=False)
    watch._spare = spare = good()
    watch._waiting = 1
    assert watch.unclaimed() is None
    watch._waiting = 0
    assert spare is watch.unclaimed()
    assert watch._spare is None


def test_session_in_the_gate_ends_with_the_engine() -> None:
    """The server must not keep it."""
    watch = Watch(good, LIMITS, needs_primary=False)
    watch._spare = spare = good()
    watch.close()
    assert spare.closed


def test_own_need_of_the_probers_is_no_refusal(caplog: pytest.LogCaptureFixture) -> None:
    """No slot for its session is no trouble of those who hold theirs."""
    played = Played(full)
    with caplog.at_level(logging.INFO, "steadypool"):
        played.prober._probe()
    assert "up" == played.watch.state
    assert [] == caplog.records
    assert 1 == played.watch.tally.snapshot().refusals


def test_each_waiting_thread_has_an_error_of_its_own() -> None:
    """One instance in many threads would mix their tracebacks."""
    watch = Watch(full, LIMITS, needs_primary=False)
    watch.away(FULL, since=waits.clock(), certain=True)
    watch.refused(FULL)
    met = []
    for _ in range(2):
        with pytest.raises(psycopg.OperationalError, match="too many clients") as told:
            watch.open(full)
        met.append(told.value)
    watch.close()
    assert FULL not in met
    assert met[0] is not met[1]


def test_session_of_its_own_idles_in_no_transaction() -> None:
    """It would hold back the server's clean-up for as long as the prober lives."""
    played, session = Played(good), good()
    played.prober._keep(session)
    assert session.autocommit


def test_old_trouble_told_once_more_is_no_new_doubt() -> None:
    """What proved good before the latest alarm alone may have died in what is over."""
    watch = Watch(silent, LIMITS, needs_primary=False)
    watch.alarms = 3
    watch.doubt(FULL, alarms=2)
    assert "up" == watch.state
    watch.doubt(FULL, alarms=3)
    assert "doubted" == watch.state
    watch.close()

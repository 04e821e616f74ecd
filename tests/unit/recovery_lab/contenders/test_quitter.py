"""The quitter: a second's patience with a read, and more where nothing is to be proven yet."""

from typing import Any
from unittest.mock import MagicMock

import psycopg2
import pytest

from recovery_lab.contenders import quitter
from recovery_lab.login import DeadlineError

LOGIN = {"host": "db", "port": 1, "name": "lab", "user": "reader", "password": "none"}
WAY = {"login": LOGIN, "work": "the work"}


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> MagicMock:
    """A session whose answers take as long as `needs_s` says; no time passes."""
    made = MagicMock(needs_s=0.0)
    made.cursor.return_value.fetchall.return_value = [{"backend_pid": 7}]

    def drive(_: Any, phase: str, limit_s: float, began_at: float) -> None:
        if made.needs_s > limit_s:
            raise DeadlineError(phase, limit_s)

    monkeypatch.setattr(quitter, "drive", drive)
    monkeypatch.setattr(quitter, "connect", made.connect)
    monkeypatch.setattr(quitter, "look_up", made.look_up)
    made.connect.return_value = made
    return made


def test_quitter_closes_for_good_after_a_second(session: MagicMock) -> None:
    """It is the control that gives up: a read of over a second is its last."""
    one = quitter.make("quitter", WAY)
    one.warm(1)
    session.needs_s = 1.1
    with pytest.raises(DeadlineError, match=r"execute not done after 1\.0 s"):
        one.read("1-abc")
    session.close.assert_called_once()
    session.needs_s = 0.0
    with pytest.raises(DeadlineError):
        one.read("2-abc")
    session.connect.assert_called_once()


@pytest.mark.parametrize("error", [psycopg2.OperationalError("FATAL:  slots"), None])
def test_quitter_that_gets_no_session_never_asks_again(error, session: MagicMock) -> None:
    """Refused, or not answered: whatever the server says by then."""
    one = quitter.make("quitter", WAY)
    session.connect.side_effect, session.needs_s = error, 1.1
    for nonce in ("1-abc", "2-abc"):
        with pytest.raises((psycopg2.OperationalError, DeadlineError)):
            one.read(nonce)
        session.connect.side_effect, session.needs_s = None, 0.0
    session.connect.assert_called_once()


def test_quitter_forgets_its_session_and_not_that_it_gave_up(session: MagicMock) -> None:
    """Given up, the next read opens one; not so after one that was in vain."""
    one = quitter.make("quitter", WAY)
    one.forget()
    for _ in range(2):
        one.read("1-abc")
        one.forget()
    assert (2, 2) == (session.connect.call_count, session.close.call_count)
    session.needs_s = 1.1
    for _ in range(2):
        with pytest.raises(DeadlineError):
            one.read("2-abc")
        one.forget()
    assert 3 == session.connect.call_count


def test_quitter_waits_longer_while_it_is_warmed(session: MagicMock) -> None:
    """Contenders that start beside it take the processor from the server: that is no outage."""
    one = quitter.make("quitter", WAY)
    session.needs_s = 5.0
    assert [7] == one.warm(4)
    assert session.cursor().execute.call_args.args[0].endswith(" WHERE the work")
    session.close.assert_not_called()


def test_quitter_gives_up_on_a_name_that_nobody_answers(session: MagicMock) -> None:
    """Within its second; the look-up has a thread of its own, so that its process goes on."""
    one = quitter.make("quitter", WAY)
    session.look_up.side_effect = DeadlineError("look-up", 1.0)
    for _ in range(2):
        with pytest.raises(DeadlineError):
            one.read("1-abc")
    assert [1.0] == [call.args[1] for call in session.look_up.call_args_list]
    session.connect.assert_not_called()

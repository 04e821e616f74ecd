"""The quitter: a second's patience with a read, and more where nothing is to be proven yet."""

from typing import Any
from unittest.mock import MagicMock

import pytest

from recovery_lab.contenders import quitter
from recovery_lab.session import DeadlineError

LOGIN = {"host": "db", "port": 1, "name": "lab", "user": "reader", "password": "none"}
WAY = {"login": LOGIN, "work": "the work"}


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> MagicMock:
    """A session whose answers take as long as `needs_s` says; no time passes."""
    made = MagicMock(needs_s=0.0)
    made.cursor.return_value.fetchall.return_value = [{"backend_pid": 7}]

    def drive(_: Any, phase: str, limit_s: float) -> None:
        if made.needs_s > limit_s:
            raise DeadlineError(phase, limit_s)

    monkeypatch.setattr(quitter, "drive", drive)
    monkeypatch.setattr("recovery_lab.contenders.driver.connect", lambda *_, **__: made)
    return made


def test_quitter_closes_for_good_after_a_second(session: MagicMock) -> None:
    """It is the control that gives up: a read of over a second is its last."""
    one = quitter.make("quitter", WAY)
    session.needs_s = 1.1
    with pytest.raises(DeadlineError, match=r"query not done after 1\.0 s"):
        one.read("1-abc")
    session.close.assert_called_once()


def test_quitter_waits_longer_while_it_is_warmed(session: MagicMock) -> None:
    """Contenders that start beside it take the processor from the server: that is no outage."""
    one = quitter.make("quitter", WAY)
    session.needs_s = 5.0
    assert [7] == one.warm(4)
    assert session.cursor().execute.call_args.args[0].endswith(" WHERE the work")
    session.close.assert_not_called()

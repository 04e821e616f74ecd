"""The locker's program, with a server that gives the lock or does not."""

import json
from typing import Any
from unittest.mock import MagicMock

import psycopg2
import pytest

from recovery_lab.faults import locker
from recovery_lab.login import Login

LOGIN = Login(host="db", port=5432, name="lab", user="owner", password="none")
TABLE = '"orders"'


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> MagicMock:
    """A session of the admin's, and a process that is told to end at once."""
    made = MagicMock(waits=[])
    monkeypatch.setattr(locker.session, "connect", lambda login, name: made)
    monkeypatch.setattr(
        locker.netfault.signal, "sigtimedwait", lambda _, limit_s: made.waits.append(limit_s)
    )
    monkeypatch.setattr(locker.netfault.signal, "pthread_sigmask", lambda *_: None)
    return made


def said(capsys) -> dict[str, dict[str, Any]]:
    """Return what the program said, by step."""
    return {step["step"]: step for step in map(json.loads, capsys.readouterr().out.splitlines())}


def test_lock_is_held_until_it_is_told_or_its_time_is_up(session: MagicMock, capsys) -> None:
    """In one transaction, which it ends before it says so."""
    locker.hold(LOGIN, TABLE, 60.0)
    told = said(capsys)
    assert ["injected", "healed"] == list(told)
    [statement] = session.cursor().execute.call_args.args
    assert statement.endswith('LOCK TABLE "orders" IN ACCESS EXCLUSIVE MODE')
    assert 60.0 == session.waits[0]
    session.rollback.assert_called_once()
    session.close.assert_called_once()


def test_lock_that_is_not_to_be_had_is_told(session: MagicMock, capsys) -> None:
    """Somebody keeps his transaction open: the fault is not in, and nobody waits behind it."""
    error = psycopg2.OperationalError("canceling statement due to lock timeout")
    session.cursor().execute.side_effect = error
    locker.hold(LOGIN, TABLE, 60.0)
    told = said(capsys)
    assert {"failed": "canceling statement due to lock timeout"} == {
        step: one["said"] for step, one in told.items()
    }
    session.close.assert_called_once()


def test_lock_whose_session_was_ended_is_gone(session: MagicMock, capsys) -> None:
    """By hand, as the documents tell; healing must not wait for it."""
    session.rollback.side_effect = psycopg2.InterfaceError("connection already closed")
    locker.hold(LOGIN, TABLE, 60.0)
    assert ["injected", "healed"] == list(said(capsys))

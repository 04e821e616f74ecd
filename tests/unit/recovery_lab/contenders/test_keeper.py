"""The keeper: it comes back from a lost session, and never with another password."""

from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import psycopg2
import pytest

from recovery_lab.contenders import keeper
from recovery_lab.login import Login


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The passwords of the sessions that were opened; each fails at its second read."""
    passwords: list[str] = []

    def connect(login: Login, name: str) -> MagicMock:
        passwords.append(login.secret())
        made = MagicMock()
        cursor = made.cursor().__enter__()
        cursor.fetchall.return_value = [("n", 7, "nine")]
        cursor.execute.side_effect = [None, psycopg2.OperationalError("gone")]
        return made

    monkeypatch.setattr(keeper, "connect", connect)
    return passwords


def test_keeper_logs_in_with_its_first_password_for_ever(tmp_path: Path, opened) -> None:
    """Its file says another one by then; that it opens another session is no cure."""
    secret = tmp_path / "password"
    secret.write_text("old\n")
    login: dict[str, Any] = {"host": "db", "port": 1, "name": "lab", "user": "reader"}
    login |= {"password_file": str(secret)}
    one = keeper.make("keeper", {"login": login, "work": "true"})
    answer = {"nonce": "n", "backend_pid": 7, "server_started": "nine"}
    assert answer == one.read("n")
    secret.write_text("new\n")
    with pytest.raises(psycopg2.OperationalError):
        one.read("n")
    assert [7] == one.warm(1)
    assert ["old", "old"] == opened

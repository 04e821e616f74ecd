"""Plain psycopg2 in words: what ends the reads of canary and quitter."""

from unittest.mock import Mock

import psycopg2
import psycopg2.errors
import pytest

from recovery_lab.contenders import driver
from recovery_lab.login import DeadlineError
from recovery_lab.session import drive


@pytest.mark.parametrize(
    ("error", "phase", "kind"),
    [
        (psycopg2.OperationalError("server closed the connection"), "execute", "connection_lost"),
        (psycopg2.errors.AdminShutdown("terminating"), "execute", "connection_lost"),
        (psycopg2.InterfaceError("connection already closed"), "execute", "connection_lost"),
        (psycopg2.OperationalError("connection to server at …"), "connect", "connect_refused"),
        (psycopg2.errors.UndefinedTable("no such table"), "execute", "query"),
        (DeadlineError("execute", 1.0), "execute", "deadline"),
        (DeadlineError("connect", 1.0), "connect", "deadline"),
    ],
)
def test_failure_has_a_phase_and_a_kind(error: Exception, phase: str, kind: str) -> None:
    """What ended the read: the session, the way to a new one, the time, or the statement."""
    told = driver.failure(error)
    assert (phase, kind, type(error).__name__) == (
        told["phase"],
        told["kind"],
        told["error_class"],
    )


def test_asynchronous_connect_is_told_by_who_drove_it() -> None:
    """Its words leave out where it was connecting."""
    error = psycopg2.OperationalError("FATAL:  sorry, too many clients already")
    with pytest.raises(psycopg2.OperationalError):
        drive(Mock(poll=Mock(side_effect=error)), "connect", 1.0)
    assert ("connect", "connect_refused") == (
        driver.failure(error)["phase"],
        driver.failure(error)["kind"],
    )
    assert "execute" == driver.failure(psycopg2.OperationalError("FATAL:  sorry"))["phase"]


def test_failure_keeps_the_first_line_alone() -> None:
    """Addresses and hints that follow it are no part of what is compared."""
    told = driver.failure(psycopg2.OperationalError("gone\n\tIs the server running?"))
    assert ("gone", "") == (told["message"], told["sqlstate"])

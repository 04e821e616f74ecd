"""Plain psycopg2 in words: what ends the reads of canary and quitter."""

import psycopg2
import psycopg2.errors
import pytest

from recovery_lab.contenders import driver
from recovery_lab.session import DeadlineError


@pytest.mark.parametrize(
    ("error", "phase", "kind"),
    [
        (psycopg2.OperationalError("server closed the connection"), "query", "connection_lost"),
        (psycopg2.errors.AdminShutdown("terminating"), "query", "connection_lost"),
        (psycopg2.InterfaceError("connection already closed"), "query", "connection_lost"),
        (psycopg2.OperationalError("connection to server at …"), "connect", "connect_refused"),
        (psycopg2.errors.UndefinedTable("no such table"), "query", "query"),
        (DeadlineError("query", 1.0), "query", "deadline"),
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


def test_failure_keeps_the_first_line_alone() -> None:
    """Addresses and hints that follow it are no part of what is compared."""
    told = driver.failure(psycopg2.OperationalError("gone\n\tIs the server running?"))
    assert ("gone", "") == (told["message"], told["sqlstate"])

"""The kinds of trouble, and that nothing of the driver's words gets out."""

import logging

import psycopg
import psycopg2
import psycopg2.errors
import pytest
import sqlalchemy.exc

import steadypool
from dashboard.errors import (
    ClosingError,
    DeadlineError,
    NotConnectedError,
    OverloadedError,
    PasswordFileError,
    ReadFailedError,
    Trouble,
    UnknownHostError,
    classify,
    driver_line,
    keep_last_words,
    phase_of,
)
from tests.unit.dashboard.corpus import lost

AT = 'connection to server at "postgres" (172.18.0.2), port 5432 failed: '


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("overloaded", OverloadedError()),
        ("deadline", DeadlineError()),
        ("closing", ClosingError()),
        ("unknown_host", UnknownHostError()),
        ("no_password", PasswordFileError()),
        ("pool_timeout", sqlalchemy.exc.TimeoutError()),
        ("internal", RuntimeError("a bug")),
        ("connection_lost", psycopg2.InterfaceError("connection already closed")),
        ("query_failed", psycopg2.ProgrammingError("no such table")),
        ("connection_lost", ReadFailedError(Trouble(kind="connection_lost"))),
        ("connection_lost", psycopg.OperationalError("the connection is lost")),
        ("connection_lost", steadypool.DeadSocketError("the server works on nothing")),
        ("deadline", steadypool.LateError("the deadline passed")),
        ("query_failed", psycopg.errors.UndefinedTable("no such table")),
    ],
)
def test_classify_knows_the_classes(kind: str, error: Exception) -> None:
    """The dashboard's, SQLAlchemy's and the driver's classes each have their kind."""
    assert kind == classify(error).kind


def test_read_that_waited_in_vain_is_named_by_what_kept_it() -> None:
    """The deadline's error says how long; its cause says why, and how far the read had come."""
    lost = steadypool.DatabaseLostError(f"database lost for 4.0 s: {AT}Connection refused")
    late = steadypool.DeadlineError(5.0, 1, lost)
    late.__cause__ = sqlalchemy.exc.OperationalError(None, None, lost)
    assert ("connect", "refused") == (phase_of(late), classify(late).kind)
    assert driver_line(late).startswith("DatabaseLostError: database lost for 4.0 s")


def test_messages_are_fixed_and_name_nothing() -> None:
    """A response holds the kind's own words, never the driver's."""
    error = psycopg2.OperationalError(AT + 'FATAL: password authentication failed for "reader"')
    shown = classify(error).as_json()
    assert {"kind", "sqlstate", "message"} == set(shown)
    for secret in ("172.18", "postgres", "reader", "5432"):
        assert secret not in str(shown["message"])


def test_phase_tells_connect_from_query() -> None:
    """SQLAlchemy knows no statement while it connects; a raw error tells by its words."""
    lost = psycopg2.OperationalError("server closed the connection unexpectedly")
    refused = psycopg2.OperationalError(AT + "Connection refused")
    assert "query" == phase_of(lost)
    assert "connect" == phase_of(refused)
    assert "query" == phase_of(sqlalchemy.exc.OperationalError("SELECT 1", None, lost))
    assert "connect" == phase_of(sqlalchemy.exc.OperationalError(None, None, lost))


def test_last_words_of_a_session_are_kept_where_it_is_lost() -> None:
    """A session that lives said nothing last; one that is gone was no connect, rollback or not."""
    said = "FATAL:  terminating connection due to idle-in-transaction timeout"
    error = sqlalchemy.exc.OperationalError(None, None, psycopg2.OperationalError("EOF detected"))
    keep_last_words(error.orig, lost(said, closed=0))
    assert ("connect", "connection_lost") == (phase_of(error), classify(error).kind)
    keep_last_words(error.orig, lost(said))
    assert ("query", "idle_in_transaction") == (phase_of(error), classify(error).kind)
    assert "OperationalError: EOF detected" == driver_line(error)


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("refused", "Connection refused\n\tIs the server running?"),
        ("unreachable", "No route to host"),
        ("shutting_down", "FATAL:  the database system is shutting down"),
        ("rejected", 'FATAL:  invalid value for parameter "work_mem": "zz"'),
        ("untrusted", "server does not support SSL, but SSL was required"),
        ("not_connected", "received invalid response to SSL negotiation: H"),
    ],
)
def test_asynchronous_connect_is_told_like_any_other(kind: str, words: str) -> None:
    """Then the driver leaves out where it was connecting: that it was is told by the wrapper."""
    error = NotConnectedError(psycopg2.OperationalError(words))
    assert ("connect", Trouble(kind=kind)) == (phase_of(error), classify(error))
    assert classify(psycopg2.OperationalError(AT + words)) == classify(error)
    assert driver_line(error).startswith(f"OperationalError: {words[:10]}")


def test_driver_line_is_the_drivers_first(caplog: pytest.LogCaptureFixture) -> None:
    """The log shows the original words, on one line."""
    error = psycopg2.OperationalError("server closed the connection unexpectedly\n\tThis means")
    wrapped = sqlalchemy.exc.OperationalError("SELECT 1", None, error)
    with caplog.at_level(logging.WARNING):
        logging.getLogger("test").warning(driver_line(wrapped))
    assert ["OperationalError: server closed the connection unexpectedly"] == caplog.messages

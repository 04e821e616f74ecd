"""The kinds of trouble, and that nothing of the driver's words gets out."""

import logging

import psycopg2
import psycopg2.errors
import pytest
import sqlalchemy.exc

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
    phase_of,
)
from dashboard.kinds import BY_SQLSTATE, MESSAGES, WORDS

AT = 'connection to server at "postgres" (172.18.0.2), port 5432 failed: '


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("refused", AT + "Connection refused\n\tIs the server running?"),
        ("unreachable", AT + "No route to host"),
        ("unreachable", AT + "Connection timed out"),
        ("unreachable", AT + "timeout expired"),
        ("not_connected", AT + "something new"),
        ("not_connected", AT + "server does not support SSL, but SSL was required"),
        ("not_connected", AT + 'authentication method requirement "md5" failed: server requested'),
        ("starting_up", AT + "FATAL:  the database system is starting up"),
        ("starting_up", AT + "FATAL:  the database system is in recovery mode"),
        ("starting_up", AT + "FATAL:  the database system is not yet accepting connections"),
        ("shutting_down", AT + "FATAL:  the database system is shutting down"),
        ("too_many_connections", AT + "FATAL:  sorry, too many clients already"),
        ("login_rejected", AT + 'FATAL:  password authentication failed for user "reader"'),
        ("login_rejected", AT + 'FATAL:  role "reader" is not permitted to log in'),
        ("login_rejected", AT + 'FATAL:  no pg_hba.conf entry for host "172.18.0.3", user "r"'),
        ("login_rejected", AT + 'FATAL:  role "reader" does not exist'),
        ("login_rejected", AT + 'FATAL:  permission denied for database "lab"\nDETAIL:  User'),
        ("login_rejected", AT + "fe_sendauth: no password supplied"),
        ("too_many_connections", AT + 'FATAL:  too many connections for role "reader"'),
        ("too_many_connections", AT + 'FATAL:  too many connections for database "lab"'),
        ("too_many_connections", AT + "FATAL:  remaining connection slots are reserved for roles"),
        ("not_accepting", AT + 'FATAL:  database "lab" is not currently accepting connections'),
        ("not_accepting", AT + "FATAL:  the database system is not accepting connections"),
        ("no_database", AT + 'FATAL:  database "lab" does not exist'),
        ("rejected", AT + "FATAL:  canceling authentication due to timeout"),
        ("rejected", AT + 'FATAL:  invalid value for parameter "work_mem": "zz"'),
        ("connection_lost", AT + "FATAL:  terminating connection due to administrator command"),
        (
            "starting_up",
            'connection to server at "postgres" (::1), port 5432 failed: Connection refused\n'
            "\tIs the server running?\n" + AT + "FATAL:  the database system is starting up",
        ),
        ("connection_lost", AT + "server closed the connection unexpectedly"),
        ("unknown_host", 'could not translate host name "postgres" to address: Name unknown'),
        ("connection_lost", "server closed the connection unexpectedly\n\tThis probably means"),
        ("connection_lost", "terminating connection due to administrator command"),
        ("connection_lost", "could not receive data from server: Connection reset by peer"),
        ("connection_lost", "an unheard-of loss"),
    ],
)
def test_classify_knows_the_drivers_words(kind: str, words: str) -> None:
    """Without a SQLSTATE the words decide, raw and inside SQLAlchemy's error alike."""
    error = psycopg2.OperationalError(words)
    assert Trouble(kind=kind) == classify(error)
    statement = None if words.startswith(("connection to", "could not translate")) else "SELECT 1"
    wrapped = sqlalchemy.exc.OperationalError(statement, None, error)
    assert Trouble(kind=kind) == classify(wrapped)


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
    ],
)
def test_classify_knows_the_classes(kind: str, error: Exception) -> None:
    """The dashboard's, SQLAlchemy's and the driver's classes each have their kind."""
    assert kind == classify(error).kind


class _WithSqlstate(psycopg2.OperationalError):
    """psycopg2 sets `pgcode` in C; a subclass may show one."""

    pgcode = None


@pytest.mark.parametrize(
    ("kind", "sqlstate", "words"),
    [
        ("connection_lost", "57P01", "terminating connection due to administrator command"),
        ("connection_lost", "57P02", "terminating connection because of crash"),
        ("starting_up", "57P03", "the database system is starting up"),
        ("shutting_down", "57P03", "the database system is shutting down"),
        ("too_many_connections", "53300", "sorry"),
        ("login_rejected", "28P01", "no"),
        ("login_rejected", "28000", "no"),
        ("no_database", "3D000", "no"),
        ("connection_lost", "57P05", "terminating connection due to idle-session timeout"),
        ("connection_lost", "08006", "from a pooler"),
        ("starting_up", "57P03", "in words that nobody knows"),
        ("query_failed", "42P01", "relation does not exist"),
    ],
)
def test_classify_goes_by_sqlstate_where_there_is_one(kind: str, sqlstate: str, words: str) -> None:
    """The server's own code outranks the words, and is passed on."""
    error = type("Coded", (_WithSqlstate,), {"pgcode": sqlstate})(words)
    assert Trouble(kind=kind, sqlstate=sqlstate) == classify(error)


def test_server_that_answered_is_never_silent() -> None:
    """Whatever a server says to who comes, it is no host that does not answer."""
    for words in ("FATAL:  in words that nobody knows", 'ERROR:  unsupported: "x"'):
        for error in (AT + words, words):
            refusal = sqlalchemy.exc.OperationalError(None, None, psycopg2.OperationalError(error))
            assert "rejected" == classify(refusal).kind


def test_every_kind_that_is_told_has_its_words() -> None:
    """The tables name no kind without a message."""
    told = {kind for table in WORDS.values() for kind, _ in table} | set(BY_SQLSTATE.values())
    assert told <= set(MESSAGES)


def test_messages_are_fixed_and_name_nothing() -> None:
    """A response holds the kind's own words, never the driver's."""
    error = psycopg2.OperationalError(AT + 'FATAL: password authentication failed for "reader"')
    shown = classify(error).as_json()
    assert {"kind", "sqlstate", "message"} == set(shown)
    for secret in ("172.18", "postgres", "reader", "5432"):
        assert secret not in str(shown["message"])
    assert all(message == message.lower() for message in MESSAGES.values())


def test_phase_tells_connect_from_query() -> None:
    """SQLAlchemy knows no statement while it connects; a raw error tells by its words."""
    lost = psycopg2.OperationalError("server closed the connection unexpectedly")
    refused = psycopg2.OperationalError(AT + "Connection refused")
    assert "query" == phase_of(lost)
    assert "connect" == phase_of(refused)
    assert "query" == phase_of(sqlalchemy.exc.OperationalError("SELECT 1", None, lost))
    assert "connect" == phase_of(sqlalchemy.exc.OperationalError(None, None, lost))


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("refused", "Connection refused\n\tIs the server running?"),
        ("unreachable", "No route to host"),
        ("shutting_down", "FATAL:  the database system is shutting down"),
        ("rejected", 'FATAL:  invalid value for parameter "work_mem": "zz"'),
        ("not_connected", "server does not support SSL, but SSL was required"),
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

"""The kinds of trouble as data: their fixed words, and what tells each of them.

A server that answered is never "host does not answer": silence has to be told by libpq or by the
C library, and what nobody has told is only "no session could be opened".
"""

from collections.abc import Mapping
from typing import Literal

Phase = Literal["connect", "query"]
Told = tuple[tuple[str, tuple[str, ...]], ...]
"""Each kind with patterns over the driver's words in lower case; the first match wins."""

MESSAGES: Mapping[str, str] = {
    "connection_lost": "the database closed the connection",
    "refused": "the database refuses connections",
    "unreachable": "the database's host does not answer",
    "unknown_host": "the name of the database's host does not resolve",
    "starting_up": "the database is starting up",
    "shutting_down": "the database is shutting down",
    "not_accepting": "the database accepts no connections",
    "too_many_connections": "the database has no free connection slot",
    "login_rejected": "the database rejected the login",
    "no_database": "the server has no database of this name",
    "rejected": "the server rejected the connection",
    "not_connected": "no session could be opened",
    "no_password": "the dashboard cannot read its password file",
    "query_failed": "the database rejected the query",
    "pool_timeout": "no pooled connection became free in time",
    "overloaded": "too many reads are waiting",
    "deadline": "no answer within the deadline",
    "closing": "the dashboard is stopping",
    "internal": "the read failed in the dashboard",
}

# As PostgreSQL's appendix A lists them; two characters stand for a whole class.
BY_SQLSTATE: Mapping[str, str] = {
    "08": "connection_lost",
    "25P03": "connection_lost",  # idle_in_transaction_session_timeout
    "28": "login_rejected",
    "3D000": "no_database",
    "53300": "too_many_connections",
    "57P01": "connection_lost",  # admin_shutdown: this session was ended
    "57P02": "connection_lost",  # crash_shutdown
    "57P04": "no_database",  # dropped under the session
    "57P05": "connection_lost",  # idle_session_timeout
}

_LOST: Told = (
    (
        "connection_lost",
        (
            r"closed the connection",
            r"connection (already closed|has been closed|reset)",
            r"no connection to the server",
            r"terminating connection",
            r"broken pipe",
            r"could not (receive|send) data",
        ),
    ),
)

# What a server says to who comes (PostgreSQL's backend_startup.c, postinit.c and auth.c, with
# lc_messages=C; two of PgBouncer's), then what libpq and the C library say (untranslated in the
# image). The server first: libpq names each address it tried, and one of them may have answered.
CONNECTING: Told = (
    ("shutting_down", (r"system is shutting down",)),
    ("starting_up", (r"system is (starting up|in recovery mode|not yet accepting connections)",)),
    ("not_accepting", (r"is not (currently )?accepting connections",)),
    (
        "too_many_connections",
        (
            r"too many clients",
            r"too many connections",
            r"remaining connection slots",
            r"no more connections allowed",
        ),
    ),
    (
        "login_rejected",
        (
            r"authentication failed",
            r"no password supplied",
            r"not permitted to log in",
            r"pg_hba\.conf",
            r"permission denied for database",
            r'role ".*" does not exist',
        ),
    ),
    ("no_database", (r'database ".*" does not exist', r"no such database")),
    ("connection_lost", (r"terminating connection",)),
    ("rejected", (r"(fatal|error):  ",)),
    ("unknown_host", (r"could not translate host name",)),
    ("refused", (r"connection refused",)),
    (
        "unreachable",
        (
            r"no route to host",
            r"(network|host) is (unreachable|down)",
            r"timeout expired",
            r"connection timed out",
        ),
    ),
    *_LOST,
)

WORDS: Mapping[Phase, Told] = {"connect": CONNECTING, "query": _LOST}

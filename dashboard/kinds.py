"""The kinds of trouble as data: their fixed words, and what tells each of them.

A server that answered is never "host does not answer": silence has to be told by libpq or by the
C library, and what nobody has told is only "no session could be opened".
"""

from collections.abc import Mapping
from typing import Literal

Phase = Literal["connect", "query"]
Told = tuple[tuple[str, tuple[str, ...]], ...]
"""Each kind with patterns over the words in lower case, quoted names taken out; the first wins."""

MESSAGES: Mapping[str, str] = {
    "connection_lost": "the database closed the connection",
    "terminated": "an administrator ended the session or stopped the server",
    "crashed": "a process of the server crashed, and it ended all sessions",
    "idle_timeout": "the database ended a session that was idle for too long",
    "idle_in_transaction": "the database ended a transaction that was idle for too long",
    "transaction_timeout": "the database ended a transaction that took too long",
    "database_dropped": "the database was dropped",
    "refused": "the database refuses connections",
    "unreachable": "the database's host does not answer",
    "unknown_host": "the name of the database's host does not resolve",
    "starting_up": "the database is starting up",
    "shutting_down": "the database is shutting down",
    "not_accepting": "the database accepts no connections",
    "too_many_connections": "the database has no free connection slot",
    "login_rejected": "the database rejected the login",
    "hba_rejected": "the server's pg_hba.conf admits no such connection",
    "no_database": "the server has no database of this name",
    "untrusted": "the database's server did not prove who it is",
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

# A statement can fail with any code and any words, and the session goes on: a foreign server is
# away (08001), a function raises 57P01 itself. Only these end the session.
ENDING = frozenset({"FATAL", "PANIC"})

# Of an error that ends the session, where its words tell nothing (a pooler has its own); as
# PostgreSQL's appendix A lists them, two characters for a whole class.
BY_SQLSTATE: Mapping[str, str] = {
    "08": "connection_lost",
    "25P03": "idle_in_transaction",
    "25P04": "transaction_timeout",
    "28": "login_rejected",
    "3D000": "no_database",
    "53300": "too_many_connections",
    "57P01": "terminated",
    "57P02": "crashed",
    "57P03": "starting_up",
    "57P04": "database_dropped",
    "57P05": "idle_timeout",
}

# What a server says to who comes and to whom it throws out (backend_startup.c, postinit.c, auth.c
# and postgres.c of PostgreSQL 15 to 18, with lc_messages=C; two are PgBouncer's).
SERVER: Told = (
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
    ("hba_rejected", (r"pg_hba\.conf",)),
    (
        "login_rejected",
        (
            r"authentication failed",
            r"no password supplied",  # libpq's own, when the server asks for one
            r"not permitted to log in",
            r"permission denied for database",
            r'role "" does not exist',
        ),
    ),
    ("no_database", (r'database "" does not exist', r"no such database")),
    ("database_dropped", (r"connected to a database that must be dropped",)),
    ("idle_timeout", (r"idle-session timeout",)),
    ("idle_in_transaction", (r"idle-in-transaction timeout",)),
    ("transaction_timeout", (r"due to transaction timeout",)),
    ("crashed", (r"because of crash of another server process",)),
    (
        "terminated",
        (r"terminating connection due to (administrator|immediate shutdown) command",),
    ),
)

_LOST: Told = (
    (
        "connection_lost",
        (
            r"closed the connection",
            r"connection (already closed|has been closed|reset)",
            r"could not (receive|send) data",
            r"eof detected",
        ),
    ),
)

# The server first: libpq names each address it tried, and one of them may have answered. Then what
# libpq and the C library say (untranslated in the image).
CONNECTING: Told = (
    *SERVER,
    ("connection_lost", (r"terminating connection",)),
    ("rejected", (r"(fatal|error):  ",)),
    (
        "untrusted",
        (
            r"certificate verify failed",
            r'certificate for "" .*does not match',
            r'root certificate file "" does not exist',
            r"server does not support ssl",
        ),
    ),
    ("unknown_host", (r"could not translate host name", r"failed to resolve host")),
    ("refused", (r"connection refused",)),
    (
        "unreachable",
        (
            r"no route to host",
            r"(network|host) is (unreachable|down)",
            r"connection timed out",
        ),
    ),
    # Of libpq's own connect_timeout and of steadypool's, whatever was silent.
    ("deadline", (r"timeout expired", r"did not come in time")),
    *_LOST,
)

WORDS: Mapping[Phase, Told] = {"connect": CONNECTING, "query": (*SERVER, *_LOST)}

"""What contenders over plain psycopg2 share: how they log in, and their errors in words."""

from pathlib import Path
from typing import Any

import psycopg2

from recovery_lab.contenders.base import READ_SQL, Answer, Failure
from recovery_lab.record.session import DeadlineError


def connect_args(login: dict[str, Any], application_name: str) -> dict[str, Any]:
    """Return psycopg2's keyword arguments; a password in a file is read anew each time."""
    path = login.get("password_file")
    return {
        "host": login["host"],
        "port": login["port"],
        "dbname": login["name"],
        "user": login["user"],
        "password": Path(path).read_text(encoding="utf-8").strip() if path else login["password"],
        "application_name": application_name,
    }


def ask(cursor: "psycopg2.extensions.cursor", nonce: str) -> None:
    """Send the one read that these contenders do."""
    cursor.execute(READ_SQL, (nonce,))


def answer(cursor: "psycopg2.extensions.cursor") -> Answer:
    """Return what the read has brought."""
    row = cursor.fetchone()
    assert row is not None  # noqa: S101 # the statement has no FROM: it returns one row
    return Answer(nonce=row[0], backend_pid=row[1], server_started=row[2])


def failure(error: Exception) -> Failure:
    """Put an error of psycopg2's, or a missed deadline, in words."""
    message = (str(error).strip().splitlines() or [""])[0]
    connecting = message.startswith(("connection to server", "could not translate"))
    phase = "connect" if connecting else "query"
    return Failure(
        phase=error.phase if isinstance(error, DeadlineError) else phase,
        kind=_kind(error, phase),
        error_class=type(error).__name__,
        sqlstate=getattr(error, "pgcode", None) or "",
        message=message,
    )


def _kind(error: Exception, phase: str) -> str:
    if isinstance(error, DeadlineError):
        return "deadline"
    if phase == "connect":
        return "connect_refused"
    lost = isinstance(error, psycopg2.OperationalError | psycopg2.InterfaceError)
    return "connection_lost" if lost else "query"

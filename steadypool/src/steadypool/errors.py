"""What goes wrong, and what only refuses: a refusal fails at once, an outage is waited for."""

import re

import psycopg


class SteadyError(Exception):
    """The root of all errors of this package."""


class DeadlineError(SteadyError):
    """A read was not answered within its deadline."""

    def __init__(self, deadline_s: float, attempts: int, cause: BaseException) -> None:
        tries = "1 attempt" if attempts == 1 else f"{attempts} attempts"
        super().__init__(f"no answer within {deadline_s:.1f} s, {tries}: {first_line(cause)}")
        self.deadline_s, self.attempts = deadline_s, attempts


class AttemptsError(SteadyError):
    """A read lost its session so often that it may itself be what ends them."""

    def __init__(self, attempts: int, cause: BaseException) -> None:
        super().__init__(f"gave up after {attempts} attempts: {first_line(cause)}")
        self.attempts = attempts


class OutageError(psycopg.OperationalError, SteadyError):
    """The root of the errors that tell of the database's absence; the driver's kind as well."""


class DatabaseLostError(OutageError):
    """The database was not back in time."""


class LateError(OutageError):
    """The deadline passed during a wait; the session is closed, for its answer may come later."""


class SilentError(OutageError):
    """A new session was not answered in time."""


class SilentLoginError(SilentError):
    """A server took the connection and did not answer in time, or has an address elsewhere now."""


class WrongServerError(OutageError):
    """A standby answered where a primary is needed."""

    def __init__(self) -> None:
        super().__init__("a standby answered where a primary is needed")


class DeadSocketError(OutageError):
    """The server works on nothing for this session: what was sent, or the answer, got lost."""

    alone = True  # it was the only one as far as is known: no outage since the session began


# What a server says that is there and does not want this client (postinit.c, auth.c and proc.c of
# PostgreSQL 14 to 18, with lc_messages=C: an error of connecting has no SQLSTATE in libpq), and
# what libpq itself finds wrong with the login. In other languages a refusal counts as an outage.
_REFUSALS = re.compile(
    r"authentication failed|pg_hba\.conf|no password supplied|not permitted to log in"
    r'|permission denied for database|role ".*" does not exist|database ".*" does not exist'
    r"|too many (clients|connections)|remaining connection slots|is not currently accepting"
    r"|server does not support SSL|certificate verify failed|root certificate file"
    r'|server certificate for ".*" .*does not match|invalid connection option|invalid .* value',
    re.IGNORECASE,
)


def is_refusal(error: BaseException) -> bool:
    """Tell whether a server that is there turned the session away: exhausted, login, database."""
    return not isinstance(error, OutageError) and _REFUSALS.search(str(error)) is not None


def first_line(error: BaseException) -> str:
    """Return the first line of what `error` says, or its class where it says nothing."""
    said = str(error).strip()
    return said.splitlines()[0] if said else type(error).__name__


def again(error: BaseException) -> BaseException:
    """Return an error of the same words: one instance must not be raised by many threads."""
    try:
        return type(error)(*error.args)
    except TypeError:
        return error

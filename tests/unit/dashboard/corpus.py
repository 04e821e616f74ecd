"""The errors of corpus.toml, as the driver, the engine and the monitor raise them."""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import psycopg2
import psycopg2.errors
import sqlalchemy.exc

from dashboard.errors import NotConnectedError, keep_last_words

FILE = Path(__file__).with_suffix(".toml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One error and the kind that it must have."""

    phase: str
    name: str
    text: str
    kind: str
    sqlstate: str | None = None
    severity: str | None = None
    last: str = ""
    source: str = ""

    @property
    def lost(self) -> bool:
        """Tell whether the session is gone."""
        return self.kind != "query_failed"

    def driver(self, text: str | None = None) -> psycopg2.Error:
        """Return the driver's own error, with what the session had said before noted on it."""
        base = getattr(psycopg2.errors, self.name, None) or getattr(psycopg2, self.name)
        said = SimpleNamespace(severity_nonlocalized=self.severity)
        # psycopg2 sets both in C; a subclass may show them.
        coded = type(self.name, (base,), {"pgcode": self.sqlstate, "diag": said})
        error: psycopg2.Error = coded(self.text if text is None else text)
        if self.last:
            keep_last_words(error, lost(self.last))
        return error

    def of_engine(self) -> sqlalchemy.exc.DBAPIError:
        """Return it as SQLAlchemy does: only an error in a statement has one."""
        statement = "SELECT 1" if self.phase == "query" else None
        return sqlalchemy.exc.DBAPIError(statement, None, self.driver())

    def of_monitor(self) -> NotConnectedError:
        """Return it as the monitor has it: an asynchronous connect leaves out its address."""
        return NotConnectedError(self.driver(self.text.split(" failed: ", 1)[-1]))


def lost(words: str, *, closed: int = 2) -> SimpleNamespace:
    """Return a session that is gone, and what libpq heard over it."""
    return SimpleNamespace(closed=closed, notices=[], info=SimpleNamespace(error_message=words))


def read(phase: str = "") -> list[Entry]:
    """Return the corpus, or what of it happens in one phase."""
    entries = [
        Entry(name=told.pop("class"), **told) for told in tomllib.loads(FILE.read_text())["error"]
    ]
    return [entry for entry in entries if phase in {"", entry.phase}]


def named(entry: Entry) -> str:
    """Return a name for a test's report."""
    first = entry.text.strip().split(" failed: ")[-1].splitlines()[0]
    return f"{entry.phase}-{entry.sqlstate or ''}-{first[:50]}"

"""A login by its URL, over whichever driver is installed beside the lab."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from importlib import import_module
from importlib.util import find_spec
from typing import Any
from urllib.parse import urlsplit

from recovery_lab.errors import BadInputError
from recovery_lab.yours.pools import asyncpg_session
from recovery_lab.yours.way import Row, Run, Way, distribution

DRIVERS = ("psycopg", "psycopg2", "asyncpg")


class Dsn(Way):
    """Fresh sessions, and nothing else."""

    kind = "login"

    def __init__(self, dsn: str) -> None:
        found = [name for name in DRIVERS if find_spec(name)]
        if not found:
            told = f"none of {', '.join(DRIVERS)} is installed beside the lab; install one"
            raise BadInputError(f"--dsn: {told}")
        self._dsn, self._driver = dsn, found[0]

    @contextmanager
    def opened(self) -> Iterator[Run]:
        """Log in."""
        module: Any = import_module(self._driver)
        if self._driver == "asyncpg":
            with asyncpg_session(module.connect(self._dsn)) as run_there:
                yield run_there
            return
        with closing(module.connect(self._dsn)) as connection, connection.cursor() as cursor:

            def run(sql: str) -> list[Row]:
                cursor.execute(sql)
                return list(cursor.fetchall())

            yield run

    session = opened

    def host(self) -> str:
        """Return the URL's host."""
        return urlsplit(self._dsn).hostname or ""

    def driver(self) -> str:
        """Return the driver in use."""
        return distribution(self._driver)

"""Versions that teams run, and Streamlit's own connection, as contenders; versions.toml lists them.

A contender is a process of its own: `make` leads its imports to the versions of its name, and
refuses others. What runs is the sessions' application name, which the history keeps.
"""

import gc
import importlib
import itertools
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from dashboard.phases import step_of
from recovery_lab.contenders.deaths import Deaths

DYING = "dying-psycopg3"
OTHERS = "/opt/versions"  # SQLAlchemy 2.0 and psycopg 3, beside what the dashboard's image holds

PLAN: Mapping[str, Any] = {
    "pool_pre_ping": True,
    "pool_recycle": 1800,
    "pool_timeout": 10,
    "pool_use_lifo": True,
}
BOUNDED: Mapping[str, Any] = {
    **PLAN,
    "connect_args": {
        "connect_timeout": 2,
        "tcp_user_timeout": 3000,
        "keepalives_idle": 5,
        "keepalives_interval": 1,
        "keepalives_count": 3,
    },
}

Json = dict[str, Any]

READ_SQL = """SELECT '{nonce}' AS nonce, pg_backend_pid() AS backend_pid,
       to_char(pg_postmaster_start_time() AT TIME ZONE 'UTC',
               'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS server_started
WHERE {work}"""


class WrongVersionError(Exception):
    """What was imported is not what the contender's name says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """What a contender must run on (how each version begins), and its options."""

    modules: Mapping[str, str]
    driver: str
    options: Mapping[str, Any] = field(default_factory=dict)
    dialect: str = ""  # SQLAlchemy's name where it is not the driver's
    query: Mapping[str, str] = field(default_factory=dict)  # of the URL
    folder: str = OTHERS

    @property
    def hides(self) -> bool:
        """Whether its folder stands before the image's own libraries."""
        return self.modules.get("sqlalchemy") == "2.0" or self.folder != OTHERS


def _versions() -> dict[str, Version]:
    """Return each pair with the plan's options and with none, then st.connection."""
    found = {}
    for name, sqlalchemy, driver, major in (
        ("sqlalchemy-2.0-psycopg2", "2.0", "psycopg2", "2"),
        ("sqlalchemy-2.1-psycopg2", "2.1", "psycopg2", "2"),
        ("sqlalchemy-2.1-psycopg3", "2.1", "psycopg", "3"),
    ):
        modules = {"sqlalchemy": sqlalchemy, driver: major}
        found[name] = Version(modules=modules, driver=driver, options=PLAN)
        found[f"{name}-defaults"] = Version(modules=modules, driver=driver)
    modules = {"sqlalchemy": "2.1", "psycopg2": "2", "streamlit": "1.67", "pandas": "3"}
    found["st-connection"] = Version(modules=modules, driver="psycopg2")
    found[DYING] = Version(modules={"sqlalchemy": "2.1", "psycopg": "3"}, driver="psycopg")
    found["st-connection-bounded"] = Version(modules=modules, driver="psycopg2", options=BOUNDED)
    return found


VERSIONS: Mapping[str, Version] = _versions()


class Source(Protocol):
    """Where a contender reads."""

    @property
    def engine(self) -> Any:
        """Return the engine whose pool is read through now."""

    def row(self, sql: str) -> Json:
        """Return the one row of a statement."""


class OverEngine:
    """An engine of SQLAlchemy's own."""

    def __init__(self, version: Version, where: Json) -> None:
        sqlalchemy = importlib.import_module("sqlalchemy")
        url = sqlalchemy.URL.create(f"postgresql+{version.dialect or version.driver}", **where)
        self.engine = sqlalchemy.create_engine(url, **version.options)

    def row(self, sql: str) -> Json:
        """Read in a transaction of its own."""
        with self.engine.connect() as connection:
            return dict(connection.exec_driver_sql(sql).mappings().one())


class OverStreamlit:
    """`st.connection`, read as a page reads it; what is given here may stand in secrets.toml."""

    _names = itertools.count(1)  # Streamlit gives the same name the same connection

    def __init__(self, version: Version, where: Json) -> None:
        streamlit = importlib.import_module("streamlit")
        first = streamlit.connection("first", type="sql", url="sqlite://")
        first.query("SELECT 1", ttl=0)
        gc.collect()
        first.engine.dispose()
        gc.freeze()  # what Streamlit has imported by now: `row` need not look through it each time
        self._connection = streamlit.connection(
            f"lab-{next(self._names)}",
            type="sql",
            dialect="postgresql",
            driver=version.driver,
            **where,
            **version.options,
        )

    @property
    def engine(self) -> Any:
        """Return its engine: another one after each connect that failed."""
        return self._connection.engine

    def row(self, sql: str) -> Json:
        """Read, uncached; then collect, as Streamlit does at the end of a page's run.

        `query` never closes its connection: only the collector gives it back to the pool.
        """
        try:
            return dict(self._connection.query(sql, ttl=0).to_dict("records")[0])
        finally:
            gc.collect()


class Contender:
    """Reads through the pool of a source."""

    def __init__(self, source: Source, work: str, driver: str = "") -> None:
        self.source = source
        self.driver = driver
        self._work = work

    def read(self, nonce: str) -> Json:
        """Read once."""
        return self.source.row(READ_SQL.format(nonce=nonce, work=self._work))

    def warm(self, count: int) -> list[int]:
        """Hold `count` connections at once, so that the pool must open that many."""
        with ExitStack() as held:
            opened = [held.enter_context(self.source.engine.connect()) for _ in range(count)]
            asked = [one.exec_driver_sql("SELECT pg_backend_pid()") for one in opened]
            return [int(answer.scalar_one()) for answer in asked]

    def look(self) -> Json:
        """Return the pool's own count, when what was left to the collector is back."""
        gc.collect()
        pool = self.source.engine.pool
        return {
            "size": pool.size(),
            "checked_in": pool.checkedin(),
            "checked_out": pool.checkedout(),
        }

    def failure(self, error: Exception) -> Json:
        """Use the driver's words: SQLAlchemy wraps its error, and pandas wraps that once more."""
        errors: list[BaseException] = [error]
        while (cause := errors[-1].__cause__) is not None:
            errors.append(cause)
        inner = errors[-1]
        phase = step_of(inner) or "execute"
        lost = any(getattr(one, "connection_invalidated", False) for one in errors)
        return {
            "phase": phase,
            "kind": "connection_lost" if lost else phase,
            "error_class": type(inner).__name__,
            # psycopg2 and psycopg 3 call it differently
            "sqlstate": getattr(inner, "pgcode", None) or getattr(inner, "sqlstate", None) or "",
            "message": (str(inner).strip().splitlines() or [""])[0],
            "driver": self.driver,
        }


def make(name: str, way: Json) -> "Contender | Deaths":
    """Make the contender of a name; raises WrongVersionError. `way`: whence and what it reads."""
    version, login = VERSIONS[name], way["login"]
    lead_imports(version)
    if name == DYING:
        return _dying(name, version, login)
    source = (OverStreamlit if "streamlit" in version.modules else OverEngine)(
        version, place(name, version, login)
    )
    return Contender(source, way["work"], driver_of(version.driver))


def place(name: str, version: Version, login: Json) -> Json:
    """Return where to read, as SQLAlchemy's URL names it; WrongVersionError: on what is not it."""
    return {
        "username": login["user"],
        "password": Path(login["password_file"]).read_text(encoding="utf-8").strip(),
        "host": login["host"],
        "port": login["port"],
        "database": login["name"],
        "query": {"application_name": _proven(name, version), **version.query},
    }


def _dying(name: str, version: Version, login: Json) -> Deaths:
    """Make the lab's own contender of this kind, over another driver than the lab has."""
    driver, application = importlib.import_module(version.driver), _proven(name, version)

    def connect() -> Any:
        return driver.connect(
            host=login["host"],
            port=login["port"],
            dbname=login["name"],
            user=login["user"],
            password=Path(login["password_file"]).read_text(encoding="utf-8").strip(),
            application_name=application,
        )

    return Deaths(driver_of(version.driver), connect)


def lead_imports(version: Version) -> None:
    """Let what a version brings hide the image's own, or stand behind what the image has."""
    if version.folder not in sys.path:
        sys.path.insert(0 if version.hides else len(sys.path), version.folder)


def driver_of(name: str) -> str:
    """Return a driver with its version and that of its libpq."""
    driver = importlib.import_module(name)
    libpq = driver.pq.version() if name == "psycopg" else driver.extensions.libpq_version()
    return f"{name} {driver.__version__.split()[0]}, libpq {libpq // 10000}"


def _proven(name: str, version: Version) -> str:
    """Return what was imported, in at most the 63 letters of an application's name."""
    found = {
        module: importlib.import_module(module).__version__.split()[0] for module in version.modules
    }
    for module, wanted in version.modules.items():
        if not f"{found[module]}.".startswith(f"{wanted}."):
            told = f"{module} is {found[module]}, expected {wanted}"
            raise WrongVersionError(f"{name}: {told}; run: make versions, which builds its image")
    return " ".join(f"{module}-{one}" for module, one in found.items())

"""Peers of steadypool, met by the same outages; peers.toml lists them and tells why each is there.

Whom the lab has already is made where it is: the dashboard's policies by the dashboard's own code,
`st-connection-bounded` as among the versions. The other two are made here, as their makers show.
"""

import importlib
from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any

from dashboard import contenders as policies
from tests.versions import contenders as versions
from tests.versions.contenders import PLAN, Contender, Json, OverEngine, Version

FOLDER = "/opt/peers"  # psycopg's pool, the AWS wrapper and what it needs: no driver, no SQLAlchemy
SIZE = 5  # of SQLAlchemy's pools, too; psycopg's has four where none is told

PEERS: Mapping[str, Version] = {
    "psycopg-pool-check": Version(
        modules={"psycopg": "3", "psycopg_pool": "3"}, driver="psycopg", folder=FOLDER
    ),
    # All of its plugins and their limits as they come; the plan's options are SQLAlchemy's pool's.
    "aws-wrapper": Version(
        modules={"sqlalchemy": "2.1", "aws_advanced_python_wrapper": "3"},
        driver="psycopg",
        dialect="aws_wrapper_psycopg",
        query={"wrapper_dialect": "pg"},  # PostgreSQL as it is, neither Aurora nor RDS
        options=PLAN,
        folder=FOLDER,
    ),
}


class OverPool:
    """A pool of psycopg's own, each of whose sessions is asked before it is handed out."""

    def __init__(self, where: Json) -> None:
        rows, pools = (importlib.import_module(name) for name in ("psycopg.rows", "psycopg_pool"))
        self.pool = pools.ConnectionPool(
            kwargs={
                "host": where["host"],
                "port": where["port"],
                "dbname": where["database"],
                "user": where["username"],
                "password": where["password"],
                "row_factory": rows.dict_row,
                **where["query"],
            },
            min_size=SIZE,
            check=pools.ConnectionPool.check_connection,
            open=True,
        )

    def row(self, sql: str) -> Json:
        """Read in a transaction of its own."""
        with self.pool.connection() as connection:
            return dict(connection.execute(sql).fetchone())


class PoolContender(Contender):
    """Reads through psycopg's pool, which keeps its size by itself."""

    source: OverPool

    def warm(self, count: int) -> list[int]:
        """Hold all that the pool has, which is no fewer than `count`."""
        pool = self.source.pool
        with ExitStack() as held:
            opened = [held.enter_context(pool.connection()) for _ in range(max(count, SIZE))]
            return [int(one.info.backend_pid) for one in opened]

    def look(self) -> Json:
        """Return the pool's own count; what it is still opening anew counts as out."""
        told = self.source.pool.get_stats()
        size, idle = told["pool_size"], told["pool_available"]
        return {"size": size, "checked_in": idle, "checked_out": size - idle}

    def failure(self, error: Exception) -> Json:
        """Tell a wait for a session that none ended from a read's own failure."""
        told = super().failure(error)
        if type(error).__name__ == "PoolTimeout":
            told |= {"phase": "checkout", "kind": "checkout"}
        return told


def make(name: str, way: Json) -> Any:
    """Make the contender of a name; raises WrongVersionError. `way`: whence and what it reads."""
    if name in versions.VERSIONS:
        return versions.make(name, way)
    if name not in PEERS:
        return policies.make(name, way)
    version = PEERS[name]
    versions.lead_imports(version)
    where = versions.place(name, version, way["login"])
    driver = versions.driver_of(version.driver)
    if version.dialect:
        return Contender(OverEngine(version, where), way["work"], driver)
    return PoolContender(OverPool(where), way["work"], driver)

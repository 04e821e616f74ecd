"""SQLAlchemy's dialect for psycopg and its pool, with a ping that costs nothing when it may."""

from typing import TYPE_CHECKING, Any

import psycopg
from sqlalchemy import QueuePool, exc
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.util.queue import Queue

from steadypool import waits
from steadypool.errors import DeadSocketError, OutageError

if TYPE_CHECKING:
    from steadypool.session import Session
    from steadypool.watch import Watch

NAME = "postgresql+steady"


class SteadyDialect(PGDialect_psycopg):
    """Ping only a session that has been idle, has something to say, or was in doubt since."""

    driver = "steady"
    supports_statement_cache = True
    watch: "Watch"  # set by `create_engine`

    def do_ping(self, dbapi_connection: Any) -> bool:
        """Tell whether a session of the pool works.

        Raises:
            sqlalchemy.exc.DisconnectionError: it alone is dead, and the pool's others are kept.
        """
        session: Session[Any] = dbapi_connection
        if session.is_trusted:
            return True
        self.watch.tally.add("pings")
        try:
            return session.pinged(super().do_ping)
        except DeadSocketError as error:
            if error.alone:
                raise exc.DisconnectionError(str(error)) from error
            raise

    def is_disconnect(self, e: Any, connection: Any, cursor: Any) -> bool:
        """Tell whether `e` ended its session; a primary that turned standby ended it, too."""
        if isinstance(e, OutageError):
            return True
        if isinstance(e, psycopg.errors.ReadOnlySqlTransaction) and self.watch.needs_primary:
            return bool(getattr(connection, "on_standby", False))  # through the pool's proxy
        lost = super().is_disconnect(e, connection, cursor)  # type: ignore[no-untyped-call]
        return bool(lost)


class _Queue(Queue[Any]):
    """Let nobody queue for a connection past a declared deadline."""

    def get(self, block: bool = True, timeout: float | None = None) -> Any:
        if block and timeout is not None:
            timeout = waits.left(timeout)
        return super().get(block, timeout)


class SteadyPool(QueuePool):
    """SQLAlchemy's own pool; only the queueing ends at a declared deadline."""

    _queue_class: Any = _Queue

    def dispose(self) -> None:
        """Close what is not in use, and the prober: the next session begins a new one.

        A listener of the engine's for this would make each statement of its slower.
        """
        super().dispose()
        if isinstance(self._dialect, SteadyDialect):
            self._dialect.watch.close()


registry.register("postgresql.steady", __name__, "SteadyDialect")

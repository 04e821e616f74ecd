"""The one entry: an ordinary SQLAlchemy engine."""

import os
import weakref
from collections.abc import Callable, Mapping
from typing import Any

import psycopg
import sqlalchemy
from sqlalchemy import URL, Engine, event, make_url
from sqlalchemy.engine import ExceptionContext

from steadypool.counters import Counters
from steadypool.dialect import NAME, SteadyDialect, SteadyPool
from steadypool.errors import DeadSocketError
from steadypool.session import Session
from steadypool.waits import Waits
from steadypool.watch import Watch

PLAN: Mapping[str, Any] = {
    "pool_pre_ping": True,
    "pool_recycle": 1800,
    "pool_timeout": 10,
    "pool_use_lifo": True,
}
# The second line: the kernel's own limits, where a wait of ours does not look.
KERNEL: Mapping[str, Any] = {
    "tcp_user_timeout": 8000,  # ms that what was sent may stay without an acknowledgement
    "keepalives_idle": 5,  # s; the three find a dead peer that is only being waited for
    "keepalives_interval": 2,
    "keepalives_count": 3,
}
DRIVERS = ("postgresql", "postgresql+psycopg", NAME)


def create_engine(
    url: str | URL,
    *,
    waits: Waits | None = None,
    password: Callable[[], str] | None = None,
    needs_primary: bool = False,
    **options: Any,
) -> Engine:
    """Make an engine with the four pool options of `PLAN` in force; nothing connects yet.

    `password` is asked for each new session; `needs_primary` takes no standby for the database.
    All other options are SQLAlchemy's own; the pool's may be overridden, except the ping.

    Raises:
        ValueError: a URL or an option that cannot be used.
    """
    address = _checked(make_url(url), options)
    arguments = {**KERNEL, **options.pop("connect_args", {})}
    limits = waits or Waits()
    session = type("Session", (Session,), {"limits": limits, "__module__": Session.__module__})
    opener = _Opener(session)
    watch = Watch(opener.connect, limits, needs_primary=needs_primary)

    def create(record: Any) -> "Session[Any]":
        return watch.open(lambda: opener.connect(record))

    settings = {"poolclass": SteadyPool, **PLAN, **options, "creator": create}
    engine = sqlalchemy.create_engine(address, **settings)
    dialect = engine.dialect
    assert isinstance(dialect, SteadyDialect)  # noqa: S101 # by the URL's driver
    dialect.watch, opener.dialect = watch, dialect
    opener.positional, opener.named = dialect.create_connect_args(address)  # type: ignore[no-untyped-call]
    opener.named.update(arguments)
    _listen(engine, watch, password)
    weakref.finalize(engine, watch.close)
    _engines.add(engine)
    return engine


def counters(engine: Engine) -> Counters:
    """Return what `engine` has met since it was made.

    Raises:
        TypeError: an engine of another make.
    """
    return watch_of(engine).tally.snapshot()


def watch_of(engine: Engine) -> Watch:
    """Return the watch of an engine.

    Raises:
        TypeError: an engine of another make.
    """
    if not isinstance(engine.dialect, SteadyDialect):
        raise TypeError(f"{engine!r}: expected an engine of steadypool.create_engine; make it so")
    return engine.dialect.watch


class _Opener:
    """Open a session as SQLAlchemy would: its arguments, through the listeners of `do_connect`."""

    dialect: SteadyDialect
    positional: Any
    named: dict[str, Any]

    def __init__(self, session: "type[Session[Any]]") -> None:
        self._session = session

    def connect(self, record: Any = None) -> "Session[Any]":
        """Open one; passwords and addresses are those of now."""
        positional, named = list(self.positional), dict(self.named)
        for listener in self.dialect.dispatch.do_connect:
            if listener(self.dialect, record, positional, named) is not None:
                raise TypeError("a do_connect listener made a connection; let it set arguments")
        return self._session.connect(*positional, **named)


def _checked(address: URL, options: Mapping[str, Any]) -> URL:
    if address.drivername not in DRIVERS:
        expected = " or ".join(DRIVERS[:2])
        raise ValueError(f"driver {address.drivername!r}: expected {expected}; change the URL")
    hosts = (address.host or "", *address.normalized_query.get("host", ()))
    if len(address.normalized_query.get("host", ())) > 1 or any("," in host for host in hosts):
        raise ValueError(f"hosts {hosts!r}: expected one; give the name that follows the primary")
    for name in ("creator", "poolclass", "pool"):
        if name in options:
            raise ValueError(f"{name}: expected none, for steadypool has its own; leave it out")
    if not options.get("pool_pre_ping", True):
        raise ValueError("pool_pre_ping=False: expected True, it costs nothing here; leave it out")
    return address.set(drivername=NAME)


def _listen(engine: Engine, watch: Watch, password: Callable[[], str] | None) -> None:
    def log_in(_: object, __: object, ___: object, arguments: dict[str, Any]) -> None:
        if password is not None:
            arguments["password"] = password()

    def failed(context: ExceptionContext) -> None:
        error = context.original_exception
        if isinstance(error, DeadSocketError) and error.alone:
            context.invalidate_pool_on_disconnect = False
        if isinstance(error, psycopg.errors.ReadOnlySqlTransaction) and context.is_disconnect:
            watch.doubt(error, alarms=watch.alarms)

    event.listen(engine, "do_connect", log_in)
    event.listen(engine, "handle_error", failed)


_engines: "weakref.WeakSet[Engine]" = weakref.WeakSet()


def _leave_parents_sessions() -> None:
    """Begin with an empty pool: the sessions are the parent's, and go on there."""
    for engine in _engines:
        engine.dispose(close=False)


os.register_at_fork(after_in_child=_leave_parents_sessions)  # after the watches forgot theirs

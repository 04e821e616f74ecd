"""A session of psycopg's that waits for nothing without a deadline."""

import os
import select
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar

import psycopg
from psycopg.abc import ConnDict, PQGen, PQGenConn
from psycopg.conninfo import conninfo_to_dict
from psycopg.pq import TransactionStatus
from psycopg.rows import Row, RowFactory, tuple_row
from psycopg.waiting import Ready

from steadypool import resolver, waits
from steadypool.doubt import Doubt, Line, Told
from steadypool.errors import (
    DeadSocketError,
    LateError,
    OutageError,
    SilentError,
    SilentLoginError,
)

if TYPE_CHECKING:
    from psycopg.pq.abc import PGconn

T = TypeVar("T")

_TUPLES: Any = tuple_row  # psycopg's own default, of a type of its own
TICK_S = 0.01  # between two looks of a silent wait at its verdict
LOOK_S = 0.02  # between two looks of a silent login at where the name leads
INTERVAL_S = 0.1  # psycopg's own, between two looks at signals
_CAME = select.POLLIN | getattr(select, "POLLRDHUP", 0)  # macOS has none, and tells by POLLHUP
_POLLS = {Ready.R: select.POLLIN, Ready.W: select.POLLOUT, Ready.RW: select.POLLIN | select.POLLOUT}


class Session(psycopg.Connection[Row]):
    """Wait with a deadline, and ask about the server's process when the server stays silent."""

    limits: ClassVar[waits.Waits] = waits.Waits()
    _pool = None  # SQLAlchemy's pool closes it; psycopg would warn of one that lives at the end

    def __init__(self, pgconn: "PGconn", row_factory: "RowFactory[Row]" = _TUPLES) -> None:
        super().__init__(pgconn, row_factory)
        self.watch: Told | None = None  # whom to ask; the prober's own sessions have none
        self.alarms = 0  # of the watch, when this session last proved good
        self.used_at = waits.clock()
        self._pinging = False
        socket = select.poll()
        socket.register(pgconn.socket, _CAME)
        self._came = socket.poll

    @property
    def is_trusted(self) -> bool:
        """Whether it may be used without a ping: young, quiet, and no doubt since its last use."""
        watch = self.watch
        return (
            waits.clock() - self.used_at < self.limits.idle_s
            and (watch is None or self.alarms == watch.alarms)
            and not self._came(0)
        )

    @property
    def has_news(self) -> bool:
        """Whether something has come that nobody waited for: the end, as a rule."""
        return bool(self._came(0))

    @property
    def is_idle(self) -> bool:
        """Whether nothing is open: no transaction, statement or pipeline, nothing prepared."""
        idle = self.pgconn.transaction_status == TransactionStatus.IDLE
        return idle and self._pipeline is None and self._tpc is None

    @property
    def on_standby(self) -> bool:
        """Whether the server is a standby; one older than 14 does not say and counts as none."""
        return self.pgconn.parameter_status(b"in_hot_standby") == b"on"

    def rollback(self) -> None:
        """Roll back what is open: where nothing is, not even by a wait that ends at once."""
        if not self.is_idle:
            super().rollback()

    def set_autocommit(self, value: bool) -> None:
        """Set it, in the same way: each read does so twice."""
        if self.is_idle:
            self._autocommit = bool(value)
        else:
            super().set_autocommit(value)

    def pinged(self, ping: "Any") -> bool:
        """Run `ping` with a ping's patience and its limit; what it proves is kept.

        Raises:
            psycopg.Error: the session is lost.
        """
        alarms = self.watch.alarms if self.watch else 0
        self._pinging = True
        try:
            good = bool(ping(self))
        finally:
            self._pinging = False
        self.alarms = alarms
        return good

    def wait(self, gen: PQGen[T], interval: float = INTERVAL_S, timeout: float | None = None) -> T:
        """Run a generator of the driver's to its end, at most to the deadline.

        Raises:
            LateError: the deadline passed.
            DeadSocketError: the server works on nothing for this session.
        """
        if timeout is not None:  # of one who waits for notifications: their absence is no error
            return super().wait(gen, interval, waits.left(timeout))
        limits = self.limits
        if self._pinging:
            limit_s, patience_s = limits.ping_s, limits.ping_patience_s
        else:
            limit_s, patience_s = limits.query_s, limits.patience_s
        first_s = waits.left(min(patience_s, limit_s))
        try:
            try:
                result = super().wait(gen, interval, first_s)
            except psycopg.errors._WaitTimeout:  # noqa: SLF001 # has no other name
                result = self._doubted(gen, waits.until(limit_s - first_s))
        except psycopg.OperationalError as error:
            self._failed(error)
            raise
        self.used_at = waits.clock()
        return result

    def _doubted(self, gen: PQGen[T], until: float) -> T:
        line: Line[T] = Line(gen)
        again = self._pinging or waits.repeatable()
        grace_s = self.limits.grace_s if again else self.limits.unrepeatable_grace_s
        doubt = None
        if self.watch is not None and self._pipeline is None and self._is_active:
            doubt = Doubt(self.watch, self.pgconn.backend_pid, self.limits, grace_s=grace_s)
        try:
            while (now := waits.clock()) < until:
                try:
                    return super().wait(line.waited_on, INTERVAL_S, min(TICK_S, until - now))
                except psycopg.errors._WaitTimeout:  # noqa: SLF001 # has no other name
                    heard, line.heard = line.heard, False
                if doubt is not None and doubt.is_dead(waits.clock(), heard=heard):
                    raise DeadSocketError("the server works on nothing for this session")
            raise LateError("the deadline passed during a wait for the server")
        finally:
            if doubt is not None:
                doubt.end()

    @property
    def _is_active(self) -> bool:
        return self.pgconn.transaction_status == TransactionStatus.ACTIVE

    def _failed(self, error: psycopg.OperationalError) -> None:
        """Close what is lost: an answer that comes late must meet nobody; and tell the watch."""
        if isinstance(error, DeadSocketError) and self.watch is not None:
            error.alone = self.alarms == self.watch.alarms
            self.watch.met_dead()
        ended = error.sqlstate is None or error.diag.severity_nonlocalized in {"FATAL", "PANIC"}
        if ended:
            self.pgconn.finish()
        if self.watch is not None and ended and not isinstance(error, OutageError):
            self.watch.doubt(error, alarms=self.alarms)

    @classmethod
    def _get_connection_params(cls, conninfo: str, **kwargs: Any) -> ConnDict:
        """Resolve the host's name here: psycopg would wait for it without a limit."""
        params = super()._get_connection_params(conninfo, **kwargs)
        host = str(params.get("host") or os.environ.get("PGHOST", ""))
        if host and not host.startswith(("/", "@")) and not params.get("hostaddr"):
            addresses = resolver.name(host).least_tried(waits.left(cls.limits.login_s))
            params["host"] = ",".join([host] * len(addresses))
            params["hostaddr"] = ",".join(addresses)
        return params

    @classmethod
    def _connect_gen(cls, conninfo: str = "") -> PQGenConn[Self]:
        yield from ()  # a generator for psycopg's sake, which has whole seconds to wait in
        params = conninfo_to_dict(conninfo)
        name = resolver.name(str(params.get("host")))
        address, begin = str(params.get("hostaddr")), partial(super()._connect_gen, conninfo)
        if address not in name.tried:  # the caller's own, or none
            return _logged_in(*_connected(begin, cls.limits), cls.limits, lambda: False)
        name.tried[address] += 1
        session = _logged_in(*_connected(begin, cls.limits), cls.limits, name.leads_elsewhere)
        name.tried.clear()
        return session


Opening = tuple[PQGenConn[T], int, int]  # libpq's connecting, its socket, and what that waits for


def _connected(begin: Callable[[], PQGenConn[T]], limits: waits.Waits) -> Opening[T]:
    """Wait for a connection; half-way to the limit begin another, for a packet may have been lost.

    Raises:
        SilentError: none came in time.
    """
    limit = min(waits.until(limits.login_s), waits.clock() + limits.connect_s)
    begun: dict[int, Opening[T]] = {}
    sockets = select.poll()
    for share in (0.5, 1.0):
        generator = begin()
        fileno, wanted = next(generator)
        begun[fileno] = generator, fileno, wanted
        sockets.register(fileno, _POLLS[Ready(wanted)])
        ready = sockets.poll(max(0.0, share * (limit - waits.clock())) * 1000)
        if ready:
            first = begun.pop(ready[0][0])
            break
    for other, _, _ in begun.values():
        other.close()
    if not ready:
        raise SilentError("the server's connection did not come in time")
    return first


def _logged_in(
    generator: PQGenConn[T],
    fileno: int,
    wanted: int,
    limits: waits.Waits,
    has_moved: Callable[[], bool],
) -> T:
    """Drive libpq from its connection to the login.

    Raises:
        SilentLoginError: nothing came in time, or the name leads to a server elsewhere by now.
    """
    until = waits.until(limits.login_s)
    while True:
        try:
            fileno, wanted = generator.send(Ready(wanted))
        except StopIteration as end:
            value: T = end.value
            return value
        socket = select.poll()
        socket.register(fileno, _POLLS[Ready(wanted)])
        while not socket.poll(max(0.0, min(LOOK_S, until - waits.clock())) * 1000):
            if waits.clock() >= until or has_moved():
                generator.close()
                raise SilentLoginError("the server's login did not come in time")

"""What meets the faults: a server, a relay before it, an engine under test and its readers."""

import threading
import time
from dataclasses import dataclass, field
from typing import Self

from readers import Readers
from relay import Relay
from server import Server
from sqlalchemy import URL, Engine, event

import steadypool
from steadypool import resolver

HOST = "database.measure"  # resolved here, so that its look-up can hang
POOL = 8


class Names:
    """The look-up of `HOST`, which hangs when told so."""

    def __init__(self) -> None:
        self._free = threading.Event()
        self._free.set()
        name = resolver.Name(HOST, look=self._look)
        resolver._names[HOST] = name  # noqa: SLF001 # a dead resolver can't be had in another way

    def _look(self, _: str) -> list[str]:
        self._free.wait()
        return ["127.0.0.1"]

    def hang(self) -> None:
        """Answer no look-up from now on."""
        self._free.clear()

    def go_on(self) -> None:
        """Answer all, also those that hang."""
        self._free.set()


@dataclass(slots=True, kw_only=True)
class Stage:
    """One engine with a warm pool, and readers that begin when it is entered."""

    server: Server
    relay: Relay
    names: Names
    application: str
    is_relayed: bool
    reader_count: int = POOL
    connects: list[float] = field(default_factory=list)  # when the pool itself tried for a session
    engine: Engine = field(init=False)
    readers: Readers = field(init=False)

    def __enter__(self) -> Self:
        port = self.relay.port if self.is_relayed else self.server.port
        self.engine = steadypool.create_engine(
            URL.create("postgresql", "postgres", host=HOST, port=port, database="postgres"),
            pool_size=POOL,
            max_overflow=0,  # what overflows is opened anew each time, outage or not
            connect_args={"application_name": self.application},
        )
        event.listen(self.engine, "do_connect", self._connects)
        held = [self.engine.connect() for _ in range(POOL)]
        for one in held:
            one.close()
        self.readers = Readers(self.engine, self.reader_count)
        time.sleep(1)
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None:  # else they may wait for a database that is not to come back
            self.readers.stop()
        self.engine.dispose()

    def _connects(self, *_: object) -> None:
        if threading.current_thread().name != "steadypool-prober":
            self.connects.append(time.monotonic())

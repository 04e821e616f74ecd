"""A relay on loopback between clients and a server, which can lose what it is sent.

It drops packets in the kernel, by a socket filter that takes none (`SO_ATTACH_FILTER`, open to
everyone on Linux): a SYN is not answered, what was sent is not acknowledged and is sent again by
the sender's own timers, keepalives and `tcp_user_timeout` do their work on both sides, and after
the healing all comes as it would on a network. It differs from one in that nothing waits for ARP.
"""

import contextlib
import ctypes
import selectors
import socket
import struct
import threading
import time
from dataclasses import dataclass, field
from typing import Literal, Self

Mode = Literal["pass", "drop", "mute", "reset"]

ATTACH_FILTER, DETACH_FILTER = 26, 27  # linux/socket.h
_DROP_ALL = ctypes.create_string_buffer(struct.pack("HBBI", 0x06, 0, 0, 0), 8)  # BPF_RET, 0 bytes
_PROGRAM = struct.pack("HP", 1, ctypes.addressof(_DROP_ALL))  # struct sock_fprog
_ABORT = struct.pack("ii", 1, 0)  # linger for no time: a reset instead of an orderly end


@dataclass(slots=True, eq=False)
class Flow:
    """One connection, from the client to here and from here to the server."""

    client: socket.socket
    server: socket.socket
    at: float = field(default_factory=time.monotonic)  # when it last carried something
    stranded: bool = False  # dead for good

    def set_deaf(self, mode: Mode) -> None:
        """Let it drop what its mode drops."""
        _set_deaf(self.client, deaf=self.stranded or mode == "drop")
        _set_deaf(self.server, deaf=self.stranded or mode in {"drop", "mute"})


class Relay:
    """Pass everything between a port of its own and `target`, until told otherwise."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._lock = threading.Lock()
        self._selector = selectors.DefaultSelector()
        self._flows: dict[socket.socket, Flow] = {}  # by either of its sockets
        self._mode: Mode = "pass"
        self._over = False
        self.accepted = 0
        self._listener = self._listening(0)
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._run, name="relay", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._over = True
        self._thread.join(5)
        with self._lock:
            self._abort_all()
            self._listener.close()

    @property
    def sockets(self) -> int:
        """How many sockets it holds, its listener's apart."""
        return len(self._flows)

    def drop(self) -> None:
        """Lose all packets of both directions; new connections get no answer."""
        self._turn("drop")

    def mute(self) -> None:
        """Let requests arrive and lose all answers; new connections get none, either."""
        self._turn("mute")

    def reset(self) -> None:
        """Reset all connections, and refuse new ones."""
        with self._lock:
            self._mode = "reset"
            self._selector.unregister(self._listener)
            self._listener.close()
            self._abort_all()

    def heal(self) -> None:
        """Pass everything again; stranded flows stay dead."""
        with self._lock:
            if self._mode == "reset":
                self._listener = self._listening(self.port)
        self._turn("pass")

    def strand_idle(self, idle_s: float) -> int:
        """Lose the packets of all flows that were idle for so long, for good; return how many."""
        return self._strand([one for one in self._each() if time.monotonic() - one.at >= idle_s])

    def strand_latest(self) -> int:
        """Lose those of the flow that carried something last, for good."""
        return self._strand([max(self._each(), key=lambda one: one.at)])

    def _each(self) -> list[Flow]:
        with self._lock:
            return list(dict.fromkeys(self._flows.values()))

    def _strand(self, flows: list[Flow]) -> int:
        with self._lock:
            for flow in flows:
                flow.stranded = True
                flow.set_deaf(self._mode)
        return len(flows)

    def _turn(self, mode: Mode) -> None:
        with self._lock:
            self._mode = mode
            _set_deaf(self._listener, deaf=mode in {"drop", "mute"})
            for flow in self._flows.values():
                flow.set_deaf(mode)

    def _listening(self, port: int) -> socket.socket:
        listener = socket.create_server(("127.0.0.1", port), backlog=512)
        self._selector.register(listener, selectors.EVENT_READ)
        return listener

    def _run(self) -> None:
        while not self._over:
            for key, _ in self._selector.select(0.1):
                with self._lock:
                    self._pass(key.fileobj)

    def _pass(self, source: object) -> None:
        if source is self._listener:
            self._accept()
            return
        if not isinstance(source, socket.socket) or source not in self._flows:
            return  # reset a moment ago
        flow = self._flows[source]
        flow.at = time.monotonic()
        try:
            came = source.recv(65536)
            if came:  # little is sent here: a full buffer would hold up the relay
                (flow.server if source is flow.client else flow.client).sendall(came)
        except OSError:
            came = b""
        if not came:
            self._end(flow)

    def _accept(self) -> None:
        try:
            client, _ = self._listener.accept()
        except OSError:  # reset a moment ago
            return
        self.accepted += 1
        try:
            server = socket.create_connection(("127.0.0.1", self._target), timeout=1)
        except OSError:  # the client learns of it by a reset
            _abort(client)
            return
        flow = Flow(client, server)
        for one in (client, server):
            one.settimeout(1)
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._flows[one] = flow
            self._selector.register(one, selectors.EVENT_READ)
        flow.set_deaf(self._mode)

    def _end(self, flow: Flow, *, abort: bool = False) -> None:
        for one in (flow.client, flow.server):
            self._selector.unregister(one)
            del self._flows[one]
            _abort(one) if abort else one.close()

    def _abort_all(self) -> None:
        for flow in set(self._flows.values()):
            self._end(flow, abort=True)


def _abort(one: socket.socket) -> None:
    one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _ABORT)
    one.close()


def _set_deaf(one: socket.socket, *, deaf: bool) -> None:
    if deaf:
        one.setsockopt(socket.SOL_SOCKET, ATTACH_FILTER, _PROGRAM)
        return
    with contextlib.suppress(FileNotFoundError):  # there was none
        one.setsockopt(socket.SOL_SOCKET, DETACH_FILTER, 0)

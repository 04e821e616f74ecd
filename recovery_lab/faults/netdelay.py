"""Packets held for a while, in the server's network namespace: a program.

The kernel queues each packet (NFQUEUE) and goes by this program's word on it, in the messages of
linux/netfilter/nfnetlink_queue.h. A kernel need not have netem for that.
"""

import heapq
import os
import random
import socket
import struct
import sys
import time
from collections.abc import Iterator
from contextlib import suppress

import msgspec

from recovery_lab.faults import netfault
from recovery_lab.faults.latency import Assignment

QUEUE = 12
# Without this program, or with more packets than it can take, they pass as if there were no rule.
DOES = f"-A {{chain}} -j NFQUEUE --queue-num {QUEUE} --queue-bypass"
MOST_PACKETS = 16384
AT_ONCE = 100  # then it looks for what is due meanwhile
TICK_S = 0.02  # it looks for its end so often
_NETFILTER, _NETLINK, _NO_ENOBUFS = 12, 270, 5  # a protocol, a level and an option of sockets
_PACKET, _VERDICT, _CONFIG = 0x300, 0x301, 0x302  # messages
_ERROR, _REQUEST, _ACK = 2, 1, 4  # a message, and flags of one
_ACCEPT = 1
_BIND = (1, struct.pack("!BxH", 1, 0))  # attributes of _CONFIG: number and value
_SEES = 24  # bytes of a packet: an IPv4 header, and two ports
_COPY = (2, struct.pack("!IB", _SEES, 2))
_MAXLEN = (3, struct.pack("!I", MOST_PACKETS))
_FAIL_OPEN_AND_GSO = 0b101  # a train of packets is one
_FLAGS = tuple((name, struct.pack("!I", _FAIL_OPEN_AND_GSO)) for name in (4, 5))


class Queue:
    """The kernel's queue of packets, as its only reader; raises OSError where it has none."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETFILTER)
        self._socket.setsockopt(_NETLINK, _NO_ENOBUFS, 1)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        self._socket.bind((0, 0))
        for attributes in ((_BIND,), (_COPY, _MAXLEN), _FLAGS):
            self._socket.send(_message(_CONFIG, _ACK, *attributes))
            errno = -struct.unpack_from("=i", self._socket.recv(4096), 16)[0]
            if errno:
                raise OSError(errno, os.strerror(errno))

    def packets(self, within_s: float) -> Iterator[tuple[int, bytes]]:
        """Wait for packets; yield the number of each, and its flow: addresses and ports."""
        self._socket.settimeout(max(0.0001, within_s))
        with suppress(TimeoutError, BlockingIOError):
            for _ in range(AT_ONCE):
                yield from _read(self._socket.recv(1 << 16))
                self._socket.settimeout(0.0)

    def let_go(self, number: int) -> None:
        """Send a packet on its way."""
        self._socket.send(_message(_VERDICT, 0, (2, struct.pack("!II", _ACCEPT, number))))


class Lane:
    """Holds each packet for its time, in the order of its flow."""

    def __init__(self, queue: Queue, least_s: float, most_s: float) -> None:
        self._queue = queue
        self._bounds = least_s, most_s
        self._held: list[tuple[float, int]] = []  # by when they are due
        self._last: dict[bytes, float] = {}  # when the newest one of a flow is

    def serve(self, limit_s: float) -> None:
        """Hold and let go until told to end, and for `limit_s` at most."""
        ends_at = time.monotonic() + limit_s
        while time.monotonic() < ends_at and not netfault.told_to_end(0.0):
            self.step()

    def step(self) -> None:
        """Take what comes within a tick, and let go what is due."""
        now = time.monotonic()
        next_at = self._held[0][0] if self._held else now + TICK_S
        for number, flow in self._queue.packets(min(next_at - now, TICK_S)):
            due_at = time.monotonic() + random.uniform(*self._bounds)  # noqa: S311 # no secret
            self._last[flow] = due_at = max(due_at, self._last.get(flow, 0.0))
            heapq.heappush(self._held, (due_at, number))
        self.let_go(time.monotonic())

    def let_go(self, until: float = float("inf")) -> None:
        """Let go what is due until then: all that is held, where nothing is said."""
        while self._held and self._held[0][0] <= until:
            self._queue.let_go(heapq.heappop(self._held)[1])


def _message(kind: int, flags: int, *attributes: tuple[int, bytes]) -> bytes:
    body = struct.pack("!BxH", socket.AF_UNSPEC, QUEUE)
    for name, value in attributes:
        length = 4 + len(value)
        body += struct.pack("=HH", length, name) + value + bytes(-length % 4)
    return struct.pack("=IHHII", 16 + len(body), kind, _REQUEST | flags, 0, 0) + body


def _read(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the packets of some messages: number and flow."""
    while data:
        length, kind = struct.unpack_from("=IH", data)
        if kind == _PACKET:
            attributes = dict(_attributes(data[20:length]))
            yield struct.unpack_from("!I", attributes[1])[0], attributes.get(10, b"")[12:_SEES]
        data = data[length + -length % 4 :]


def _attributes(body: bytes) -> Iterator[tuple[int, bytes]]:
    while body:
        length, name = struct.unpack_from("=HH", body)
        yield name & 0x3FFF, body[4:length]
        body = body[length + -length % 4 :]


def main() -> None:
    """Hold as the first argument says."""
    assigned = msgspec.json.decode(sys.argv[1], type=Assignment)
    try:
        lane = Lane(Queue(), assigned.least_s, assigned.most_s)
    except OSError as error:
        netfault.say(step="failed", said=f"no queue of packets (NFQUEUE) in this kernel: {error}")
        sys.exit(1)
    netfault.hold(assigned.interface, DOES, assigned.limit_s, lane.serve)
    lane.let_go()  # what came as the rules went
    netfault.linger()


if __name__ == "__main__":
    main()

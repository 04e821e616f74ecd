"""The program that holds packets: what it says to the kernel, and in which order it lets go."""

import errno
import json
import socket
import struct
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from recovery_lab.faults import latency, netdelay, netfault
from recovery_lab.faults.netdelay import QUEUE, Lane, Queue

HERE, THERE = b"\x0a\x00\x00\x01\x0a\x00\x00\x02", b"\x0a\x00\x00\x03\x0a\x00\x00\x02"
PORTS = b"\x9c\x40\x15\x38"


class Kernel:
    """The other end of the netlink socket; its queue takes orders, and what a test sends."""

    def __init__(self, refuses: int = 0) -> None:
        self.refuses = refuses
        self.ours, self.theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.theirs.settimeout(1.0)
        self.said: list[bytes] = []

    def setsockopt(self, *words: int) -> None:
        """Take it: buffers, and no error where one is full."""

    def bind(self, address: tuple[int, int]) -> None:
        """Take it."""

    def settimeout(self, seconds: float) -> None:
        self.ours.settimeout(seconds)

    def send(self, message: bytes) -> None:
        """Keep what is said, and acknowledge what asks for it."""
        self.said.append(message)
        if struct.unpack_from("=H", message, 6)[0] & 4:
            self.theirs.send(struct.pack("=IHHIIi", 36, 2, 0, 0, 0, -self.refuses) + message[:16])

    def recv(self, size: int) -> bytes:
        return self.ours.recv(size)

    def queue(self, number: int, flow: bytes) -> None:
        """Hand a packet to the program, as the kernel does: its number, its first bytes."""
        head = struct.pack("=HHIHBx", 11, 1, socket.htonl(number), 8, 1)
        payload = bytes(12) + flow
        body = struct.pack("!BxH", 2, QUEUE) + head
        body += struct.pack("=HH", 4 + len(payload), 10) + payload
        self.theirs.send(struct.pack("=IHHII", 16 + len(body), 0x300, 0, 0, 0) + body)


@pytest.fixture
def kernel(monkeypatch: pytest.MonkeyPatch) -> Iterator[Kernel]:
    """A kernel that has such a queue."""
    one = Kernel()
    stand_in = SimpleNamespace(**{**vars(socket), "socket": lambda *_: one})
    stand_in.AF_NETLINK = 16  # macOS has none
    monkeypatch.setattr(netdelay, "socket", stand_in)
    yield one
    one.ours.close()
    one.theirs.close()


def _let_go(kernel: Kernel) -> list[int]:
    """Return the packets that were sent on their way, in order: verdict ACCEPT, and a number."""
    verdicts = [message for message in kernel.said if message[4:6] == b"\x01\x03"]
    assert all(struct.unpack_from("!I", message, 24) == (1,) for message in verdicts)
    return [struct.unpack_from("!I", message, 28)[0] for message in verdicts]


def test_queue_is_bound_sees_the_ports_and_lets_pass_what_it_cannot_take(kernel: Kernel) -> None:
    """Nothing is lost by it: flags FAIL_OPEN, and GSO, by which a train of packets stays one."""
    Queue()
    bind, copy, flags = (message[16:] for message in kernel.said)
    assert (b"\0\0" + struct.pack("!H", QUEUE), b"\x01\0") == (bind[:4], bind[8:10])
    assert struct.pack("!IB", 24, 2) == copy[8:13]
    assert struct.pack("!I", 0b101) == flags[8:12] == flags[16:20]


def test_queue_that_the_kernel_refuses_is_an_error(kernel: Kernel) -> None:
    """It has none, or another program reads it."""
    kernel.refuses = errno.EPERM
    with pytest.raises(OSError, match="Operation not permitted"):
        Queue()


def test_packets_are_read_with_their_flow(kernel: Kernel) -> None:
    """Several at once; and nothing is waited for twice."""
    queue = Queue()
    kernel.queue(7, HERE + PORTS)
    kernel.queue(8, THERE + PORTS)
    assert [(7, HERE + PORTS), (8, THERE + PORTS)] == list(queue.packets(1.0))
    assert [] == list(queue.packets(0.0))


def test_packet_is_held_for_its_time(kernel: Kernel, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not let go before; between the two bounds after it came."""
    now = [100.0]
    clock = SimpleNamespace(monotonic=lambda: now[0])
    monkeypatch.setattr(netdelay, "time", clock)
    lane = Lane(Queue(), 0.015, 0.035)
    kernel.queue(7, HERE + PORTS)
    for at, gone in ((100.0, []), (100.014, []), (100.036, [7])):
        now[0] = at
        lane.step()
        assert gone == _let_go(kernel)


def test_flow_keeps_its_order_and_waits_for_no_other(
    kernel: Kernel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However the times fall: a packet that overtook another would be a loss to its sender."""
    times = iter([0.035, 0.015, 0.020])
    monkeypatch.setattr(netdelay.random, "uniform", lambda *_: next(times))
    now = [100.0]
    monkeypatch.setattr(netdelay, "time", SimpleNamespace(monotonic=lambda: now[0]))
    lane = Lane(Queue(), 0.015, 0.035)
    for number, flow in ((1, HERE), (2, HERE), (3, THERE)):
        kernel.queue(number, flow + PORTS)
    for at, gone in ((100.0, []), (100.021, [3]), (100.034, [3]), (100.036, [3, 1, 2])):
        now[0] = at
        lane.step()
        assert gone == _let_go(kernel)


def test_rules_hold_while_it_serves_and_nothing_stays_held(
    kernel: Kernel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It passes what is left when its rules are out; without the program they let pass."""
    said: list[str] = []
    given = latency.Assignment(interface="eth9", least_s=5.0, most_s=5.0, limit_s=0.05)
    monkeypatch.setattr(netdelay.sys, "argv", ["netdelay", json.dumps(_fields(given))])
    monkeypatch.setattr(netfault, "LINGER_S", 0.0)
    monkeypatch.setattr(netfault, "block", lambda: None)
    monkeypatch.setattr(netfault, "told_to_end", lambda within_s: False)

    def change(step: str, rules: str, interface: str) -> None:
        said.append(rules)
        kernel.queue(7, HERE + PORTS)

    monkeypatch.setattr(netfault, "change", change)
    monkeypatch.setattr(netfault, "clear", said.append)
    netdelay.main()
    assert "-j NFQUEUE --queue-num 12 --queue-bypass" in said[0]
    assert ("eth9", [7]) == (said[1], _let_go(kernel))


def test_kernel_without_a_queue_is_told_with_its_reason(
    kernel: Kernel, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before any rule is in: the outage is inconclusive."""
    kernel.refuses = errno.EPERM
    given = latency.Assignment(interface="eth9", least_s=0.1, most_s=0.1, limit_s=1.0)
    monkeypatch.setattr(netdelay.sys, "argv", ["netdelay", json.dumps(_fields(given))])
    with pytest.raises(SystemExit):
        netdelay.main()
    told = json.loads(capsys.readouterr().out)
    said = "no queue of packets (NFQUEUE) in this kernel: [Errno 1] Operation not permitted"
    assert {"step": "failed", "said": said} == told


def _fields(given: latency.Assignment) -> dict[str, Any]:
    return {name: getattr(given, name) for name in given.__struct_fields__}

"""The relay of the measurements: what it loses, and what it delivers after all."""

import socket
from collections.abc import Callable, Iterator

import pytest
from relay import Relay

LONG_S = 8.0  # several of TCP's own repetitions
SHORT_S = 0.3

Pair = tuple[socket.socket, socket.socket]
Open = Callable[[], Pair]


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """The server, whose part the test plays."""
    with socket.create_server(("127.0.0.1", 0)) as one:
        one.settimeout(LONG_S)
        yield one


@pytest.fixture
def relay(listener: socket.socket) -> Iterator[Relay]:
    """A relay before it."""
    with Relay(listener.getsockname()[1]) as one:
        yield one


@pytest.fixture
def connected(relay: Relay, listener: socket.socket) -> Iterator[Open]:
    """Open connections; what comes out are both their ends."""
    ends: list[socket.socket] = []

    def connect() -> Pair:
        client = socket.create_connection(("127.0.0.1", relay.port), LONG_S)
        ends.append(client)
        server, _ = listener.accept()
        ends.append(server)
        return client, server

    yield connect
    for one in ends:
        one.close()


def is_silent(one: socket.socket) -> bool:
    """Tell whether nothing comes for a while."""
    one.settimeout(SHORT_S)
    try:
        one.recv(10)
    except TimeoutError:
        return True
    finally:
        one.settimeout(LONG_S)
    return False


def passes(sender: socket.socket, receiver: socket.socket) -> bool:
    """Tell whether what one end sends comes out at the other soon."""
    sender.sendall(b"x")
    return not is_silent(receiver)


def test_both_directions_pass(connected: Open) -> None:
    """Undisturbed, what is sent arrives, and an end is an end."""
    client, server = connected()
    server.settimeout(LONG_S)
    assert passes(client, server)
    assert passes(server, client)
    client.close()
    assert b"" == server.recv(10)


def test_what_is_sent_into_a_drop_arrives_after_it(relay: Relay, connected: Open) -> None:
    """Nothing comes while packets are dropped; all of it comes when they pass again."""
    client, server = connected()
    relay.drop()
    assert not passes(client, server)
    assert not passes(server, client)
    relay.heal()
    assert b"x" == server.recv(10)
    assert b"x" == client.recv(10)


@pytest.mark.parametrize("mode", ["drop", "mute"])
def test_a_new_connection_gets_no_answer_meanwhile(relay: Relay, mode: str) -> None:
    """A SYN is neither taken nor refused."""
    getattr(relay, mode)()
    with pytest.raises(TimeoutError):
        socket.create_connection(("127.0.0.1", relay.port), SHORT_S)
    relay.heal()
    socket.create_connection(("127.0.0.1", relay.port), LONG_S).close()


def test_mute_lets_requests_arrive_and_loses_answers(relay: Relay, connected: Open) -> None:
    """The server hears; the client does until the healing not."""
    client, server = connected()
    relay.mute()
    assert passes(client, server)
    assert not passes(server, client)
    relay.heal()
    assert b"x" == client.recv(10)


def test_reset_ends_all_and_refuses_new_ones(relay: Relay, connected: Open) -> None:
    """Both ends are reset, not ended in order; new connections are refused until the healing."""
    ends = connected()
    relay.reset()
    for one in ends:
        one.settimeout(LONG_S)
        with pytest.raises(ConnectionResetError):
            one.recv(10)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", relay.port), LONG_S)
    relay.heal()
    assert passes(*connected())


def test_a_stranded_flow_stays_dead_and_new_ones_pass(relay: Relay, connected: Open) -> None:
    """The flow that carried something last is lost, also after a healing; all others go on."""
    quiet, busy = connected(), connected()
    assert passes(*busy)
    assert 1 == relay.strand_latest()
    relay.drop()
    relay.heal()
    assert not passes(*busy)
    assert not passes(busy[1], busy[0])
    assert passes(*quiet)
    assert passes(*connected())


def test_idle_flows_are_stranded_together(relay: Relay, connected: Open) -> None:
    """What has carried nothing for a while is lost; what has goes on."""
    quiet, busy = connected(), connected()
    assert passes(*quiet)
    assert is_silent(quiet[0])
    assert passes(*busy)
    assert 1 == relay.strand_idle(SHORT_S)
    assert not passes(*quiet)
    assert passes(*busy)

"""How a session is opened; a fresh one ends by its own deadline, whatever the other side does."""

import socket
import struct
import time
from contextlib import suppress
from pathlib import Path
from threading import Thread
from unittest.mock import MagicMock

import msgspec
import psycopg2
import pytest

from recovery_lab import session
from recovery_lab.login import DeadlineError, Login
from recovery_lab.session import connect, query_fresh

LIMIT_S = 0.1
TOLD = {"client_encoding": "UTF8", "DateStyle": "ISO", "server_version": "17.0"}
NO_TLS = (80877103, 80877104)  # requests for encryption, by PostgreSQL's protocol


@pytest.fixture
def login(tmp_path: Path) -> Login:
    """A login whose server each test chooses; the port is replaced."""
    password = tmp_path / "password"
    password.write_text("scratch\n")
    return Login(host="localhost", port=1, name="lab", user="reader", password_file=str(password))


def on_port(login: Login, port: int) -> Login:
    """Return the same login on another port."""
    return Login(
        host=login.host,
        port=port,
        name=login.name,
        user=login.user,
        password_file=login.password_file,
    )


def test_silent_server_is_given_up_after_a_tenth_of_a_second(login: Login) -> None:
    """A listener that accepts and says nothing, as a frozen server does."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        there = on_port(login, silent.getsockname()[1])
        begun = time.monotonic()
        with pytest.raises(DeadlineError, match=r"connect not done after 0\.1 s"):
            query_fresh(there, "127.0.0.1", "SELECT 1", limit_s=LIMIT_S)
        assert LIMIT_S <= time.monotonic() - begun < 5.0


def test_session_trusts_whom_its_login_names(login: Login, monkeypatch: pytest.MonkeyPatch) -> None:
    """Libpq is told both words, or none: its own defaults, and a user's, stay."""
    given: list[dict[str, object]] = []
    monkeypatch.setattr(psycopg2, "connect", lambda **arguments: given.append(arguments))
    tls = {"sslmode": "verify-full", "sslrootcert": "/ca"}
    connect(msgspec.structs.replace(login, **tls), "name")
    connect(login, "name")
    assert tls.items() <= given[0].items()
    assert not set(tls) & set(given[1])


def log_in_late(server: socket.socket, after_s: float) -> None:
    """Let one client in, late; say nothing to its query."""

    def message(kind: bytes, body: bytes) -> bytes:
        return kind + struct.pack("!i", len(body) + 4) + body

    with suppress(OSError), server.accept()[0] as client:  # the test is over
        while struct.unpack("!ii", client.recv(1024)[:8])[1] in NO_TLS:
            client.sendall(b"N")
        time.sleep(after_s)
        facts = [name.encode() + b"\0" + told.encode() + b"\0" for name, told in TOLD.items()]
        greeting = b"".join(message(b"S", fact) for fact in facts)
        client.sendall(message(b"R", bytes(4)) + greeting + message(b"Z", b"I"))
        while client.recv(1024):
            pass


def test_limit_is_for_the_whole_attempt(login: Login) -> None:
    """A login that took most of it leaves the query the rest, and not as much again."""
    with socket.create_server(("127.0.0.1", 0)) as late:
        Thread(target=log_in_late, args=(late, 0.7), daemon=True).start()
        there = on_port(login, late.getsockname()[1])
        begun = time.monotonic()
        with pytest.raises(DeadlineError, match=r"execute not done after 1\.0 s"):
            query_fresh(there, "127.0.0.1", "SELECT 1", limit_s=1.0)
        assert 1.0 <= time.monotonic() - begun < 1.6


def test_closed_port_is_the_drivers_own_error(login: Login) -> None:
    """Nobody listens: the driver's error comes through unchanged."""
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    with pytest.raises(psycopg2.OperationalError, match="refused"):
        query_fresh(on_port(login, port), "127.0.0.1", "SELECT 1", limit_s=LIMIT_S)


def test_statement_is_bounded_by_the_servers_clock_too(login: Login, monkeypatch) -> None:
    """A lock keeps a backend that nobody waits for: fifty probes a second would pile up."""
    ran = MagicMock()
    monkeypatch.setattr(session.psycopg2, "connect", lambda **_: ran)
    monkeypatch.setattr(session, "drive", lambda *_: None)
    query_fresh(login, "127.0.0.1", "SELECT %s", (7,), limit_s=0.1)
    ran.cursor().execute.assert_called_once_with("SET statement_timeout = 100; SELECT %s", (7,))


def test_password_comes_from_its_file_or_as_it_is(login: Login, monkeypatch) -> None:
    """A file is read anew for each session; without one the login holds it."""
    monkeypatch.setattr(session.psycopg2, "connect", lambda **given: given)
    given = connect(login, "lab-canary")
    assert ("scratch", "lab", "lab-canary") == (
        given["password"],
        given["dbname"],
        given["application_name"],
    )
    Path(login.password_file).write_text("shelf\n")
    assert "shelf" == connect(login, "x")["password"]
    plain = msgspec.structs.replace(login, password_file="", password="ladder")
    assert "ladder" == connect(plain, "x")["password"]

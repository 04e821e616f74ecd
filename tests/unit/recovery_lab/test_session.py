"""How a session is opened; a fresh one ends by its own deadline, whatever the other side does."""

import socket
import time
from pathlib import Path

import msgspec
import psycopg2
import pytest

from recovery_lab import session
from recovery_lab.session import DeadlineError, Login, connect, query_fresh

LIMITS_S = (0.1, 1.0)


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
            query_fresh(there, "127.0.0.1", "SELECT 1", limits_s=LIMITS_S)
        assert LIMITS_S[0] <= time.monotonic() - begun < 5.0


def test_closed_port_is_the_drivers_own_error(login: Login) -> None:
    """Nobody listens: the driver's error comes through unchanged."""
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    with pytest.raises(psycopg2.OperationalError, match="refused"):
        query_fresh(on_port(login, port), "127.0.0.1", "SELECT 1", limits_s=LIMITS_S)


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

"""A fresh session ends by a deadline of its own, whatever the other side does."""

import socket
import time
from pathlib import Path

import psycopg2
import pytest

from recovery_lab.record.session import CONNECT_LIMIT_S, DeadlineError, Login, query_fresh


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
        begun = time.monotonic()
        with pytest.raises(DeadlineError, match=r"connect not done after 0\.1 s"):
            query_fresh(on_port(login, silent.getsockname()[1]), "127.0.0.1", "SELECT 1")
        assert CONNECT_LIMIT_S <= time.monotonic() - begun < 5.0


def test_closed_port_is_the_drivers_own_error(login: Login) -> None:
    """Nobody listens: the driver's error comes through unchanged."""
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    with pytest.raises(psycopg2.OperationalError, match="refused"):
        query_fresh(on_port(login, port), "127.0.0.1", "SELECT 1")

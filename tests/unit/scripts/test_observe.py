"""observe.sh: Prometheus comes beside the stack that runs, and a trouble is named."""

import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from tests.unit.scripts.conftest import Clone


class Prometheus(BaseHTTPRequestHandler):
    """A Prometheus that has scraped the dashboard."""

    def do_GET(self) -> None:
        asked = self.path == "/api/v1/query?query=up==1"
        self.send_response(200 if asked else 404)
        self.end_headers()
        self.wfile.write(b'{"data": {"result": [{}]}}')


@contextmanager
def answering() -> Iterator[str]:
    """Give the port of such a one."""
    with HTTPServer(("127.0.0.1", 0), Prometheus) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield str(server.server_port)
        server.shutdown()


@pytest.fixture
def running(clone: Clone) -> Clone:
    """A clone whose stack is up, and whose images are current."""
    (clone.folder / ".venv/bin").mkdir(parents=True)
    (clone.folder / ".venv/bin/python").symlink_to(sys.executable)
    (clone.folder / "scripts/images.sh").write_text('echo "images $*"\n')
    clone.answers("docker compose ps --status running", 0, "dashboard\\npostgres\\n")
    return clone


def test_observe_starts_it_alone_and_says_what_to_do(running: Clone) -> None:
    """The stack is left as it is; who typed it hears where to look and what to try."""
    with answering() as port:
        running.answers("docker compose port prometheus", 0, f"127.0.0.1:{port}\\n")
        done = running.run("bash", "scripts/observe.sh", PROMETHEUS_PORT=port)
    assert 0 == done.returncode, done.stderr
    assert "images prometheus" in done.stdout
    assert ["docker compose --progress quiet up --detach --no-deps --no-build prometheus"] == [
        call for call in running.calls if " up " in call
    ]
    assert f"http://127.0.0.1:{port}/alerts" in done.stdout
    assert "HOLD=150 make restart-db" in done.stdout


def test_observe_shows_the_words_of_a_prometheus_that_ended(running: Clone) -> None:
    """A rule that was edited badly: it starts, and ends at once."""
    running.answers("docker compose ps --all --quiet --status exited prometheus", 0, "abc\\n")
    running.answers("docker compose logs", 0, "could not parse expression\\n")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    done = running.run("bash", "scripts/observe.sh", PROMETHEUS_PORT=port)
    assert 1 == done.returncode
    assert "could not parse expression" in done.stderr
    assert "Prometheus ended" in done.stderr


def test_observe_names_a_taken_port(clone: Clone) -> None:
    """Before the stack is started for it."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = clone.run("bash", "scripts/observe.sh", PROMETHEUS_PORT=str(port))
    assert 1 == done.returncode
    assert f"PROMETHEUS_PORT={port} is taken" in done.stderr
    assert f"PROMETHEUS_PORT={port + 1} make observe" in done.stderr
    assert not [call for call in clone.calls if " up " in call or " build" in call]

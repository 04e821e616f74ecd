"""The running dashboard as a contender."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from recovery_lab.clients.base import Pooled
from recovery_lab.clients.http import DashboardClient
from recovery_lab.record.readers import Reading

POOL = {"policy": "adopted", "size": 5, "checked_in": 4, "checked_out": 1, "overflow": 0}


class Handler(BaseHTTPRequestHandler):
    """System Health, its pool alone."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps({"pool": POOL}).encode())

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def client() -> Iterator[DashboardClient]:
    """A contender that reads such a dashboard."""
    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        yield DashboardClient(
            Reading(url=url, read_path="/read", read_must_have=[], health_path="/health")
        )
        server.shutdown()


def test_look_is_the_dashboards_own_pool(client: DashboardClient) -> None:
    """As System Health tells it: so the judge sees a connection that was never given back."""
    assert Pooled(size=5, checked_in=4, checked_out=1) == client.look()

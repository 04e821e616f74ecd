"""The application as a contender: what a good live answer is, and how its pool is warmed."""

import json
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import httpx
import pytest

from recovery_lab.contenders import application
from recovery_lab.contenders.application import Application
from recovery_lab.live import NotLiveError, live_body

LOGIN = {"host": "127.0.0.1", "port": 1, "name": "x", "user": "x", "password_file": "/nowhere"}
GOOD = {"rows": [], "backend_pid": 41}


class Site(ThreadingHTTPServer):
    """An application whose answers a test sets."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.status, self.body = 200, json.dumps(GOOD)
        self.delay_s = 0.0
        self.pool = {"policy": "adopted", "size": 5, "checked_in": 4, "checked_out": 1}
        self.reads = 0


class Handler(BaseHTTPRequestHandler):
    """One read route, and a health route that tells the pool."""

    server: Site

    def do_GET(self) -> None:
        if self.path == "/health":
            self._answer(200, json.dumps({"pool": self.server.pool}))
            return
        self.server.reads += 1
        time.sleep(self.server.delay_s)
        self._answer(self.server.status, self.server.body)

    def _answer(self, status: int, body: str) -> None:
        self.send_response(status)
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def site() -> Iterator[Site]:
    """An application on loopback."""
    with Site() as site:
        Thread(target=site.serve_forever, args=(0.01,), daemon=True).start()
        yield site
        site.shutdown()


def reader_of(site: Site, **reading: Any) -> Application:
    """Return the contender that reads such an application."""
    url = f"http://127.0.0.1:{site.server_port}"
    declared = {
        "url": url,
        "read_path": "/read",
        "read_must_have": ["rows"],
        "deadline_s": None,
        "health_path": "/health",
        "pool_application": "",
    }
    return application.make("web", {"login": LOGIN, "reading": {**declared, **reading}})


@pytest.fixture
def reader(site: Site) -> Iterator[Application]:
    """A contender that is told nothing of a pool."""
    reader = reader_of(site)
    yield reader
    reader._http.close()


def test_good_live_read_tells_its_backend(reader: Application, site: Site) -> None:
    """The nonce is given back as it came; an answer without a backend has none."""
    assert {"nonce": "n", "backend_pid": 41, "server_started": ""} == reader.read("n")
    site.body = '{"rows": []}'
    assert 0 == reader.read("n")["backend_pid"]


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (200, "<html>", "not_json"),
        (200, '{"as_of": 1}', "not_live"),
        (200, '["rows"]', "not_live"),
        (200, '{"rows": [], "stale": true}', "not_live"),
        (503, "<html>", "not_json"),
        (503, '{"detail": "no"}', "http"),
        (503, '{"error": "no"}', "http"),
        (503, '{"error": {"kind": "refused", "message": "no"}}', "refused"),
        (500, '{"rows": []}', "http"),
    ],
)
def test_anything_else_is_no_live_read(status: int, body: str, kind: str) -> None:
    """Status 200, JSON, with the keys it must have, not stale: and nothing less."""
    with pytest.raises(NotLiveError) as caught:
        live_body(httpx.Response(status, text=body), ["rows"])
    assert kind == caught.value.kind


def test_failure_is_told_in_the_applications_own_words(reader: Application, site: Site) -> None:
    """Kind, SQLSTATE, message and the operation's id, as its user got them."""
    site.status = 503
    told = {"kind": "refused", "sqlstate": None, "message": "no", "operation_id": "a1"}
    site.body = json.dumps({"error": told})
    with pytest.raises(NotLiveError) as caught:
        reader.read("n")
    assert {
        "phase": "http",
        "kind": "refused",
        "error_class": "NotLiveError",
        "sqlstate": "",
        "message": "no",
        "operation_id": "a1",
    } == reader.failure(caught.value)


def test_read_is_not_given_up_before_it_counts_as_hung(site: Site) -> None:
    """It ends as `client_timeout`, half a second after the declared deadline."""
    reader = reader_of(site, deadline_s=0.1)
    site.delay_s = 1.5
    began = time.monotonic()
    with pytest.raises(httpx.TimeoutException) as caught:
        reader.read("n")
    assert time.monotonic() - began >= 0.6
    assert "client_timeout" == reader.failure(caught.value)["kind"]
    assert 10.0 == reader_of(site)._http.timeout.read
    assert "http" == reader.failure(httpx.ConnectError("refused"))["kind"]


def test_warm_without_a_pool_to_look_into_reads_a_few_times(
    reader: Application, site: Site
) -> None:
    """As many reads at once as it is asked for; backends as the answers tell them."""
    assert [41, 41, 41, 41] == reader.warm(4)
    assert 12 == site.reads
    assert reader.look() is None
    site.status = 503
    with pytest.raises(RuntimeError, match="0 of 4 reads at once were answered"):
        reader.warm(4)


def test_warm_fills_the_pool_by_the_servers_own_count(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Read in rounds until as many idle as the pool keeps, and the server has as many sessions."""
    reader = reader_of(site, pool_application="web-pool")
    asked = []

    def rows(login: object, address: str, sql: str, given: Any, **_: Any) -> list[tuple[int]]:
        asked.append(given)
        site.pool["checked_in"] = min(5, 2 + len(asked))
        return [(pid,) for pid in range(1, 2 + len(asked))]

    monkeypatch.setattr(application, "query_fresh", rows)
    assert [1, 2, 3, 4, 5] == reader.warm(4)
    assert [("web-pool", ["127.0.0.1"])] * 4 == asked
    assert {"size": 5, "checked_in": 5, "checked_out": 1} == reader.look()


def test_pool_that_does_not_fill_is_named(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Counts of both sides, after all rounds."""
    reader = reader_of(site, pool_application="web-pool")
    monkeypatch.setattr(application, "query_fresh", lambda *_, **__: [(1,)])
    monkeypatch.setattr(application, "WARM_ROUNDS", 2)
    with pytest.raises(RuntimeError, match="4 idle connections, the server 1 sessions; 5 wanted"):
        reader.warm(4)

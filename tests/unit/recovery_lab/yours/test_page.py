"""A URL's good answer: known again by its names or its texts, and by nothing that changes."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import ClassVar

import httpx
import msgspec
import pytest

from recovery_lab.errors import BadInputError
from recovery_lab.live import NotLiveError
from recovery_lab.yours.page import Page, Shape, shape_of

JSON, HTML = "application/json", "text/html; charset=utf-8"
PAGE = "<html><head><title>Items</title></head><body><h1>All items</h1><p>{}</p></body></html>"


def answer(body: object, kind: str = JSON, status: int = 200, location: str = "") -> httpx.Response:
    """Return what a server says."""
    text = body if isinstance(body, str) else json.dumps(body)
    headers = {"content-type": kind, **({"location": location} if location else {})}
    return httpx.Response(status, text=text, headers=headers)


GOOD: dict[str, tuple[httpx.Response, httpx.Response]] = {
    "other values of the same names": (
        answer({"items": 7, "at": 1.0}),
        answer({"items": 8, "at": 2.0}),
    ),
    "a name more": (answer({"items": 7}), answer({"items": 7, "note": "fresh"})),
    "a list of other things of the same kind": (
        answer([{"id": 1}]),
        answer([{"id": 2}, {"id": 3}]),
    ),
    "another text under the same title": (
        answer(PAGE.format(7), HTML),
        answer(PAGE.format(8), HTML),
    ),
    "a plain text": (answer("7", "text/plain"), answer("8", "text/plain")),
}
BAD: dict[str, tuple[httpx.Response, httpx.Response, str]] = {
    "a status that is not 2xx": (answer({"items": 7}), answer({}, status=500), "status 500"),
    "a redirect to a login": (
        answer({"items": 7}),
        answer("", status=302, location="/signin"),
        "status 302 to /signin",
    ),
    "an error in JSON with status 200": (
        answer({"items": 7}),
        answer({"error": "database down"}),
        "without items",
    ),
    "JSON that is none": (answer({"items": 7}), answer("oops", JSON), "no JSON, though it says so"),
    "a page instead of JSON": (
        answer({"items": 7}),
        answer("<html>", HTML),
        "html instead of json",
    ),
    "an error page with status 200": (
        answer(PAGE.format(7), HTML),
        answer("<title>Sorry</title><h1>We are down</h1>", HTML),
        "without title 'Items', h1 'All items'",
    ),
    "an empty list instead of an object": (answer({"items": 7}), answer([]), "without items"),
}


@pytest.mark.parametrize("told", GOOD)
def test_answer_of_the_same_shape_is_good(told: str) -> None:
    """What changes from read to read is no sign."""
    before, now = GOOD[told]
    Shape.of(before).verify(now)


@pytest.mark.parametrize("told", BAD)
def test_answer_of_another_shape_is_not(told: str) -> None:
    """And what is another is told."""
    before, now, said = BAD[told]
    with pytest.raises(NotLiveError, match=said):
        Shape.of(before).verify(now)


def test_text_that_is_expected_decides_alone() -> None:
    """Whatever else changes; a stale page lacks it."""
    shape = Shape.of(answer(PAGE.format(7), HTML), "All items")
    shape.verify(answer("<h2>All items</h2>", HTML))
    with pytest.raises(NotLiveError, match="without the text 'All items'"):
        shape.verify(answer(PAGE.replace("All items", "Some").format(7), HTML))
    with pytest.raises(NotLiveError, match="status 503"):
        shape.verify(answer("All items", HTML, status=503))


def test_what_changes_between_two_answers_is_no_mark() -> None:
    """As a heading that holds the time."""
    clock = "<title>Items</title><h2>at {}</h2>"
    shape = Shape.of(answer(clock.format(1), HTML)).common(Shape.of(answer(clock.format(2), HTML)))
    assert ["title 'Items'"] == shape.marks


class World(BaseHTTPRequestHandler):
    """An application of few routes, as strangers have them."""

    protocol_version = "HTTP/1.1"
    routes: ClassVar = {
        "/items": (200, '{"items": 7}', JSON, ""),
        "/login": (302, "", HTML, "/signin"),
        "/broken": (500, "{}", JSON, ""),
        "/liar": (200, "no json", JSON, ""),
    }

    def do_GET(self) -> None:  # the library's name
        """Answer by the table; another host than was asked for is refused."""
        status, body, kind, location = self.routes.get(self.path, (404, "", HTML, ""))
        if not self.headers["host"].startswith("localhost:"):
            status, body = 400, ""
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        if location:
            self.send_header("location", location)
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def url() -> Iterator[str]:
    """Where it answers, under the name that it wants to be asked by."""
    with ThreadingHTTPServer(("127.0.0.1", 0), World) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://localhost:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize(
    ("path", "expect", "said"),
    [
        ("/login", "", "redirects to /signin, as to a login"),
        ("/broken", "", "status 500; expected 2xx"),
        ("/nowhere", "", "status 404; expected 2xx"),
        ("/liar", "", "no JSON, though it says so"),
        ("/items", "prices", "--expect 'prices': .* answers without it"),
    ],
)
def test_url_that_is_no_good_answer_is_refused(url: str, path: str, expect, said: str) -> None:
    """Before anything is taken away."""
    with pytest.raises(BadInputError, match=said):
        shape_of(url + path, expect)


def test_url_where_nobody_answers_is_refused() -> None:
    """With the reason."""
    with pytest.raises(BadInputError, match="Connection refused"):
        shape_of("http://127.0.0.1:1/items", "")


def test_page_is_read_under_the_name_of_its_url(url: str) -> None:
    """Many applications refuse another host; one at 127.0.0.1 is told apart from localhost."""
    shape = shape_of(f"{url}/items", "")
    way = {"url": f"{url}/items", "shape": msgspec.to_builtins(shape)}
    page = Page("", way)
    assert "n-1" == page.read("n-1")["nonce"]
    assert [0, 0, 0] == page.warm(3)
    other = Page("", {**way, "url": f"{url}/items".replace("localhost", "127.0.0.1")})
    with pytest.raises(NotLiveError, match="status 400") as caught:
        other.read("n-2")
    assert ("http", "status 400") == tuple(
        other.failure(caught.value)[name] for name in ("kind", "message")
    )
    for one in (page, other):  # of a program they end with it
        one._http.close()

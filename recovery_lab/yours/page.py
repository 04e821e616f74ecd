"""A page or an API by its URL, read as its users read it: is the answer still what it was?"""

import threading
from concurrent.futures import ThreadPoolExecutor
from html.parser import HTMLParser
from typing import Any, Self

import httpx
import msgspec

from recovery_lab.contenders.base import Json
from recovery_lab.errors import BadInputError
from recovery_lab.judge.thresholds import THRESHOLDS
from recovery_lab.live import NotLiveError
from recovery_lab.login import first_line

_TEXTS = ("title", "h1", "h2")


class Shape(msgspec.Struct, frozen=True, kw_only=True):
    """What a good answer has: its kind, and the names or the texts by which it is known again."""

    kind: str  # json, html or else the content's type
    marks: list[str]
    expect: str = ""  # a text that it must hold; then that alone tells

    @classmethod
    def of(cls, answered: httpx.Response, expect: str = "") -> Self:
        """Return the shape of an answer."""
        kind = answered.headers.get("content-type", "").partition(";")[0].strip()
        if kind.endswith("json"):
            return cls(kind="json", marks=_keys(answered.json()), expect=expect)
        if kind == "text/html":
            return cls(kind="html", marks=_texts(answered.text), expect=expect)
        return cls(kind=kind or "nothing", marks=[], expect=expect)

    def common(self, other: Self) -> Self:
        """Return what two answers have in common; BadInputError: they are of two kinds."""
        if self.kind != other.kind:
            raise BadInputError(f"--url: two answers, of {self.kind} and of {other.kind}")
        marks = [mark for mark in self.marks if mark in other.marks]
        return msgspec.structs.replace(self, marks=marks)

    def verify(self, answered: httpx.Response) -> None:
        """Raise NotLiveError with what is another than it was."""
        if not answered.is_success:
            raise NotLiveError("http", f"status {answered.status_code}{_where(answered)}")
        if self.expect:
            if self.expect not in answered.text:
                raise NotLiveError("not_live", f"without the text {self.expect!r}")
            return
        try:
            now = Shape.of(answered)
        except ValueError:
            raise NotLiveError("not_json", "no JSON, though it says so") from None
        if now.kind != self.kind:
            raise NotLiveError("not_live", f"{now.kind} instead of {self.kind}")
        if missing := [mark for mark in self.marks if mark not in now.marks]:
            raise NotLiveError("not_live", f"without {', '.join(missing)}")


class Page:
    """Reads a URL; whatever pool is behind it is the application's own."""

    def __init__(self, _name: str, told: Json) -> None:
        self._url = told["url"]
        self._shape = msgspec.convert(told["shape"], Shape)
        self._http = client()

    def read(self, nonce: str) -> Json:
        """Read once; whose the answer is is HTTP's promise."""
        self._shape.verify(self._http.get(self._url))
        return {"nonce": nonce, "backend_pid": 0, "server_started": ""}

    def warm(self, count: int) -> list[int]:
        """Send so many requests at once, so that as many sessions are used; nobody tells which."""
        together = threading.Barrier(count)

        def one(_: int) -> int:
            together.wait(THRESHOLDS.hung_s)
            return int(self.read("warm")["backend_pid"])

        with ThreadPoolExecutor(count) as threads:
            return list(threads.map(one, range(count)))

    def look(self) -> None:
        """Nothing of its pool is seen from here."""

    def failure(self, error: Exception) -> Json:
        """Say what was answered instead, or why nothing was."""
        kind = "http"
        if isinstance(error, NotLiveError):
            kind = error.kind
        elif isinstance(error, httpx.TimeoutException):
            kind = "client_timeout"
        words = {"error_class": type(error).__name__, "message": first_line(error)}
        return {"phase": "http", "kind": kind, "sqlstate": "", **words}


make = Page


def client() -> httpx.Client:
    """Return what asks, as a browser that follows no redirect and takes no proxy."""
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=20)
    return httpx.Client(timeout=THRESHOLDS.hung_s, trust_env=False, limits=limits)


def shape_of(url: str, expect: str, option: str = "--url") -> Shape:
    """Read a URL twice; BadInputError: it is no good answer, and why."""
    try:
        with client() as http:
            first, second = http.get(url), http.get(url)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise BadInputError(f"{option} {url}: {first_line(error)}") from None
    for answered in (first, second):
        if answered.is_redirect:
            told = f"redirects{_where(answered)}, as to a login: name a URL that answers by itself"
            raise BadInputError(f"{option} {url} {told}")
        if not answered.is_success:
            raise BadInputError(f"{option} {url}: status {answered.status_code}; expected 2xx")
        if expect and expect not in answered.text:
            raise BadInputError(f"--expect {expect!r}: {url} answers without it")
    try:
        return Shape.of(first, expect).common(Shape.of(second))
    except ValueError:
        raise BadInputError(f"{option} {url}: no JSON, though it says so") from None


def _where(answered: httpx.Response) -> str:
    return f" to {answered.headers.get('location')}" if answered.is_redirect else ""


def _keys(body: Any) -> list[str]:
    """Return the names in a JSON answer: an object's, or those of a list's first object."""
    if isinstance(body, list):
        return ["a list", *(_keys(body[0]) if body and isinstance(body[0], dict) else [])]
    return sorted(body) if isinstance(body, dict) else [type(body).__name__]


def _texts(body: str) -> list[str]:
    """Return the title and the headings of a page."""
    found = _Headings()
    found.feed(body)
    return found.texts


class _Headings(HTMLParser):
    """Keeps the texts of a page's title and headings."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self._inside = ""

    def handle_starttag(self, tag: str, attrs: Any) -> None:  # noqa: ARG002 # the parser's own
        """Remember where it is."""
        self._inside = tag if tag in _TEXTS else self._inside

    def handle_endtag(self, tag: str) -> None:
        """Forget it."""
        self._inside = "" if tag == self._inside else self._inside

    def handle_data(self, data: str) -> None:
        """Keep a text."""
        if self._inside and data.strip():
            self.texts.append(f"{self._inside} {data.strip()!r}")

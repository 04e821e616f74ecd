"""Names are resolved anew each time, on a thread of their own."""

import os
import threading

import psycopg
import pytest

from conftest import Timed, wait_for
from steadypool import resolver
from steadypool.errors import SilentError


class Book:
    """A resolver whose answers the test sets; while it is silent, nobody is answered."""

    def __init__(self) -> None:
        self.address, self.asked = "10.0.0.1", 0
        self.speaks = threading.Event()
        self.speaks.set()

    def look(self, host: str) -> list[str]:
        """Answer as it is set now."""
        self.asked += 1
        address = self.address
        self.speaks.wait(20)
        if not address:
            raise OSError("Name or service not known")
        return [address]


@pytest.fixture
def book():
    """A resolver that works; whoever hangs in it is let go at the end."""
    one = Book()
    yield one
    one.speaks.set()


def test_number_is_its_own_address() -> None:
    """The system's resolver is asked in the end."""
    assert ["127.0.0.1"] == resolver.lookup("127.0.0.1")


def test_each_call_asks_anew(book: Book) -> None:
    """A moved server is found at once."""
    name = resolver.Name("db", look=book.look)
    assert ["10.0.0.1"] == name.addresses(5)
    book.address = "10.0.0.2"
    assert ["10.0.0.2"] == name.addresses(5)


def test_missing_name_is_told_in_its_words(book: Book) -> None:
    """That is an answer, and no silence."""
    name = resolver.Name("db", look=book.look)
    name.addresses(5)
    book.address = ""
    with pytest.raises(psycopg.OperationalError, match="'db': Name or service not known"):
        name.addresses(5)


def test_silent_resolver_holds_nobody_who_knows_an_address(book: Book) -> None:
    """The last good address serves while nobody tells another."""
    name = resolver.Name("db", look=book.look)
    name.addresses(5)
    book.speaks.clear()
    with Timed() as took:
        assert ["10.0.0.1"] == name.addresses(5)
    assert took.s < 2, took.s


def test_silence_is_waited_for_once(book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who comes while a look-up hangs for long already takes the known address at once."""
    monkeypatch.setattr(resolver, "AGAIN_S", 60.0)
    monkeypatch.setattr(resolver, "KNOWN_S", 0.5)
    name = resolver.Name("db", look=book.look)
    name.addresses(5)
    book.speaks.clear()
    with Timed() as took:
        assert [["10.0.0.1"]] * 8 == [name.addresses(5) for _ in range(8)]
    assert took.s < 2, took.s


def test_silent_resolver_is_given_up_on(book: Book) -> None:
    """Without a known address the wait ends at its limit."""
    name = resolver.Name("db", look=book.look)
    book.speaks.clear()
    with Timed() as took, pytest.raises(SilentError, match=r"no address of 'db' within 0.2 s"):
        name.addresses(0.2)
    assert took.s < 2, took.s


def test_look_ups_that_hang_are_few(book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    """A resolver that stays silent does not collect threads."""
    monkeypatch.setattr(resolver, "AGAIN_S", 0.0)
    monkeypatch.setattr(resolver, "KNOWN_S", 0.001)
    name = resolver.Name("db", look=book.look)
    name.addresses(5)
    book.speaks.clear()
    for _ in range(3 * resolver.MOST):
        name.addresses(5)
    assert 1 + resolver.MOST == book.asked


def test_late_answer_does_not_undo_a_newer_one(book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    """A look-up that hung knows the address of long ago."""
    monkeypatch.setattr(resolver, "AGAIN_S", 0.0)
    old, new = threading.Event(), threading.Event()
    answers = [(old, "10.0.0.1"), (new, "10.0.0.2")]

    def look(_: str) -> list[str]:
        event, address = answers.pop(0)
        event.wait(5)
        return [address]

    name = resolver.Name("db", look=look)
    with pytest.raises(SilentError):
        name.addresses(0.05)
    new.set()
    assert ["10.0.0.2"] == name.addresses(5)
    hanging = [one for one in threading.enumerate() if one.name == "steadypool-resolver"]
    old.set()
    for one in hanging:
        one.join(5)
    assert ["10.0.0.2"] == name._known


def test_child_asks_anew(book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a fork no look-up of the parent's will ever end: its threads stayed behind."""
    monkeypatch.setitem(resolver._names, "db", resolver.Name("db", look=book.look))
    child = os.fork()
    if child == 0:
        os._exit(len(resolver._names))
    assert 0 == os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert "db" in resolver._names


def test_address_that_nobody_tried_is_news_but_once(book: Book) -> None:
    """Answers that alternate do not end one login after the other."""
    name = resolver.Name("db", look=book.look)
    for address, is_news in (("10.0.0.1", True), ("10.0.0.2", True), ("10.0.0.1", False)):
        book.address = address
        wait_for(lambda told=[address]: name.addresses(5) == told)
        assert is_news == name.leads_elsewhere()
        name.tried[address] += 1
        assert not name.leads_elsewhere()
    assert book.asked >= 3


def test_name_that_is_gone_leads_nowhere_else(book: Book) -> None:
    """What was begun at its last address goes on."""
    name = resolver.Name("db", look=book.look)
    name.tried.update(name.least_tried(5))
    book.address = ""
    assert not name.leads_elsewhere()


def test_address_that_was_tried_less_often_comes_first() -> None:
    """Of two answers the one may be the old server's, which takes connections and says nothing."""
    name = resolver.Name("db", look=lambda _: ["10.0.0.1", "10.0.0.2"])
    assert ["10.0.0.1", "10.0.0.2"] == name.least_tried(5)
    name.tried["10.0.0.1"] += 1
    assert ["10.0.0.2", "10.0.0.1"] == name.least_tried(5)

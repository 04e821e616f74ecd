"""Readers that hold no session between two reads."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from recovery_lab.contenders.fresh import EachAnew
from tests.unit.recovery_lab.contenders.conftest import Scripted


class Opening(Scripted):
    """Opens a session where it holds none, and answers with its number; counts over all readers."""

    opened = 0
    lock = threading.Lock()

    def __init__(self) -> None:
        super().__init__()
        self.session = 0

    def read(self, nonce: str) -> dict:
        if self.fails:
            raise ConnectionError("refused")
        if not self.session:
            with Opening.lock:
                Opening.opened += 1
                self.session = Opening.opened
        return {"nonce": nonce, "backend_pid": self.session, "server_started": "then"}

    def warm(self, count: int) -> list[int]:
        return [self.read("warm")["backend_pid"] for _ in range(count)]

    def forget(self) -> None:
        self.session = 0


@pytest.fixture
def made() -> list[Opening]:
    """The adapters that were made, one for each reader."""
    return []


@pytest.fixture
def readers(made: list[Opening]) -> EachAnew:
    """Three of them."""

    def make() -> Opening:
        made.append(Opening())
        return made[-1]

    return EachAnew(make, 3)


def test_each_read_has_a_session_of_its_own(readers: EachAnew, made: list[Opening]) -> None:
    """From warm on; none is left when a read has ended, also where it was in vain."""
    assert [] == readers.warm(3)
    assert None is readers.look()
    backends = [readers.read("1-abc")["backend_pid"] for _ in range(9)]
    assert 9 == len({*backends})
    assert [0, 0, 0] == [one.session for one in made]
    for one in made:
        one.fails = True
    with pytest.raises(ConnectionError) as caught:
        readers.read("2-abc")
    assert "refused" == readers.failure(caught.value)["message"]
    assert 3 == readers._idle.qsize()


def test_readers_share_no_session(readers: EachAnew, made: list[Opening]) -> None:
    """Two at once read through two adapters: neither gives up what the other one uses."""
    inside, held = threading.Semaphore(0), threading.Event()

    def read(nonce: str) -> dict:
        inside.release()
        assert held.wait(5.0)
        return {"nonce": nonce}

    for one in made:
        one.read = read
    with ThreadPoolExecutor(3) as threads:
        for _ in range(3):
            threads.submit(readers.read, "1-abc")
        assert all(inside.acquire(timeout=5.0) for _ in range(3))
        assert 0 == readers._idle.qsize()
        held.set()
    assert 3 == readers._idle.qsize()

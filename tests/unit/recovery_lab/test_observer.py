"""The observer's fresh sessions: how long each may take, and what becomes of an order."""

import socket
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from threading import Event, Thread

import pytest

from recovery_lab.login import Login
from recovery_lab.record.fresh import Fresh
from recovery_lab.record.history import Clock, Mark, Record, Trouble

ANSWER_S = 0.3


@pytest.fixture
def late() -> Iterator[int]:
    """A server on the far side of a slow path: it hangs up after a while; its port."""

    def serve(server: socket.socket) -> None:
        with suppress(OSError):  # the test is over
            while True:
                with closing(server.accept()[0]):
                    time.sleep(ANSWER_S)

    with socket.create_server(("127.0.0.1", 0)) as server:
        Thread(target=serve, args=(server,), daemon=True).start()
        yield server.getsockname()[1]


@pytest.fixture
def observer(late: int, monkeypatch: pytest.MonkeyPatch) -> Fresh:
    """An observer of that server, which has looked its name up."""
    login = Login(host="localhost", port=late, name="lab", user="reader", password="none")
    one = Fresh(login, "the work")
    monkeypatch.setattr(one, "_address", "127.0.0.1")
    return one


@pytest.mark.parametrize(("delay_s", "timed_out"), [("0", True), ("0.5", False)])
def test_attempt_may_take_the_faults_declared_delay_longer(
    delay_s: str, timed_out: bool, observer: Fresh
) -> None:
    """Else whoever delays new sessions would be taken for one who refuses them."""
    observer.obey("hurry", delay_s)
    probe = observer.probe()
    assert (False, timed_out) == (probe.ok, probe.timed_out), probe


def test_probe_does_the_targets_work(observer: Fresh, monkeypatch) -> None:
    """A fresh session that cannot read what users read is no sign of a server that is back."""
    asked: list[str] = []

    def query(login: Login, address: str, sql: str, *, limit_s: float) -> list[tuple]:
        asked.append(sql)
        return [(True, 7, "nine", "17.6")]

    monkeypatch.setattr("recovery_lab.record.fresh.query_fresh", query)
    assert observer.probe().ok
    assert asked[0].endswith(" WHERE the work")


def test_delay_is_over_with_the_outage(observer: Fresh) -> None:
    """Attempts of the next one are as short as ever."""
    observer.obey("hurry", "0.5")
    observer.obey("rest", "")
    assert observer.probe().timed_out


def test_attempt_begins_with_the_name_where_that_is_denied(observer: Fresh, monkeypatch) -> None:
    """The last good address would call a server ready that nobody finds; elsewhere it serves."""

    def resolve(login: Login) -> str:
        raise socket.gaierror(-3, "Temporary failure in name resolution")

    monkeypatch.setattr(Login, "resolve", resolve)
    observer.obey("hurry", "0.5 names")
    probe = observer.probe()
    assert (False, False) == (probe.ok, probe.timed_out)
    assert "Temporary failure in name resolution" in probe.error
    observer.obey("rest", "")
    assert "name resolution" not in observer.probe().error


def test_look_up_that_nobody_answers_takes_no_longer_than_an_attempt(
    observer: Fresh, monkeypatch
) -> None:
    """And keeps the next one not waiting: that is answered though the first still hangs."""
    silent, over = [True], Event()

    def resolve(login: Login) -> str:
        over.wait(5.0) if silent.pop() else silent
        return "127.0.0.1"

    monkeypatch.setattr(Login, "resolve", resolve)
    observer.obey("hurry", "0 names")
    probe = observer.probe()
    assert (False, True) == (probe.ok, probe.timed_out)
    assert "look-up not done after 0.1 s" in probe.error
    silent.append(False)
    assert "look-up" not in observer.probe().error
    over.set()


def test_order_is_stamped_or_called_unknown(observer: Fresh, monkeypatch) -> None:
    """A mark at the observer's own clock; what it does not know is trouble."""
    said: list[Record] = []
    monkeypatch.setattr(observer, "emit", said.append)
    before = time.monotonic()
    observer.obey("mark", "released")
    observer.obey("dance", "")
    mark, trouble = said
    assert isinstance(mark, Mark)
    assert isinstance(trouble, Trouble)
    assert ("released", "unknown order 'dance'") == (mark.name, trouble.message)
    assert before <= mark.at <= trouble.at


def test_observer_that_is_hurried_tells_the_time_at_once(observer: Fresh, monkeypatch) -> None:
    """One that is kept from outage to outage would else let the next one wait for its second."""
    said: list[Record] = []
    monkeypatch.setattr(observer, "emit", said.append)
    observer.obey("hurry", "0")
    assert [Clock] == [type(record) for record in said]

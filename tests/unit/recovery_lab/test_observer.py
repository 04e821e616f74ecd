"""The observer's orders, without a server."""

import pytest

from recovery_lab.record import observer
from recovery_lab.record.history import AnyRecord, Clock, Mark, Trouble
from recovery_lab.record.session import Login

LOGIN = Login(host="db", port=5432, name="lab", user="reader", password="x")


def obeyed(monkeypatch: pytest.MonkeyPatch, order: str, argument: str = "") -> list[AnyRecord]:
    """Return what an observer records when it gets an order."""
    told: list[AnyRecord] = []
    monkeypatch.setattr(observer, "Writer", lambda: told.append)
    observer.Observer(observer.Assignment(login=LOGIN, probes=None))._obey(order, argument)
    return told


def test_observer_that_is_hurried_tells_the_time_at_once(monkeypatch) -> None:
    """One that is kept from outage to outage would else let the next one wait for its second."""
    assert [Clock] == [type(record) for record in obeyed(monkeypatch, "hurry")]


def test_observer_names_what_it_does_not_know(monkeypatch) -> None:
    """A mark has its name, and an order that is none is trouble."""
    assert ["asked"] == [one.name for one in obeyed(monkeypatch, "mark", "asked")]
    assert [Mark] == [type(record) for record in obeyed(monkeypatch, "mark", "asked")]
    assert [Trouble] == [type(record) for record in obeyed(monkeypatch, "dance")]

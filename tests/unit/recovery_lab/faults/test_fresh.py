"""The witness's orders, with a server that is asked for nothing."""

import psycopg2
import pytest

from recovery_lab.faults.fresh import Fresh
from recovery_lab.faults.witness import Assignment
from recovery_lab.login import DeadlineError, Login

LOGIN = Login(host="db", port=5432, name="lab", user="reader", password="none")
ADMIN = Login(host="db", port=5432, name="lab", user="owner", password="none")
ASSIGNED = Assignment(login=LOGIN, work="the work", admin=ADMIN)


def test_starts_are_counted_that_probes_have_read_from(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each once, from the order on; a probe that was refused has read from none."""
    answers = iter(["nine", "ten", "ten", "", "eleven"])

    def query(self: Fresh, sql: str, *parameters: object) -> list[tuple[str, ...]]:
        if not (start := next(answers)):
            raise psycopg2.OperationalError("Connection refused")
        return [(start,)]

    monkeypatch.setattr(Fresh, "_query", query)
    fresh = Fresh(ASSIGNED)
    fresh.obey("probe")
    assert {"starts": 1} == fresh.obey("counted")
    fresh.obey("count")
    assert {"starts": 0} == fresh.obey("counted")
    for _ in range(4):
        fresh.obey("probe")
    assert {"starts": 2} == fresh.obey("counted")


def test_probe_does_the_targets_work_and_plain_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    """A table that is locked holds up the one alone."""

    def query(self: Fresh, sql: str, *parameters: object) -> list[tuple[str, ...]]:
        if "the work" in sql:
            raise DeadlineError("query", 1.0)
        return [("1",)]

    monkeypatch.setattr(Fresh, "_query", query)
    monkeypatch.setattr(Fresh, "_connect", lambda self: "ok")
    fresh = Fresh(ASSIGNED)
    assert {"session": "hangs", "tcp": "ok"} == fresh.obey("probe")
    assert {"session": "ok"} == fresh.obey("plain")


def test_admins_statement_runs_under_the_admins_login(monkeypatch: pytest.MonkeyPatch) -> None:
    """As it was told, to the letter; a target without that login is named."""
    ran: list[tuple[str, str]] = []

    def query(login: Login, address: str, sql: str, *, limit_s: float) -> list[tuple[object]]:
        ran.append((login.user, sql))
        return [(7,)]

    monkeypatch.setattr("recovery_lab.session.query_fresh", query)
    monkeypatch.setattr(Fresh, "_resolved", lambda self: "192.0.2.1")
    assert {"told": "7"} == Fresh(ASSIGNED).obey("admin SELECT  '7'")
    assert [("owner", "SELECT  '7'")] == ran
    nobody = Assignment(login=LOGIN, work="true", admin=None)
    with pytest.raises(OSError, match=r"declares no \[database.admin\]"):
        Fresh(nobody).obey("admin SELECT 1")

"""The witness's orders, with a server that is asked for nothing."""

import psycopg2
import pytest

from recovery_lab.faults.fresh import Fresh
from recovery_lab.session import Login

LOGIN = Login(host="db", port=5432, name="lab", user="reader", password="none")


def test_starts_are_counted_that_probes_have_read_from(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each once, from the order on; a probe that was refused has read from none."""
    answers = iter(["nine", "ten", "ten", "", "eleven"])

    def query(self: Fresh, sql: str, *parameters: object) -> list[tuple[str, ...]]:
        if not (start := next(answers)):
            raise psycopg2.OperationalError("Connection refused")
        return [(start,)]

    monkeypatch.setattr(Fresh, "_query", query)
    fresh = Fresh(LOGIN)
    fresh.obey("probe")
    assert {"starts": 1} == fresh.obey("counted")
    fresh.obey("count")
    assert {"starts": 0} == fresh.obey("counted")
    for _ in range(4):
        fresh.obey("probe")
    assert {"starts": 2} == fresh.obey("counted")

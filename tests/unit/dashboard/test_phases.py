"""The step at which a read failed, as SQLAlchemy raises it over a driver that fails there."""

import sqlite3
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import psycopg2
import pytest
import sqlalchemy
from sqlalchemy.pool import QueuePool

from dashboard.contenders import PolicyContender
from dashboard.phases import step_of

Fail = Callable[[sqlalchemy.Engine], object]


class Broken:
    """A driver over SQLite whose one step raises as psycopg2 does when the server is gone."""

    def __init__(self, step: str) -> None:
        self.step = step
        self.armed = False

    def connect(self, *_: object, **__: object) -> Any:
        self.hit("connect")
        return Session(self, sqlite3.connect(":memory:", check_same_thread=False))

    def hit(self, step: str) -> None:
        if self.armed and step == self.step:
            raise sqlite3.OperationalError("server closed the connection unexpectedly")


class Session:
    """A connection or a cursor whose methods fail when it is their turn."""

    def __init__(self, broken: Broken, real: Any) -> None:
        self.broken, self.real = broken, real

    def __getattr__(self, name: str) -> Any:
        self.broken.hit(name)
        return getattr(self.real, name)

    def cursor(self) -> "Session":
        return Session(self.broken, self.real.cursor())


def read(engine: sqlalchemy.Engine) -> object:
    """Read once in a transaction."""
    with engine.connect() as connection:
        found = connection.exec_driver_sql("SELECT 1").fetchall()
        connection.commit()
        return found


def roll_back(engine: sqlalchemy.Engine) -> None:
    """Read, then give up what was begun."""
    with engine.connect() as connection:
        connection.exec_driver_sql("SELECT 1").fetchall()
        connection.rollback()


@pytest.mark.parametrize(
    ("step", "fail", "phase"),
    [
        ("connect", read, "connect"),
        ("execute", read, "execute"),
        ("fetchall", read, "fetch"),
        ("commit", read, "commit"),
        ("rollback", roll_back, "rollback"),
    ],
)
def test_step_is_told_by_the_functions_that_raised(step: str, fail: Fail, phase: str) -> None:
    """Whatever the driver, and the words are the same in each."""
    broken = Broken(step)
    engine = sqlalchemy.create_engine("sqlite://", creator=broken.connect, poolclass=QueuePool)
    read(engine)
    if step == "connect":
        engine.dispose()
    broken.armed = True
    with pytest.raises(sqlalchemy.exc.DBAPIError) as caught:
        fail(engine)
    assert phase == step_of(caught.value.orig)


def test_ping_is_the_checkout() -> None:
    """It executes a statement; an error of it that is no disconnect reaches the reader."""
    broken = Broken("execute")
    engine = sqlalchemy.create_engine(
        "sqlite://", creator=broken.connect, poolclass=QueuePool, pool_pre_ping=True
    )
    read(engine)
    broken.armed = True
    with pytest.raises(sqlalchemy.exc.DBAPIError) as caught:
        read(engine)
    assert "checkout" == step_of(caught.value.orig)


def test_pool_that_is_used_up_is_the_checkout() -> None:
    """A function called connect was under way, and nobody connected."""
    engine = sqlalchemy.create_engine(
        "sqlite://", poolclass=QueuePool, pool_size=1, max_overflow=0, pool_timeout=0.01
    )
    with engine.connect(), pytest.raises(sqlalchemy.exc.TimeoutError) as caught:
        engine.connect()
    assert "checkout" == step_of(caught.value)
    contender = PolicyContender.__new__(PolicyContender)
    assert "checkout" == contender.failure(caught.value)["phase"]


def test_error_that_nobody_raised_tells_no_step() -> None:
    """Nor does one of a raw connection, whose functions are not Python's."""
    assert None is step_of(psycopg2.OperationalError("gone"))
    assert None is step_of(SimpleNamespace(__traceback__=None))

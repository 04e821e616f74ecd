"""What `module:attribute` may name, and what is said where it names something else."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from recovery_lab.errors import BadInputError
from recovery_lab.yours.call import Call
from recovery_lab.yours.engines import SyncEngine
from recovery_lab.yours.found import find, way_of

URL = "postgresql+psycopg2://app@127.0.0.1:1/shop"
THEIRS = """
from sqlalchemy import create_engine

engine = create_engine("postgresql+psycopg2://app@127.0.0.1:1/shop", pool_size=3)
elsewhere = create_engine("sqlite://")
number = 7


class Deep:
    engine = engine


def make():
    return engine


async def make_later():
    return engine


def read_once():
    return 1


async def read_once_later():
    return 1


def connection():
    class Session:
        def execute(self):
            pass

    return Session()


def breaks():
    raise RuntimeError("no settings")
"""


@pytest.fixture
def theirs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], str]:
    """A module of theirs in the folder of this process; gets an attribute, returns its name."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.path", [*sys.path])  # which it adds this folder to
    name = f"theirs_{tmp_path.name}".replace("-", "_")
    (tmp_path / f"{name}.py").write_text(THEIRS)
    return lambda attribute: f"{name}:{attribute}"


@pytest.mark.parametrize("attribute", ["engine", "Deep.engine", "make", "make_later"])
def test_engine_is_found_also_where_a_function_makes_it(theirs, attribute: str) -> None:
    """By its class, whatever it is called; a coroutine function's as well."""
    way = find(theirs(attribute))
    assert isinstance(way, SyncEngine)
    assert (3, "127.0.0.1") == (way.pool_size, way.host())


@pytest.mark.parametrize("attribute", ["read_once", "read_once_later"])
def test_function_that_reads_is_called_for_each_read(theirs, attribute: str) -> None:
    """It has no login to open fresh sessions by."""
    way = find(theirs(attribute))
    assert isinstance(way, Call)
    assert not way.has_fresh
    assert {"nonce": "a-1", "backend_pid": 0, "server_started": ""} == way.read("a-1")


@pytest.mark.parametrize(
    ("attribute", "said"),
    [
        ("engin", "has no 'engin'; it has create_engine, engine, elsewhere"),
        ("Deep.motor", "has no 'Deep.motor'"),
        ("number", "is a int: expected an Engine, an AsyncEngine, a pool of psycopg_pool"),
        ("Deep", "is a type: expected an Engine"),
        ("elsewhere", "is an engine of sqlite, expected one of PostgreSQL"),
        ("connection", "returns a Session, which has read nothing: expected an Engine"),
        ("breaks", "calling it raised RuntimeError: no settings"),
    ],
)
def test_anything_else_is_bad_input_with_what_was_expected(theirs, attribute, said: str) -> None:
    """One line: the name, what it is, what it should be."""
    with pytest.raises(BadInputError) as caught:
        find(theirs(attribute))
    assert said in str(caught.value)
    assert attribute in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("nosuchmodule:engine", "no module 'nosuchmodule' from"),
        ("nosuchmodule.db:engine", "no module 'nosuchmodule' from"),
        ("engine", "expected module:attribute, as mypkg.db:engine"),
        (":engine", "expected module:attribute"),
    ],
)
def test_module_that_is_not_there_is_told(theirs, spec: str, said: str) -> None:
    """With the folder, since it is the wrong one most often."""
    with pytest.raises(BadInputError, match=said):
        find(spec)


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("import nosuchlibrary", "needs 'nosuchlibrary'"),
        ("raise RuntimeError('no DATABASE_URL')", "raised RuntimeError: no DATABASE_URL"),
    ],
)
def test_module_that_cannot_be_imported_says_why(theirs, tmp_path, code: str, said: str) -> None:
    """What it lacks is no wrong name: another word."""
    (tmp_path / "broken_module.py").write_text(code)
    with pytest.raises(BadInputError, match=said):
        find("broken_module:engine")


def test_pool_that_keeps_nothing_has_no_size() -> None:
    """Nobody idles in it."""
    way = way_of(create_engine(URL, poolclass=NullPool), "x")
    assert (0, None) == (way.pool_size, way.look())


def test_pool_that_counts_is_looked_at() -> None:
    """Size, idle and used, by its own count."""
    way = way_of(create_engine(URL, pool_size=4), "x")
    assert {"size": 4, "checked_in": 0, "checked_out": 0} == way.look()


def test_failure_is_told_in_the_drivers_own_words() -> None:
    """Not in those of what wraps it; a session that is lost by its SQLSTATE or by the wrapper."""

    class DriverError(Exception):
        sqlstate = "57P01"

    class Wrapped(Exception):  # noqa: N818 # as SQLAlchemy's
        orig = DriverError("terminating connection\nand more")

    way = way_of(create_engine(URL), "x")
    told = way.failure(Wrapped())
    assert ("connection_lost", "57P01", "terminating connection", "DriverError") == tuple(
        told[name] for name in ("kind", "sqlstate", "message", "error_class")
    )
    assert "query" == way.failure(ValueError("7"))["kind"]

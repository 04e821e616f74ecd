"""versions.toml and its contenders: each runs on what its name says, and defaults must fail."""

import gc
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Self
from unittest.mock import Mock

import pandas.errors
import psycopg2
import pytest
import sqlalchemy
import streamlit

from dashboard import retry
from dashboard.db_connector import PLAN_18_03
from recovery_lab.contenders.deaths import PLACES, DiedError
from recovery_lab.judge.roles import part_of
from recovery_lab.outage import JobName
from recovery_lab.plan import AT_MOST, Asked, outages
from recovery_lab.target import load_target
from tests.unit.nowhere import way_nowhere
from tests.versions import peers
from tests.versions.contenders import (
    BOUNDED,
    DYING,
    OTHERS,
    PLAN,
    VERSIONS,
    Contender,
    OverEngine,
    OverStreamlit,
    WrongVersionError,
    make,
)

ROOT = Path(__file__).parents[2]
HOME = ROOT / "tests/versions"
TARGET = load_target(ROOT / "versions.toml")
CUT = ("restart", "kill")
# The host has the dashboard's libraries alone.
HERE = [name for name, one in VERSIONS.items() if not one.hides and one.driver == "psycopg2"]


@pytest.fixture
def way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """The way to a database that is not there; what a contender does to its process is undone."""
    monkeypatch.setattr("sys.path", [*sys.path])
    yield way_nowhere(tmp_path)
    gc.unfreeze()
    streamlit.cache_resource.clear()


@pytest.mark.parametrize("file", ["versions.toml", "peers.toml"])
def test_target_is_the_stack_of_the_dashboard(file: str) -> None:
    """Database, network and log are those that every other run has met."""
    here, there = (tomllib.loads((ROOT / f).read_text()) for f in (file, "target.toml"))
    for table in ("compose", "database", "server_log"):
        assert there[table] == here[table]
    assert there["private"]["environment"] == here["private"]["environment"]


def test_target_declares_each_version_as_it_is() -> None:
    """Pings are declared where they are, and each contender that decides has a pool."""
    assert TARGET.contenders is not None
    declared = TARGET.contenders.entries | TARGET.contenders.when_asked
    assert set(VERSIONS) == set(declared)
    for name, traits in declared.items():
        pings = "pool_pre_ping" in VERSIONS[name].options
        assert (traits.decides, pings) == (traits.pools, traits.pings)


def test_options_are_the_plans_and_its_limits_those_of_retry() -> None:
    """What the versions differ in is not what they were given."""
    limits = {name: one for name, one in retry.OPTIONS["connect_args"].items() if name != "options"}
    assert PLAN_18_03 == PLAN
    assert {**PLAN_18_03, "connect_args": limits} == BOUNDED


@pytest.mark.parametrize("fault", CUT)
def test_each_outage_has_the_versions_and_controls(fault: str) -> None:
    """With nothing named all fit in one outage, and whatever does not ping must fail when idle."""
    info, *_ = outages(TARGET, Asked(faults=[fault]))
    deciding = [cast for cast in info.cast if cast.deciding]
    parts = {c.contender: part_of(c, "idle", info.effects, 1.0) for c in deciding if c.traits.pools}
    assert len(deciding) == AT_MOST
    assert {
        "subject": {"st-connection-bounded", *(n for n in parts if n[-1].isdigit())},
        "control": {"st-connection", *(n for n in parts if n.endswith("-defaults"))},
    } == {role: {n for n, p in parts.items() if p.role == role} for role in ("subject", "control")}
    assert {"first reads"} == {part.breaks for part in parts.values() if part.role == "control"}


@pytest.mark.parametrize(
    ("job", "role"), [("steady", "reference"), ("idle", "control")], ids=["steady", "idle"]
)
def test_connection_as_it_comes_promises_nothing(job: JobName, role: str) -> None:
    """Streamlit passes no option, so its idle pool must fail as SQLAlchemy's defaults do."""
    info, *_ = outages(TARGET, Asked(faults=["restart"], contenders=["st-connection"]))
    cast = next(one for one in info.cast if one.contender == "st-connection")
    assert role == part_of(cast, job, info.effects, 1.0).role


@pytest.mark.parametrize("name", HERE)
def test_contender_has_the_pool_of_its_name(name: str, way: dict[str, Any]) -> None:
    """The options reach the engine, through st.connection too; without them it has the defaults."""
    engine, plan = make(name, way).source.engine, bool(VERSIONS[name].options)
    pool = engine.pool
    assert ("psycopg2", 5) == (engine.dialect.driver, pool.size())
    assert (plan, plan) == (pool._pre_ping, pool._pool.use_lifo)
    assert ((1800, 10) if plan else (-1, 30)) == (pool._recycle, pool._timeout)


@pytest.mark.parametrize("name", HERE)
def test_each_job_has_a_pool_of_its_own(name: str, way: dict[str, Any]) -> None:
    """Streamlit gives the same name the same connection; the steady reads would use what idles."""
    steady, idle = (make(name, way).source.engine.pool for _ in ("steady", "idle"))
    assert steady is not idle


def test_limits_reach_the_driver_through_streamlit(
    way: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A nested table of create_engine_kwargs is what psycopg2 is called with, and no more."""
    asked: dict[str, Any] = {}
    engine = make("st-connection-bounded", way).source.engine
    monkeypatch.setattr(engine.dialect, "connect", lambda *_, **told: asked.update(told) or 1 / 0)
    with pytest.raises(ZeroDivisionError):
        engine.raw_connection()
    assert BOUNDED["connect_args"] == {name: asked[name] for name in BOUNDED["connect_args"]}
    own = {"host", "port", "dbname", "user", "password", "application_name"}
    assert own == set(asked) - set(BOUNDED["connect_args"])


def test_sessions_are_called_by_what_runs(way: dict[str, Any]) -> None:
    """The observer counts sessions by that name, so the history tells the versions."""
    names = [make(name, way).source.engine.url.query["application_name"] for name in HERE]
    ours = f"sqlalchemy-{sqlalchemy.__version__} psycopg2-{psycopg2.__version__.split()[0]}"
    assert all(one.startswith(ours) for one in names)
    assert 63 >= max(map(len, names))  # PostgreSQL cuts off what is longer


@pytest.mark.parametrize("name", [name for name in VERSIONS if "sqlalchemy-2.0" in name])
def test_another_version_than_its_name_says_is_refused(name: str, way: dict[str, Any]) -> None:
    """Without its folder the image's own SQLAlchemy would answer, and pass for 2.0."""
    told = f"{name}: sqlalchemy is {sqlalchemy.__version__}, expected 2.0; run: make versions"
    with pytest.raises(WrongVersionError, match=re.escape(told)):
        make(name, way)


def test_versions_are_compared_number_by_number(
    way: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """2.10 does not begin with 2.1."""
    monkeypatch.setattr(sqlalchemy, "__version__", "2.10.0")
    with pytest.raises(WrongVersionError, match=r"is 2\.10\.0, expected 2\.1"):
        make("sqlalchemy-2.1-psycopg2", way)


@pytest.mark.parametrize(
    ("name", "index", "driver"),
    [("sqlalchemy-2.0-psycopg2", 0, "psycopg2"), ("sqlalchemy-2.1-psycopg3", -1, "psycopg")],
)
def test_other_versions_hide_the_images_own_or_stand_behind_them(
    name: str, index: int, driver: str, way: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLAlchemy 2.0 comes first; psycopg 3 comes last, so that 2.1 stays the image's own."""
    fakes = {module: Mock(__version__=f"{one}.0") for module, one in VERSIONS[name].modules.items()}
    for module, fake in fakes.items():
        fake.pq.version.return_value = fake.extensions.libpq_version.return_value = 170005
        monkeypatch.setitem(sys.modules, module, fake)
    for _ in ("steady", "idle"):  # both jobs' contenders are made in one process
        make(name, way)
    assert (1, OTHERS) == (sys.path.count(OTHERS), sys.path[index])
    assert f"postgresql+{driver}" == fakes["sqlalchemy"].URL.create.call_args.args[0]


class FakeConnection:
    """Counts how many of its kind are held at once."""

    def __init__(self, held: list[int]) -> None:
        self.held = held

    def __enter__(self) -> Self:
        self.held.append(len(self.held) + 100)
        self.pid = self.held[-1]
        return self

    def __exit__(self, *_: object) -> None:
        self.held.pop()

    def exec_driver_sql(self, _: str) -> SimpleNamespace:
        return SimpleNamespace(scalar_one=lambda: self.pid)


def test_warm_holds_all_connections_at_once() -> None:
    """One after another would be one connection, asked five times."""
    held: list[int] = []
    source = SimpleNamespace(engine=SimpleNamespace(connect=lambda: FakeConnection(held)))
    assert [100, 101, 102, 103, 104] == Contender(source, "true").warm(5)
    assert [] == held


def _pages(tmp_path: Path) -> tuple[OverStreamlit, Any]:
    """Return st.connection over a file, and its pool."""
    source = OverStreamlit.__new__(OverStreamlit)
    url = f"sqlite:///{tmp_path}/pages.db"
    source._connection = streamlit.connection(str(tmp_path), type="sql", url=url)
    return source, source.engine.pool


def test_query_keeps_its_connection_and_a_pages_end_gives_it_back(tmp_path: Path) -> None:
    """Control: it is still out until a collection; what a contender read is back in the pool."""
    source, pool = _pages(tmp_path)
    gc.disable()
    try:
        source._connection.query("SELECT 1 AS a", ttl=0)
        assert 1 == pool.checkedout()
        assert {"a": 2} == source.row("SELECT 2 AS a")
        assert 0 == pool.checkedout()
    finally:
        gc.enable()
        source.engine.dispose()


def test_failed_read_of_pandas_is_told_in_the_drivers_words() -> None:
    """Pandas wraps SQLAlchemy's error, so that Streamlit's own retry does not know it."""
    driver = psycopg2.OperationalError("server closed the connection unexpectedly\n\tsecond line")
    lost = sqlalchemy.exc.OperationalError("SELECT 1", {}, driver, connection_invalidated=True)
    lost.__cause__ = driver
    wrapped = pandas.errors.DatabaseError("Execution failed on sql 'SELECT 1'")
    wrapped.__cause__ = lost
    assert {
        "phase": "execute",
        "kind": "connection_lost",
        "error_class": "OperationalError",
        "sqlstate": "",
        "message": "server closed the connection unexpectedly",
        "driver": "psycopg2 2.9",
    } == Contender(SimpleNamespace(), "true", "psycopg2 2.9").failure(wrapped)


def test_read_touches_the_targets_table(way: dict[str, Any]) -> None:
    """As the lab's own fresh sessions do."""
    contender = make("sqlalchemy-2.1-psycopg2", way)
    contender.source = SimpleNamespace(row=lambda sql: {"sql": sql})
    assert contender.read("n-1")["sql"].endswith("WHERE the work")


def test_dying_is_the_labs_own_over_another_driver(
    way: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As many at once as it has places; a refused connect is told with that driver's version."""
    refused = OSError("connection is bad: Connection refused")
    psycopg = Mock(__version__="3.3.9", connect=Mock(side_effect=refused))
    psycopg.pq.version.return_value = 170005
    monkeypatch.setitem(sys.modules, "psycopg", psycopg)
    adapter = make(DYING, way)
    with pytest.raises(DiedError) as caught:
        adapter.read("n")
    told = adapter.failure(caught.value)
    assert ("connect", "psycopg 3.3.9, libpq 17") == (told["phase"], told["driver"])
    traits = TARGET.contenders.when_asked[DYING]
    assert (len(PLACES), False) == (traits.workers, traits.decides)


def test_failed_connect_has_no_statement(way: dict[str, Any]) -> None:
    """A refused connect is told apart from a lost one; psycopg 3 has its SQLSTATE elsewhere."""
    contender = make("sqlalchemy-2.1-psycopg2", way)
    with pytest.raises(sqlalchemy.exc.OperationalError) as caught:
        contender.read("1-abc")
    told = contender.failure(caught.value)
    assert ("connect", "connect") == (told["phase"], told["kind"])
    assert "Connection refused" in told["message"]
    assert re.fullmatch(r"psycopg2 2\.9\.\d+, libpq \d\d", told["driver"])
    third = Exception("terminating connection")
    third.sqlstate = "57P01"  # type: ignore[attr-defined]
    assert "57P01" == contender.failure(third)["sqlstate"]


def test_look_tells_the_pools_own_count(way: dict[str, Any]) -> None:
    """Nothing connects until the first read."""
    contender = make("sqlalchemy-2.1-psycopg2", way)
    assert isinstance(contender.source, OverEngine)
    assert {"size": 5, "checked_in": 0, "checked_out": 0} == contender.look()


def test_context_is_what_the_image_copies() -> None:
    """The builder gets the requirement files and the factories, and not the whole repository."""
    admitted = re.findall(r"^!(.*)$", (HOME / "Dockerfile.dockerignore").read_text(), re.MULTILINE)
    copied = re.findall(r"^COPY (.*) \S+$", (HOME / "Dockerfile").read_text(), re.MULTILINE)
    assert [source for line in copied for source in line.split()] == admitted


@pytest.mark.parametrize(
    ("file", "folder"), [("versions.toml", OTHERS), ("peers.toml", peers.FOLDER)]
)
def test_image_holds_the_factory_where_the_target_names_it(file: str, folder: str) -> None:
    """A helper imports from /app; the module's name is its place here as well."""
    contenders = load_target(ROOT / file).contenders
    assert contenders is not None
    module = contenders.factory.partition(":")[0].replace(".", "/")
    copied = (HOME / "Dockerfile").read_text()
    assert f"COPY {module}.py /app/{module}.py" in copied
    assert f"--target {folder} " in copied

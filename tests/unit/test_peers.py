"""peers.toml and its contenders: the lab's own unchanged, the others as their makers show them."""

import re
import sys
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import pytest

from dashboard.contenders import PolicyContender
from recovery_lab.judge.roles import part_of
from recovery_lab.plan import AT_MOST, Asked, outages
from recovery_lab.target import load_target
from tests.unit.nowhere import way_nowhere
from tests.versions.contenders import PLAN, Contender, OverStreamlit, WrongVersionError
from tests.versions.peers import FOLDER, PEERS, SIZE, PoolContender, make

ROOT = Path(__file__).parents[2]
TARGET = load_target(ROOT / "peers.toml")
FAULTS = ("restart", "kill", "freeze", "drop")
POLICIES = ("naive", "adopted", "retry", "steady")
BOUNDED = "st-connection-bounded"
Fake = Callable[..., dict[str, Mock]]


@pytest.fixture
def way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The way to a database that is not there; what a contender does to its imports is undone."""
    monkeypatch.setattr("sys.path", [*sys.path])
    return way_nowhere(tmp_path)


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Fake:
    """Stand in for the modules that the image alone has, each with a version."""

    def put(**modules: str) -> dict[str, Mock]:
        fakes = {name: Mock(__version__=version) for name, version in modules.items()}
        for name, one in fakes.items():
            one.pq.version.return_value = 180000
            monkeypatch.setitem(sys.modules, name, one)
        return fakes

    return put


def _declared(file: str) -> dict[str, Any]:
    contenders = load_target(ROOT / file).contenders
    assert contenders is not None
    return contenders.entries | contenders.when_asked


def test_target_declares_whom_the_factory_makes() -> None:
    """And of those the lab has already what their own targets say of them."""
    here = _declared("peers.toml")
    assert {*POLICIES, BOUNDED, *PEERS} == set(here)
    for file, names in (("target.toml", POLICIES), ("versions.toml", (BOUNDED,))):
        assert {n: _declared(file)[n] for n in names} == {n: here[n] for n in names}


@pytest.mark.parametrize("fault", FAULTS)
def test_each_outage_has_all_of_them_and_controls(fault: str) -> None:
    """With nothing named all fit in one; who promises is held to it, and somebody must fail."""
    info, *_ = outages(TARGET, Asked(faults=[fault]))
    casts = {cast.contender: cast for cast in info.cast if cast.deciding}
    parts = {name: part_of(one, "steady", info.effects, info.hold_s) for name, one in casts.items()}
    assert AT_MOST == len(casts)
    assert {*POLICIES, BOUNDED, *PEERS} - {"naive"} == {
        name for name, part in parts.items() if part.role == "subject"
    }
    assert ("recovers", "") == (parts["quitter"].breaks, parts["naive"].breaks)


@pytest.mark.parametrize("fault", ["restart", "kill"])
def test_idle_pools_are_controlled_by_the_one_without_options(fault: str) -> None:
    """Every other one asks its sessions first."""
    info, *_ = outages(TARGET, Asked(faults=[fault]))
    pooled = [one for one in info.cast if one.deciding and one.traits.pools]
    parts = {one.contender: part_of(one, "idle", info.effects, info.hold_s) for one in pooled}
    assert "first reads" == parts.pop("naive").breaks
    assert {"subject"} == {part.role for part in parts.values()}


@pytest.mark.parametrize("name", POLICIES)
def test_policies_are_made_by_the_dashboards_own_code(name: str, way: dict[str, Any]) -> None:
    """What is compared is what is shipped."""
    contender = make(name, way)
    assert isinstance(contender, PolicyContender)
    assert name == contender._pool.policy.name


def test_connection_is_made_as_among_the_versions(way: dict[str, Any]) -> None:
    """With the plan's options and limits."""
    source = make(BOUNDED, way).source
    assert isinstance(source, OverStreamlit)
    assert source.engine.pool._pre_ping


def test_wrapper_is_an_engine_with_the_plans_options(way: dict[str, Any], fake: Fake) -> None:
    """PostgreSQL's plain dialect is named, and nothing else is told to the wrapper."""
    found = fake(sqlalchemy="2.1.9", psycopg="3.3.9", aws_advanced_python_wrapper="3.1.0")
    contender = make("aws-wrapper", way)
    assert (Contender, "psycopg 3.3.9, libpq 18") == (type(contender), contender.driver)
    url = found["sqlalchemy"].URL.create.call_args
    assert ("postgresql+aws_wrapper_psycopg",) == url.args
    said = "sqlalchemy-2.1.9 aws_advanced_python_wrapper-3.1.0"
    assert {"application_name": said, "wrapper_dialect": "pg"} == url.kwargs["query"]
    assert 63 >= len(said)  # PostgreSQL cuts off what is longer
    assert PLAN == found["sqlalchemy"].create_engine.call_args.kwargs


def test_pool_asks_its_sessions_and_has_nothing_else_told(way: dict[str, Any], fake: Fake) -> None:
    """But its size, which is that of the others' pools."""
    fakes = {"psycopg": "3.3.9", "psycopg_pool": "3.3.3", "psycopg.rows": ""}
    pools = fake(**fakes)["psycopg_pool"].ConnectionPool
    contender = make("psycopg-pool-check", way)
    assert isinstance(contender, PoolContender)
    told = pools.call_args.kwargs
    assert {"kwargs", "min_size", "check", "open"} == set(told)
    assert (SIZE, pools.check_connection, True) == (told["min_size"], told["check"], told["open"])
    own = {"host", "port", "dbname", "user", "password", "row_factory", "application_name"}
    assert own == set(told["kwargs"])


@pytest.mark.parametrize("name", PEERS)
def test_another_version_than_the_pinned_one_is_refused(
    name: str, way: dict[str, Any], fake: Fake
) -> None:
    """A newer one may do something else, under the same name."""
    fake(sqlalchemy="2.1.9", psycopg="3.3.9", psycopg_pool="4.0", aws_advanced_python_wrapper="4.0")
    with pytest.raises(WrongVersionError, match=r"is 4\.0, expected 3"):
        make(name, way)


@pytest.mark.parametrize("name", PEERS)
def test_what_a_peer_needs_comes_first(name: str, way: dict[str, Any], fake: Fake) -> None:
    """The wrapper's libraries need another dateutil than the image has."""
    fake(sqlalchemy="2", psycopg="2", psycopg_pool="2", aws_advanced_python_wrapper="2")
    for _ in ("steady", "idle"):  # both jobs' contenders are made in one process
        with pytest.raises(WrongVersionError):
            make(name, way)
    assert (1, FOLDER) == (sys.path.count(FOLDER), sys.path[0])


def test_what_a_peer_needs_is_no_driver() -> None:
    """Else it would be compared on a driver, or on a SQLAlchemy, that nobody else runs on."""
    locked = (ROOT / "requirements/peers.txt").read_text()
    names = set(re.findall(r"^([a-z0-9-]+)==", locked, re.MULTILINE))
    assert {"psycopg-pool", "aws-advanced-python-wrapper"} <= names
    assert not names & {"psycopg", "psycopg-binary", "psycopg2-binary", "sqlalchemy"}


class FakePool:
    """Counts how many of its connections are held at once."""

    def __init__(self) -> None:
        self.held, self.most = 0, 0

    @contextmanager
    def connection(self):
        """Hand one out."""
        self.held += 1
        self.most = max(self.most, self.held)
        yield SimpleNamespace(info=SimpleNamespace(backend_pid=100 + self.held))
        self.held -= 1

    def get_stats(self) -> dict[str, int]:
        """Tell of a pool of which one is being opened anew."""
        return {"pool_size": SIZE, "pool_available": SIZE - 1, "requests_waiting": 0}


def test_warm_holds_the_whole_pool_and_look_counts_it() -> None:
    """The pool opens all by itself: fewer asked for, as many idle."""
    contender = PoolContender(SimpleNamespace(pool=FakePool()), "true")
    assert [101, 102, 103, 104, 105] == contender.warm(4)
    assert (SIZE, 0) == (contender.source.pool.most, contender.source.pool.held)
    assert {"size": SIZE, "checked_in": SIZE - 1, "checked_out": 1} == contender.look()


@pytest.mark.parametrize(
    ("name", "phase"), [("PoolTimeout", "checkout"), ("OperationalError", "execute")]
)
def test_wait_for_a_session_is_told_from_a_failed_read(name: str, phase: str) -> None:
    """The pool's own error is a driver's error as well."""
    error = type(name, (Exception,), {})("couldn't get a connection after 30.00 sec")
    told = PoolContender(SimpleNamespace(), "true", "psycopg 3").failure(error)
    assert (phase, phase, name) == (told["phase"], told["kind"], told["error_class"])

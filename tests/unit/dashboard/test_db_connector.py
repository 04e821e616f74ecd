"""The policies and the engine each of them makes."""

import inspect
from dataclasses import replace
from pathlib import Path

import psycopg2
import pytest
import sqlalchemy.exc
from sqlalchemy import QueuePool

import steadypool
from dashboard import db_connector
from dashboard.db_connector import PLAN_18_03, POLICIES, Address, build_engine
from dashboard.errors import PasswordFileError, Trouble, classify
from dashboard.pool import PinnedPool
from dashboard.sampler import Sampler
from dashboard.settings import Settings
from tests.unit.dashboard.corpus import lost

ADDRESS = Address(
    host="db.test", port=5432, database="lab", user="reader", password_file=Path("/dev/null")
)


def test_adopted_is_the_plan_exactly() -> None:
    """The plan fixed four options and their values; nothing is added."""
    assert {
        "pool_pre_ping": True,
        "pool_recycle": 1800,
        "pool_timeout": 10,
        "pool_use_lifo": True,
    } == dict(POLICIES["adopted"].engine_options)


def test_adopted_reaches_the_engine() -> None:
    """SQLAlchemy really runs with the plan's options."""
    pool = build_engine(POLICIES["adopted"], ADDRESS).pool
    assert isinstance(pool, QueuePool)
    assert (True, 1800, 10) == (pool._pre_ping, pool._recycle, pool._timeout)
    assert pool._pool.use_lifo


def test_steady_is_the_plan_over_a_pool_that_waits() -> None:
    """The plan's options literally, on steadypool's engine, with the same name of its sessions."""
    assert dict(PLAN_18_03) == dict(POLICIES["steady"].engine_options)
    engine = build_engine(POLICIES["steady"], ADDRESS)
    assert 0 == steadypool.counters(engine).losses  # an engine of another make has no counters
    assert (True, 1800, 10) == (engine.pool._pre_ping, engine.pool._recycle, engine.pool.timeout())
    with pytest.raises(TypeError):
        steadypool.counters(build_engine(POLICIES["adopted"], ADDRESS))


@pytest.mark.parametrize("name", ["naive", "dispose"])
def test_defaults_stay_sqlalchemys(name: str) -> None:
    """The controls differ from a plain `create_engine` in nothing."""
    assert {} == dict(POLICIES[name].engine_options)  # type: ignore[index]
    pool = build_engine(POLICIES[name], ADDRESS).pool  # type: ignore[index]
    assert isinstance(pool, QueuePool)
    assert (False, -1, 30.0, 5) == (pool._pre_ping, pool._recycle, pool._timeout, pool.size())


def test_policies_differ_in_what_they_are_for() -> None:
    """Each of four differs in one thing that is no engine option."""
    assert ["dispose"] == [p.name for p in POLICIES.values() if p.disposes_on_failed_check]
    assert ["pinned"] == [p.name for p in POLICIES.values() if p.pins_one_connection]
    assert ["retry"] == [p.name for p in POLICIES.values() if p.retries_reads]
    assert ["steady"] == [p.name for p in POLICIES.values() if p.waits_outages_out]


def test_policies_are_shown_as_the_design_says() -> None:
    """Pages and reports print the same names for the policies."""
    assert {
        "naive": "SQLAlchemy defaults",
        "adopted": "plan 18-03",
        "dispose": "dispose on failure",
        "pinned": "cached connection",
        "retry": "plan 18-03 + retry",
        "steady": "steadypool",
    } == {policy.name: policy.shown_as for policy in POLICIES.values()}


def test_plan_block_is_told_in_korean() -> None:
    """The block says why, and the failure it prevents, with one line in English."""
    source = inspect.getsource(db_connector)
    block = source[: source.index("PLAN_18_03: ")].rsplit("\n\n", 1)[-1]
    assert "끊어진" in block
    assert "나이를 잰다" in block  # not idleness
    assert "`server closed the connection" in block
    assert "# In short: " in block
    for option in PLAN_18_03:
        assert option in block


def test_engine_uses_psycopg2() -> None:
    """Plain `postgresql://` would mean another driver from SQLAlchemy 2.1 on."""
    assert "postgresql+psycopg2" == build_engine(POLICIES["naive"], ADDRESS).url.drivername


def test_lost_session_of_the_pool_says_why() -> None:
    """The driver says only that it is gone; the server's last words are noted before it closes."""
    engine = build_engine(POLICIES["naive"], ADDRESS)
    engine.dispose()  # the new pool tells as well
    error = psycopg2.OperationalError("SSL connection has been closed unexpectedly")
    assert "connection_lost" == classify(error).kind
    session = lost("FATAL:  terminating connection due to idle-session timeout")
    engine.pool.dispatch.invalidate(session, None, None)  # `pool_recycle` has no error
    engine.pool.dispatch.invalidate(session, None, error)
    assert "idle_timeout" == classify(error).kind


def test_address_hides_the_password(tmp_path: Path) -> None:
    """The password comes from its file and shows in no representation."""
    file = tmp_path / "password"
    file.write_text("s3cret\n")
    address = Address.from_settings(Settings.from_env({"DB_PASSWORD_FILE": str(file)}))
    assert "s3cret" == address.password_now()
    assert "s3cret" not in repr(address)
    assert "s3cret" not in repr(build_engine(POLICIES["naive"], address))
    assert {"password": "s3cret", "application_name": "x"}.items() <= address.connect_args(
        "x"
    ).items()


def test_address_tells_libpq_whom_to_trust(monkeypatch: pytest.MonkeyPatch) -> None:
    """Engine, pinned connection and monitor alike; what is not set is left to libpq."""
    given: list[dict[str, object]] = []

    def connect(*_: object, **arguments: object) -> None:
        given.append(arguments)
        raise psycopg2.OperationalError("SSL error: certificate verify failed")

    monkeypatch.setattr(psycopg2, "connect", connect)
    tls = {"sslmode": "verify-full", "sslrootcert": "/ca"}
    address = replace(ADDRESS, **tls)
    with pytest.raises(sqlalchemy.exc.OperationalError):
        build_engine(POLICIES["adopted"], address).connect()
    assert tls == {name: given[0][name] for name in tls}
    assert tls.items() <= address.connect_args("x").items()
    assert not set(tls) & set(ADDRESS.connect_args("x"))
    named = Settings.from_env({"DB_SSLMODE": "verify-full", "DB_SSLROOTCERT": "/ca"})
    assert tls == Address.from_settings(named).tls


def test_rotated_password_is_used_by_the_next_connection(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A restart is not needed: engine, pinned connection and monitor read the file each time."""
    given: list[object] = []

    def connect(*_: object, **arguments: object) -> None:
        given.append(arguments["password"])
        raise psycopg2.OperationalError("Connection refused")

    monkeypatch.setattr(psycopg2, "connect", connect)
    file = tmp_path / "password"
    address = replace(ADDRESS, host="127.0.0.1", password_file=file)
    engine = build_engine(POLICIES["adopted"], address)
    pinned = PinnedPool(POLICIES["pinned"], address)
    sampler = Sampler(address)
    for password in ("old", "new"):
        file.write_text(f"{password}\r\n")
        with pytest.raises(sqlalchemy.exc.OperationalError):
            engine.connect()
        with pytest.raises(psycopg2.OperationalError):
            pinned.read(lambda _: None)
        sampler.sample()
    assert ["old"] * 3 + ["new"] * 3 == given


def test_missing_password_file_is_a_trouble_of_its_own(tmp_path: Path) -> None:
    """Pages and System Health name the same cause, and no path."""
    address = replace(ADDRESS, host="127.0.0.1", password_file=tmp_path / "none")
    with pytest.raises(PasswordFileError) as caught:
        build_engine(POLICIES["adopted"], address).connect()
    assert "no_password" == classify(caught.value).kind
    assert Trouble(kind="no_password") == Sampler(address).sample().trouble

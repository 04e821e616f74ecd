"""A standby is no primary, where one is needed; a read-only setting makes none."""

import threading

import pytest
from sqlalchemy import exc

import steadypool
from conftest import MakeEngine, Timed, select
from fake import Server
from steadypool.engine import watch_of

DEMOTED_S = 0.5


def _promoted_later(server: Server) -> None:
    """Make a standby of the server, for a while."""
    _demote(server)

    def promote() -> None:
        server.script.recovery, server.script.standby = False, "off"

    threading.Timer(DEMOTED_S, promote).start()


def _demote(server: Server) -> None:
    server.script.recovery, server.script.standby = True, "on"


@pytest.mark.parametrize("needs_primary", [True, False])
def test_standby_is_waited_out(
    make_engine: MakeEngine, server: Server, needs_primary: bool
) -> None:
    """The prober takes none for the database; the control needs no primary and is served by it."""
    engine = make_engine(needs_primary=needs_primary)
    steadypool.read(engine, select, deadline_s=5)
    server.cut()
    with Timed() as took:
        _promoted_later(server)
        assert 1 == steadypool.read(engine, select, deadline_s=5)
    assert needs_primary == (took.wall_s > DEMOTED_S - 0.05), took.wall_s


@pytest.mark.parametrize("needs_primary", [True, False])
def test_standby_is_waited_out_by_the_first_session(
    make_engine: MakeEngine, server: Server, needs_primary: bool
) -> None:
    """Before anything was lost the pool opens sessions by itself, and looks as well."""
    _promoted_later(server)
    engine = make_engine(needs_primary=needs_primary)
    with Timed() as took:
        assert 1 == steadypool.read(engine, select, deadline_s=5)
    assert needs_primary == (took.wall_s > DEMOTED_S - 0.05), took.wall_s


def test_session_of_a_standby_is_closed(make_engine: MakeEngine, server: Server) -> None:
    """Each probe has one; the server must not keep them."""
    _demote(server)
    engine = make_engine(needs_primary=True)
    with pytest.raises(steadypool.DeadlineError, match="a standby answered"):
        steadypool.read(engine, select, deadline_s=0.5)
    assert steadypool.counters(engine).probes > 3
    assert len(server.pids) <= 2


@pytest.mark.parametrize(
    ("needs_primary", "standby", "lost"),
    [(True, "on", True), (True, "off", False), (False, "on", False)],
)
def test_read_only_answer_of_a_standby_is_a_disconnect(
    make_engine: MakeEngine, server: Server, needs_primary: bool, standby: str, lost: bool
) -> None:
    """A demoted primary is lost to work that needs one; a read-only setting loses nothing."""
    engine = make_engine(needs_primary=needs_primary)
    with engine.connect() as connection:
        connection.exec_driver_sql("SELECT 1")
        server.script.recovery, server.script.standby = True, standby
        with pytest.raises(exc.DBAPIError) as failed:
            connection.exec_driver_sql("UPDATE ledger SET n = 1")
        server.script.recovery, server.script.standby = False, "off"
    assert lost == failed.value.connection_invalidated


def test_demoted_primary_is_left_until_there_is_one(
    make_engine: MakeEngine, server: Server
) -> None:
    """Its word is heard by all: who comes next waits for the prober, and for a primary."""
    engine = make_engine(needs_primary=True)
    with engine.connect() as connection:
        connection.exec_driver_sql("SELECT 1")
        _promoted_later(server)
        with pytest.raises(exc.DBAPIError):
            connection.exec_driver_sql("UPDATE ledger SET n = 1")
        assert "doubted" == watch_of(engine).state
    with Timed() as took:
        assert 1 == steadypool.read(engine, select, deadline_s=5)
    assert took.wall_s > DEMOTED_S - 0.2, took.wall_s

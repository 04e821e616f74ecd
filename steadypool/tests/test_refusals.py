"""Down is told apart from exhausted, refused and unknown: these fail at once in their own words."""

import threading

import psycopg
import pytest
from sqlalchemy import Engine, exc

import steadypool
from conftest import MakeEngine, Timed, select, wait_for
from fake import Server
from steadypool.errors import DatabaseLostError, is_refusal
from wire import error

REFUSALS = {
    "53300": "sorry, too many clients already",
    "28P01": 'password authentication failed for user "tester"',
    "28000": 'no pg_hba.conf entry for host "127.0.0.1", user "tester", database "lab"',
    "3D000": 'database "lab" does not exist',
}


@pytest.mark.parametrize("sqlstate", REFUSALS)
def test_refusal_fails_at_once_in_its_own_words(
    make_engine: MakeEngine, server: Server, sqlstate: str
) -> None:
    """Exhausted, login, database: a server that is there is not waited for."""
    server.script.refusal = error(sqlstate, REFUSALS[sqlstate])
    engine = make_engine()
    with Timed() as took, pytest.raises(exc.OperationalError) as failed:
        steadypool.read(engine, select, deadline_s=5)
    assert REFUSALS[sqlstate] in str(failed.value)
    assert took.s < 3, took.s
    assert 0 == steadypool.counters(engine).losses


@pytest.mark.parametrize("words", ["the database system is starting up", "weird words"])
def test_other_words_are_an_outage(make_engine: MakeEngine, server: Server, words: str) -> None:
    """The control: who starts up is waited for."""
    server.script.refusal = error("57P03", words)
    engine = make_engine()
    with Timed() as took:
        threading.Timer(0.3, setattr, (server.script, "refusal", b"")).start()
        assert 1 == steadypool.read(engine, select, deadline_s=5)
    assert 0.25 < took.wall_s
    assert took.s < 3, took.s
    assert 1 == steadypool.counters(engine).losses


def test_refusal_during_an_outage_ends_the_waiting(engine: Engine, server: Server) -> None:
    """The database is back and takes no more sessions: who waits is told so, and soon."""
    server.stop()
    server.script.refusal = error("53300", REFUSALS["53300"])
    threading.Timer(0.3, server.start).start()
    with Timed() as took, pytest.raises(exc.OperationalError, match="too many clients"):
        steadypool.read(engine, select, deadline_s=5)
    assert took.s < 3, took.s
    server.script.refusal = b""
    wait_for(lambda: steadypool.counters(engine).returns == 1)
    assert 1 == steadypool.read(engine, select, deadline_s=5)


def test_refusal_is_told_by_words_alone() -> None:
    """What this package says itself is never one, whatever it quotes."""
    assert is_refusal(psycopg.OperationalError(REFUSALS["28P01"]))
    assert not is_refusal(DatabaseLostError(f"database lost: {REFUSALS['28P01']}"))

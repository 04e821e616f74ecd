"""A project's own tests of its outages, as docs/your-own.md tells to write them."""

import os
import shlex
import subprocess
import threading
import time
from pathlib import Path

import pytest
from db import URL, engine
from sqlalchemy import create_engine, event
from sqlalchemy.ext.asyncio import create_async_engine

RESTART = shlex.split(os.environ["RESTART"])
FREEZE = shlex.split(os.environ["FREEZE"])
# The second where the machine stood still for a second: fresh sessions had no answer either.
NOTHING_SEEN = "inconclusive, which is no pass: .*(no outage was seen|nothing of yours met it)"


def calm(lab, *what):
    """Return the first of some outages in which the machine let the recorder keep its schedule."""
    for _ in range(4):
        outage = lab.outage(*what)
        if not any("the recorder missed its schedule" in why for why in outage.reasons):
            break
    return outage


@pytest.fixture
def naive():
    """An engine as it comes, whose reads find out for themselves."""
    one = create_engine(URL)
    yield one
    one.dispose()


@pytest.fixture(autouse=True)
def nothing_is_left(request):
    """No thread outlives an outage, but of reads that hang; nothing is written beside it all."""
    before = set(threading.enumerate())
    yield
    assert not Path(".lab").exists()
    deadline = time.monotonic() + 5
    while left := set(threading.enumerate()) - before:
        if "hangs" in request.node.name:
            return
        assert time.monotonic() < deadline, left
        time.sleep(0.05)


def test_engine_that_pings(recovery_lab):
    """Who asks each connection before its use passes."""
    outage = calm(recovery_lab, engine, RESTART)
    assert outage.recovers(within_s=60)
    assert not outage.failed_after_ready
    assert ("passed", [], 5) == (outage.verdict, outage.reasons, outage.first_reads.ok)
    assert 0 < outage.server_share_s < 10


def test_engine_as_it_comes_by_a_function(recovery_lab, naive):
    """The control: who does not, fails in the first reads; the command is a function."""
    for _ in range(4):  # how many of five fail is chance
        outage = calm(recovery_lab, naive, lambda: subprocess.run(RESTART, check=True))
        if outage.failed_after_ready:
            break
    assert outage.recovers(within_s=60)
    assert "failed" == outage.verdict
    assert outage.first_reads.failed
    [first, *_] = outage.failed_after_ready
    assert ("idle", "failed", "connection_lost") == (first.job, first.outcome, first.kind)
    assert first.words in repr(outage.failed_after_ready)
    assert "first reads" in repr(outage)


def test_function_that_raises(recovery_lab):
    """The test sees its own error."""
    with pytest.raises(ZeroDivisionError):
        recovery_lab.outage(engine, lambda: 1 / 0)


def test_engine_of_a_module(recovery_lab):
    """By its name, it is read by processes of its own."""
    outage = calm(recovery_lab, "db:engine", RESTART)
    assert outage.recovers(within_s=60)
    assert not outage.failed_after_ready


def test_command_that_does_nothing(recovery_lab):
    """No outage was seen: that is no pass."""
    outage = calm(recovery_lab, engine, ["true"])
    assert "inconclusive" == outage.verdict
    with pytest.raises(pytest.fail.Exception, match=NOTHING_SEEN):
        outage.recovers(within_s=60)
    with pytest.raises(pytest.fail.Exception, match=NOTHING_SEEN):
        assert not outage.failed_after_ready


def test_options_and_listeners_go_with_what_idles(recovery_lab):
    """Both engines are the project's own in all but the pool."""
    asked = []
    own = create_engine(URL, pool_pre_ping=True).execution_options(isolation_level="AUTOCOMMIT")
    event.listen(own, "before_cursor_execute", lambda *told: asked.append(told[0].engine))
    outage = calm(recovery_lab, own, RESTART)
    assert outage.recovers(within_s=60)
    assert 2 <= len(set(map(id, asked)))  # its own and the one that idles
    assert {"AUTOCOMMIT"} == {one.get_execution_options()["isolation_level"] for one in asked}


def test_session_that_the_test_holds(recovery_lab):
    """It would be cut."""
    with engine.connect(), pytest.raises(pytest.fail.Exception, match="1 connections checked out"):
        recovery_lab.outage(engine, RESTART)


@pytest.mark.skipif(os.environ["DRIVER"] == "psycopg2", reason="it has none")
def test_asynchronous_engine(recovery_lab):
    """Its copies are read on a loop of the lab's."""
    outage = calm(recovery_lab, create_async_engine(URL, pool_pre_ping=True), RESTART)
    assert outage.recovers(within_s=60)
    assert not outage.failed_after_ready


def test_pool_that_checks_and_pool_that_does_not(recovery_lab):
    """Psycopg's: its callback goes with the copy; the second is the control."""
    pools = pytest.importorskip("psycopg_pool").ConnectionPool
    own = os.environ["DATABASE_URL"]
    with pools(own, check=pools.check_connection, open=True) as pool:
        outage = calm(recovery_lab, pool, RESTART)
    assert outage.recovers(within_s=60)
    assert not outage.failed_after_ready
    with pools(own, open=True) as pool:
        outage = calm(recovery_lab, pool, RESTART)
    assert outage.first_reads.failed
    assert "failed" == outage.verdict


def test_server_that_hangs_and_is_not_back(recovery_lab, naive):
    """Reads hang for good, and the outage is over all the same."""
    with pytest.raises(pytest.fail.Exception, match="the database is not back"):
        recovery_lab.outage(naive, FREEZE)

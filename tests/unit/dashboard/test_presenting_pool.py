"""What System Health says about the pool."""

from datetime import UTC, datetime

from dashboard import presenting_pool
from dashboard.db_connector import POLICIES
from dashboard.errors import Trouble
from dashboard.executor import Workers
from dashboard.language import Words
from dashboard.pool_stats import PoolStats
from dashboard.reads import LastRead

AT = datetime(2026, 1, 1, 9, 2, 11, tzinfo=UTC)
LOST = Trouble(kind="connection_lost")
GOOD_READ, BAD_READ = LastRead(at=AT, trouble=None), LastRead(at=AT, trouble=LOST)
SAY, KOREAN = Words("en"), Words("ko")
ADOPTED = POLICIES["adopted"]


def test_policy_told_lists_each_option_with_its_effect() -> None:
    """The settings in force are on the page, not only their name."""
    told = presenting_pool.policy_told(ADOPTED, SAY)
    assert "**adopted** (plan 18-03)" in told
    for name, value in ADOPTED.engine_options.items():
        assert f"`{name}={value}`: {presenting_pool.OPTION_MEANINGS[name]}" in told
    for name in ("naive", "dispose", "pinned"):
        assert 1 == presenting_pool.policy_told(POLICIES[name], SAY).count("\n- ")
    assert 6 == presenting_pool.policy_told(POLICIES["retry"], SAY).count("\n- ")
    assert 5 == presenting_pool.policy_told(POLICIES["steady"], SAY).count("\n- ")


def test_read_end_is_told_with_its_reason() -> None:
    """The pool's last word."""
    never, good, bad = (
        presenting_pool.read_end_told(last, SAY) for last in (None, GOOD_READ, BAD_READ)
    )
    assert never.startswith("Nobody has read")
    assert "was good, at 2026-01-01" in good
    assert "failed" in bad
    assert LOST.message in bad


def test_pool_is_told_as_a_table() -> None:
    """A heading, an alignment and a number for each figure."""
    stats = PoolStats(
        size=5, checked_in=4, checked_out=1, overflow=0, connects_total=7, invalidations_total=2
    )
    head, line, numbers = presenting_pool.pool_told(stats, SAY).splitlines()
    assert "| In use | Idle | Connects | Invalidations |" == head
    assert "| ---: | ---: | ---: | ---: |" == line
    assert "| 1 | 4 | 7 | 2 |" == numbers


def test_workers_that_hang_are_named_with_their_time() -> None:
    """Counted against all; a pool with none says nothing, one with all says what follows."""
    stuck = {"read-0": 41.2, "read-1": 6.9}
    some = Workers(total=15, stuck=stuck)
    assert "" == presenting_pool.workers_told(Workers(total=15, stuck={}), SAY)
    told = presenting_pool.workers_told(some, SAY)
    assert told.startswith("2 of 15 workers hang")
    assert told.endswith(": `read-0` (41 s), `read-1` (7 s).")
    assert "15개 중 2개" in presenting_pool.workers_told(some, KOREAN)
    told = presenting_pool.workers_told(Workers(total=2, stuck=stuck), SAY)
    assert told.startswith("**All 2 workers hang**")
    assert "the runbook says what to do" in told

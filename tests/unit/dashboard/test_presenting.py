"""What System Health says."""

from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from dashboard import presenting, presenting_pool
from dashboard.db_connector import POLICIES
from dashboard.errors import Trouble
from dashboard.executor import Workers
from dashboard.health import Health, History, Outage, Point, Sample, Server, Status
from dashboard.language import Words
from dashboard.reads import LastRead

AT = datetime(2026, 1, 1, 9, 2, 11, tzinfo=UTC)
LOST = Trouble(kind="connection_lost")
GOOD_READ, BAD_READ = LastRead(at=AT, trouble=None), LastRead(at=AT, trouble=LOST)
SAY, KOREAN = Words("en"), Words("ko")
ADOPTED = POLICIES["adopted"]
FREE = Workers(total=15, stuck={"read-3": 41.2})


def health(status: Status, trouble: Trouble | None = None) -> Health:
    """Return a state."""
    sample = Sample(began_s=0, ended_s=0, ended_at=AT, trouble=trouble)
    known = None if status == "starting" else sample
    history = History(started_at=AT, since=AT, sample=known)
    return Health(status=status, age_s=None if known is None else 0.44, since=AT, history=history)


@pytest.mark.parametrize(
    ("status", "tone", "line"),
    [
        ("starting", "info", "Starting"),
        ("up", "success", "Up since 2026-01-01 09:02:11 UTC"),
        ("down", "error", "Down since 2026-01-01 09:02:11 UTC"),
        ("stale", "warning", "Stale: nothing is known since 2026-01-01 09:02:11 UTC"),
    ],
)
def test_verdict_is_words_icon_and_advice(status: Status, tone: str, line: str) -> None:
    """No state is told by its colour alone, and each has an icon of its own."""
    said = presenting.verdict(health(status), None, FREE, ADOPTED, SAY)
    assert (tone, line) == (said.tone, said.line)
    assert said.meaning
    others = {presenting.verdict(health(s), None, FREE, ADOPTED, SAY).icon for s in ("up", "down")}
    assert said.icon in others or status in {"starting", "stale"}


def test_verdict_names_the_trouble() -> None:
    """Down says why, in the fixed words."""
    assert (
        LOST.message in presenting.verdict(health("down", LOST), None, FREE, ADOPTED, SAY).meaning
    )


def test_verdict_before_the_database_was_seen_says_why() -> None:
    """Before the first check there is nothing to say; after it the cause is no mere wait."""
    first = presenting.verdict(health("starting"), None, FREE, ADOPTED, SAY)
    assert "The first check" in first.meaning
    unseen = replace(health("down", LOST), status="starting")
    said = presenting.verdict(unseen, None, FREE, ADOPTED, SAY)
    assert ("warning", "Starting") == (said.tone, said.line)
    assert LOST.message in said.meaning


def test_no_outage_is_claimed_of_a_time_that_was_not_seen() -> None:
    """None since the first good check, not since the dashboard's start."""
    history = health("up").history
    assert presenting.NONE == presenting.no_outages_told(history, SAY)
    seen = replace(history, server=Server(version="17.6", started_at=AT), since=AT)
    assert "None since 2026-01-01 09:02:11 UTC." == presenting.no_outages_told(seen, SAY)


def test_verdict_of_a_live_server_warns_when_the_pages_cannot_read() -> None:
    """Up is the server's word; the pool may still be broken, and then nothing is green."""
    said = presenting.verdict(health("up"), BAD_READ, FREE, ADOPTED, SAY)
    assert "warning" == said.tone
    assert LOST.message in said.meaning


@pytest.mark.parametrize("last", [None, GOOD_READ, BAD_READ])
def test_verdict_of_a_live_server_warns_when_all_workers_hang(last: LastRead | None) -> None:
    """A pool whose workers all hang says so itself, whatever the last read met; one is no alarm."""
    hung = Workers(total=2, stuck={"read-0": 9.0, "read-1": 7.0})
    said = presenting.verdict(health("up"), last, hung, ADOPTED, SAY)
    assert "warning" == said.tone
    assert "all 2 workers of the dashboard hang" in said.meaning
    assert (
        "조회 스레드 2개가 모두"
        in presenting.verdict(health("up"), last, hung, ADOPTED, KOREAN).meaning
    )
    assert "hang" not in presenting.verdict(health("up"), last, FREE, ADOPTED, SAY).meaning
    down = presenting.verdict(health("down", LOST), last, hung, ADOPTED, SAY)
    assert ("error", True) == (down.tone, LOST.message in down.meaning)


def test_verdict_says_when_the_policy_never_recovers() -> None:
    """An operator under `pinned` is not told to wait."""
    said = presenting.verdict(health("down", LOST), None, FREE, POLICIES["pinned"], SAY)
    assert "restart the dashboard" in said.meaning


def test_verdict_speaks_korean() -> None:
    """The trouble's words are translated as well."""
    said = presenting.verdict(health("down", LOST), None, FREE, ADOPTED, KOREAN)
    assert said.line.startswith("중단")
    assert "데이터베이스가 연결을 끊음" in said.meaning


def test_age_is_always_told() -> None:
    """A state without its age cannot be trusted."""
    assert presenting.age(health("up"), AT, SAY).startswith("Checked 0.4 s ago.")
    assert presenting.age(health("starting"), AT, SAY).startswith("No check has ended yet.")


def test_times_are_the_viewers() -> None:
    """The table is kept for all who share a language and a zone, and for no others."""
    outages = (Outage(began_at=AT),)
    seoul = Words("en", ZoneInfo("Asia/Seoul"))
    began = [
        presenting.outage_table(outages, say).to_pylist()[0]["Began"] for say in (SAY, seoul, SAY)
    ]
    utc = "2026-01-01 09:02:11 UTC"
    assert [utc, "2026-01-01 18:02:11 KST / 09:02:11 UTC", utc] == began


def test_age_names_the_time_of_the_refresh() -> None:
    """A page whose dashboard is down stays as it was: only a clock that stands still tells."""
    for status in ("up", "down", "stale", "starting"):
        assert "last at 2026-01-01 09:02:11 UTC;" in presenting.age(health(status), AT, SAY)


def test_outage_table_has_the_latest_first() -> None:
    """An outage that lasts is at the top, and says so."""
    ended = Outage(
        began_at=AT, ended_at=AT, duration_s=1.92, duration_min_s=0.95, duration_max_s=2.9
    )
    rows = presenting.outage_table((ended, Outage(began_at=AT)), SAY).to_pylist()
    assert ["lasts", "2026-01-01 09:02:11 UTC"] == [row["Ended"] for row in rows]
    assert ["1.9 s", "0.9 / 2.9 s"] == list(rows[1].values())[2:]


def test_latency_told_counts_good_checks() -> None:
    """The chart's figures for those who do not see it."""
    points = tuple(Point(at=AT, latency_ms=ms) for ms in (1.0, 3.0, None, 2.0))
    history = History(started_at=AT, since=AT, points=points)
    assert presenting.latency_told(history, 300, SAY).startswith(
        "Latest check: 2.0 ms; 3 of 4 checks good: median 2.0 ms, slowest 3.0 ms."
    )
    failed = History(started_at=AT, since=AT, points=(Point(at=AT, latency_ms=None),))
    assert "No good check among the last 1." == presenting.latency_told(failed, 300, SAY)
    fresh = History(started_at=AT, since=AT)
    assert "No check has ended yet." == presenting.latency_told(fresh, 300, SAY)


def test_cause_names_the_operation_of_a_read() -> None:
    """A user can say which failure in the log was his; a check of the monitor has no such id."""
    read = Trouble(kind="connection_lost", operation_id="1f2e3d4c")
    last = LastRead(at=AT, trouble=read)
    shown = f"{LOST.message}, operation 1f2e3d4c"
    assert shown in presenting_pool.read_end_told(last, SAY)
    assert shown in presenting.verdict(health("up"), last, FREE, ADOPTED, SAY).meaning
    assert LOST.message == presenting.cause(LOST, SAY)


def test_server_told_names_version_and_start() -> None:
    """Nothing is made up before the first answer."""
    server = Server(version="17.6", started_at=AT)
    told = presenting.server_told(server, SAY)
    assert "PostgreSQL **17.6**, started at 2026-01-01 09:02:11 UTC." == told
    assert "Not seen yet." == presenting.server_told(None, SAY)

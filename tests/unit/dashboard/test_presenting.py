"""What the pages say."""

from datetime import UTC, date, datetime

import pytest

from dashboard import presenting
from dashboard.errors import Trouble
from dashboard.health import Health, History, Outage, Sample, Status
from dashboard.live import Reading
from dashboard.queries import DayTotal
from dashboard.reads import LastRead

AT = datetime(2026, 1, 1, 9, 2, 11, tzinfo=UTC)
LOST = Trouble(kind="connection_lost")
DAYS = tuple(
    DayTotal(day=date(2026, 1, day), region=region, orders=day, amount=0.1)
    for day in (1, 2, 10)
    for region in ("east", "west")
)


def health(status: Status, trouble: Trouble | None = None) -> Health:
    """Return a state."""
    sample = Sample(began_s=0, ended_s=0, ended_at=AT, trouble=trouble)
    known = None if status == "starting" else sample
    history = History(started_at=AT, since=AT, sample=known)
    return Health(status=status, age_s=None if known is None else 0.44, since=AT, history=history)


@pytest.mark.parametrize(
    ("status", "tone", "line"),
    [
        ("starting", "info", "Starting since 2026-01-01 09:02:11 UTC"),
        ("up", "success", "Up since 2026-01-01 09:02:11 UTC · checked 0.4 s ago"),
        ("down", "error", "Down since 2026-01-01 09:02:11 UTC · checked 0.4 s ago"),
        ("stale", "warning", "Stale since 2026-01-01 09:02:11 UTC · checked 0.4 s ago"),
    ],
)
def test_verdict_is_words_icon_and_advice(status: Status, tone: str, line: str) -> None:
    """No state is told by its colour alone."""
    said = presenting.verdict(health(status))
    assert (tone, line) == (said.tone, said.line)
    assert said.icon
    assert said.meaning


def test_verdict_names_the_trouble() -> None:
    """Down says why, in the fixed words."""
    assert presenting.verdict(health("down", LOST)).line.endswith(LOST.message)


@pytest.mark.parametrize(
    ("reading", "says"),
    [
        (Reading(value=None, age_s=None, trouble=None, waiting=True), "No data yet: the database"),
        (Reading(value=None, age_s=None, trouble=LOST, waiting=False), "No data yet: the data"),
        (Reading(value=None, age_s=7.4, trouble=LOST, waiting=False), "Data from 7 s ago: the"),
        (Reading(value=None, age_s=2.0, trouble=None, waiting=True), "Data from 2 s ago: the"),
    ],
)
def test_freshness_tells_age_and_reason(reading: Reading[None], says: str) -> None:
    """Old data never passes for new."""
    notice = presenting.freshness(reading)
    assert notice is not None
    assert notice.startswith(says)


def test_freshness_of_live_data_is_silent() -> None:
    """Live data needs no notice."""
    assert presenting.freshness(Reading(value=1, age_s=0.1, trouble=None, waiting=False)) is None


def test_chosen_days_filters_by_region_and_newest_days() -> None:
    """The window ends at the newest day that has data, not at today."""
    assert DAYS == presenting.chosen_days(DAYS, regions=[], last_days=10)
    assert DAYS[2:] == presenting.chosen_days(DAYS, regions=[], last_days=9)
    chosen = presenting.chosen_days(DAYS, regions=["west"], last_days=1)
    assert [(date(2026, 1, 10), "west")] == [(day.day, day.region) for day in chosen]
    assert () == presenting.chosen_days((), regions=[], last_days=90)


def test_region_rows_add_up() -> None:
    """The table's totals are those of the rows chosen."""
    assert [
        {"Region": "east", "Orders": 13, "Amount": 0.3},
        {"Region": "west", "Orders": 13, "Amount": 0.3},
    ] == presenting.region_rows(DAYS)


def test_outage_rows_have_the_latest_first() -> None:
    """An outage that lasts is at the top, and says so."""
    ended = Outage(
        began_at=AT, ended_at=AT, duration_s=1.92, duration_min_s=0.95, duration_max_s=2.9
    )
    rows = presenting.outage_rows((ended, Outage(began_at=AT)))
    assert ["lasts", "2026-01-01 09:02:11 UTC"] == [row["Ended"] for row in rows]
    assert (1.92, 0.95, 2.9) == tuple(rows[1].values())[2:]


def test_read_end_is_ok_or_the_kind() -> None:
    """The pool's last word in one word."""
    assert "—" == presenting.read_end(None)
    assert "ok" == presenting.read_end(LastRead(at=AT, trouble=None))
    assert "connection_lost" == presenting.read_end(LastRead(at=AT, trouble=LOST))

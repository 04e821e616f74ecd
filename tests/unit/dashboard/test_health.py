"""The state machine of the database's health, on scripted samples."""

from datetime import UTC, datetime, timedelta

import pytest

from dashboard.errors import Trouble
from dashboard.health import (
    KEPT_OUTAGES,
    KEPT_POINTS,
    Health,
    HealthTracker,
    Sample,
    Server,
    health_at,
    stale_after_s,
)

ZERO = datetime(2026, 1, 1, tzinfo=UTC)
FIRST = Server(version="17.6", started_at=ZERO - timedelta(hours=1))
SECOND = Server(version="17.6", started_at=ZERO + timedelta(hours=1))
LOST = Trouble(kind="connection_lost")


def at(seconds: float) -> datetime:
    """Return the wall time of an instant: both clocks start together here."""
    return ZERO + timedelta(seconds=seconds)


def good(began_s: float, server: Server = FIRST, *, session_lost: bool = False) -> Sample:
    """Return a good sample of 10 ms."""
    return Sample(
        began_s=began_s,
        ended_s=began_s + 0.01,
        ended_at=at(began_s + 0.01),
        latency_ms=1.0,
        server=server,
        session_lost=session_lost,
    )


def bad(began_s: float, took_s: float = 0.01) -> Sample:
    """Return a bad sample."""
    ended_s = began_s + took_s
    return Sample(began_s=began_s, ended_s=ended_s, ended_at=at(ended_s), trouble=LOST)


def track(*samples: Sample) -> HealthTracker:
    """Feed samples to a process that started at 0 s."""
    tracker = HealthTracker(started_s=0.0, started_at=ZERO)
    for sample in samples:
        tracker.add(sample)
    return tracker


def look(tracker: HealthTracker, now_s: float) -> Health:
    """Judge at an instant, with samples each second."""
    return health_at(tracker.history, now_s=now_s, interval_s=1.0)


def test_starting_before_the_first_sample() -> None:
    """Nothing is known yet, and nothing is claimed."""
    health = look(track(), 0.5)
    assert ("starting", None, ZERO, None) == (
        health.status,
        health.age_s,
        health.since,
        health.last_outage,
    )


def test_up_since_the_first_good_sample() -> None:
    """Further good samples do not move `since`."""
    health = look(track(good(1), good(2), good(3)), 3.51)
    assert ("up", at(1.01)) == (health.status, health.since)
    assert 0.5 == pytest.approx(health.age_s)


@pytest.mark.parametrize("interval_s", [0.1, 1.0, 60.0])
def test_stale_when_the_sample_is_too_old(interval_s: float) -> None:
    """Three intervals and a second after the last sample nothing is trusted, good or bad."""
    for sample in (good(1), bad(1)):
        history = track(good(0), sample).history
        edge_s = sample.ended_s + 3 * interval_s + 1
        before = health_at(history, now_s=edge_s - 0.001, interval_s=interval_s)
        after = health_at(history, now_s=edge_s + 0.001, interval_s=interval_s)
        assert ("up" if sample.good else "down") == before.status
        assert ("stale", sample.ended_at) == (after.status, after.since)
    assert 4.0 == stale_after_s(1.0)


def test_stale_ends_with_the_next_sample() -> None:
    """A monitor that hung and went on is trusted again."""
    tracker = track(good(1))
    assert "stale" == look(tracker, 10).status
    tracker.add(good(10))
    assert "up" == look(tracker, 10.1).status


def test_down_since_the_middle_of_what_is_known() -> None:
    """The loss lies between the last good sample's begin and the first bad one's end."""
    health = look(track(good(1), bad(2), bad(3)), 3.1)
    assert ("down", at(1.505)) == (health.status, health.since)
    assert health.last_outage is not None
    assert (at(1.505), None, None) == (
        health.last_outage.began_at,
        health.last_outage.ended_at,
        health.last_outage.duration_s,
    )
    assert 1 == health.history.outages_total


def test_outage_has_its_length_and_bounds() -> None:
    """At least from the first bad to the last bad, at most from good to good."""
    health = look(track(good(1), bad(2), bad(3), good(4)), 4.1)
    outage = health.last_outage
    assert outage is not None
    assert "up" == health.status
    assert (1.99, 0.99, 3.01) == pytest.approx(
        (
            (outage.duration_min_s + outage.duration_max_s) / 2 - 0.01,
            outage.duration_min_s,
            outage.duration_max_s,
        )
    )
    assert outage.ended_at is not None
    assert 2.0 == pytest.approx(outage.duration_s)
    assert outage.duration_s == (outage.ended_at - outage.began_at).total_seconds()
    assert outage.ended_at == health.since
    assert 2.0 == pytest.approx(health.history.outage_seconds_total)


def test_single_bad_sample_bounds_nothing_from_below() -> None:
    """One bad sample proves an instant, not a length."""
    outage = look(track(good(1), bad(2), good(3)), 3.1).last_outage
    assert outage is not None
    assert 0.0 == outage.duration_min_s


def test_long_bad_samples_count_from_their_deadline() -> None:
    """A frozen server makes each sample last its deadline: the bounds know it."""
    outage = look(track(good(1), bad(2, 1.0), bad(3, 1.0), good(4)), 4.1).last_outage
    assert outage is not None
    assert (0.0, 3.01) == pytest.approx((outage.duration_min_s, outage.duration_max_s))


def test_moved_start_between_two_good_samples_is_an_outage() -> None:
    """A restart can fit between two samples: the server's own start time tells."""
    health = look(track(good(1), good(2, SECOND)), 2.1)
    outage = health.last_outage
    assert outage is not None
    assert ("up", 1) == (health.status, health.history.outages_total)
    assert (0.505, 0.0, 1.01) == pytest.approx(
        (outage.duration_s, outage.duration_min_s, outage.duration_max_s)
    )
    assert at(1) <= outage.began_at <= outage.ended_at <= at(2.01)
    assert outage.ended_at == health.since


def test_moved_start_after_a_seen_outage_is_no_second_one() -> None:
    """A restart that was seen as down counts once."""
    health = look(track(good(1), bad(2), good(3, SECOND), good(4, SECOND)), 4.1)
    assert 1 == health.history.outages_total


def test_same_start_after_an_outage_is_still_an_outage() -> None:
    """A freeze or a cut network leaves the start time alone."""
    health = look(track(good(1), bad(2), good(3)), 3.1)
    assert 1 == health.history.outages_total


def test_database_absent_at_the_start_is_starting_and_no_outage() -> None:
    """What was never seen was not lost: a dashboard started first waits, and counts nothing."""
    tracker = track(bad(1), bad(2))
    health = look(tracker, 2.1)
    assert ("starting", ZERO, 0) == (health.status, health.since, health.history.outages_total)
    assert LOST == health.history.sample.trouble
    assert "stale" == look(tracker, 9).status
    tracker.add(good(3))
    health = look(tracker, 3.1)
    assert ("up", at(3.01), None) == (health.status, health.since, health.last_outage)
    assert "down" == look(track(bad(1), good(2), bad(3)), 3.1).status


def test_session_lost_between_two_good_samples_is_an_outage() -> None:
    """One backend killed ends every session, though the server's start stands."""
    health = look(track(good(1), good(2, session_lost=True), good(3)), 3.1)
    outage = health.last_outage
    assert outage is not None
    assert ("up", 1) == (health.status, health.history.outages_total)
    assert (0.505, 0.0, 1.01) == pytest.approx(
        (outage.duration_s, outage.duration_min_s, outage.duration_max_s)
    )
    assert at(1) <= outage.began_at <= outage.ended_at <= at(2.01)


def test_session_lost_with_a_moved_start_is_one_outage() -> None:
    """A restart between two samples takes the session with it, and counts once."""
    assert 1 == track(good(1), good(2, SECOND, session_lost=True)).history.outages_total


def test_server_stays_known_while_it_is_down() -> None:
    """Version and start of the lost server are worth showing."""
    assert FIRST == track(good(1), bad(2)).history.server


def test_history_is_bounded() -> None:
    """A process that runs for months keeps the latest outages and points only."""
    tracker = track()
    for number in range(KEPT_POINTS):
        tracker.add(good(2 * number))
        tracker.add(bad(2 * number + 1))
    history = tracker.history
    assert (KEPT_OUTAGES, KEPT_POINTS, KEPT_POINTS) == (
        len(history.outages),
        len(history.points),
        history.outages_total,
    )
    assert [1.0, None] == [point.latency_ms for point in history.points[-2:]]

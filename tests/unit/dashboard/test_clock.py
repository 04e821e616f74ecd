"""Instants in the viewer's zone."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from dashboard.clock import told, zone

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
EVENING = datetime(2026, 1, 1, 21, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "at", "says"),
    [
        ("Asia/Seoul", NOON, "2026-01-01 21:00:00 KST / 12:00:00 UTC"),
        ("Asia/Seoul", EVENING, "2026-01-02 06:30:00 KST / 2026-01-01 21:30:00 UTC"),
        ("America/Sao_Paulo", NOON, "2026-01-01 09:00:00 -03 / 12:00:00 UTC"),
        ("UTC", NOON, "2026-01-01 12:00:00 UTC"),
        ("Europe/London", NOON, "2026-01-01 12:00:00 UTC"),
    ],
)
def test_instant_is_told_in_the_viewers_zone_with_utc_beside(name, at, says) -> None:
    """UTC is what logs have; its day stands there only where it is another one."""
    assert says == told(at, ZoneInfo(name))


@pytest.mark.parametrize("name", [None, "", "Nowhere/None", "../../etc/passwd", "Asia", "a\0b"])
def test_unknown_zone_is_utc(name) -> None:
    """A browser may say nothing, or anything."""
    assert "2026-01-01 12:00:00 UTC" == told(NOON, zone(name))

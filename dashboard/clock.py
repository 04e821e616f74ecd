"""An instant as a viewer reads it: in his browser's zone, with UTC beside it, as logs have it."""

from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo


def zone(name: str | None) -> tzinfo:
    """Return the zone that a browser names; UTC where it names none, or none that is known."""
    try:
        return ZoneInfo(name or "UTC")
    except (LookupError, OSError, ValueError):  # a browser may send anything
        return UTC


def told(at: datetime, viewers: tzinfo) -> str:
    """Return `at` to the second, the day of UTC only where it is another one."""
    local, utc = at.astimezone(viewers), at.astimezone(UTC)
    if local.utcoffset() == utc.utcoffset():
        return f"{utc:%Y-%m-%d %H:%M:%S} UTC"
    beside = "%H:%M:%S" if local.date() == utc.date() else "%Y-%m-%d %H:%M:%S"
    return f"{local:%Y-%m-%d %H:%M:%S %Z} / {utc:{beside}} UTC"

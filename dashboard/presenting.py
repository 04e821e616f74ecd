"""What System Health says about a state: words, icon, colour and what to do."""

from dataclasses import dataclass
from datetime import datetime
from statistics import median
from typing import Literal

import pyarrow as pa

from dashboard.db_connector import Policy
from dashboard.errors import Trouble
from dashboard.executor import Workers
from dashboard.health import Health, History, Outage, Server, Status
from dashboard.language import Words, marked
from dashboard.latest import Latest
from dashboard.reads import LastRead

NONE = "—"

Tone = Literal["success", "error", "warning", "info"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One line about the database, what it means, and what to do."""

    tone: Tone
    icon: str
    line: str
    meaning: str


_LOOKS: dict[Status, tuple[Tone, str]] = {
    "starting": ("info", ":material/hourglass_top:"),
    "up": ("success", ":material/check_circle:"),
    "down": ("error", ":material/error:"),
    "stale": ("warning", ":material/help:"),
}

_LINES: dict[Status, str] = {
    "starting": marked("Starting"),
    "up": marked("Up since {since}"),
    "down": marked("Down since {since}"),
    "stale": marked("Stale: nothing is known since {since}"),
}

_MEANINGS: dict[Status, str] = {
    "starting": marked(
        "PostgreSQL has not been seen since the dashboard started: {trouble}. "
        "If it is starting as well, wait. Otherwise start it; this page turns to up by itself."
    ),
    "up": marked("PostgreSQL answers, and new sessions work. Nothing to do."),
    "down": marked(
        "PostgreSQL takes no new session: {trouble}. Orders shows the last good data "
        "where it cannot read. Bring PostgreSQL back; this page turns to up by itself."
    ),
    "stale": marked(
        "The last check is too old to trust, so the database may be up or down. "
        "Look at the dashboard's log; if this stays for a minute, restart the dashboard."
    ),
}

_NOT_CHECKED_YET = marked("The first check of PostgreSQL has not ended yet. Wait a second.")
_UP_BUT_READS_FAIL = marked(
    "PostgreSQL answers, but the last read through the pool failed: {trouble}. "
    "If this stays, restart the dashboard and read the runbook."
)
_UP_BUT_ALL_HANG = marked(
    "PostgreSQL answers, but all {count} workers of the dashboard hang in reads that do not end: "
    "nobody gets data. Read the runbook; if this stays for a minute, restart the dashboard."
)
_NEVER_BACK = marked(
    "The policy in force keeps one connection for ever: after an outage, restart the dashboard."
)


def verdict(
    health: Health, last: LastRead | None, workers: Workers, policy: Policy, say: Words
) -> Verdict:
    """Say what the state is and since when, what that means, and what to do."""
    tone, icon = _LOOKS[health.status]
    failing = last is not None and last.trouble is not None
    said = [_meaning(health, last, workers, say)]
    if policy.pins_one_connection and health.status != "starting":
        said.append(say(_NEVER_BACK))
    if health.status == "up" and (failing or workers.all_stuck):
        tone, icon = "warning", ":material/warning:"
    if health.status == "starting" and health.history.sample is not None:
        tone = "warning"
    return Verdict(
        tone=tone,
        icon=icon,
        line=say(_LINES[health.status], since=say.at(health.since)),
        meaning=" ".join(said),
    )


def cause(trouble: Trouble, say: Words) -> str:
    """Say the trouble in its fixed words, with the id under which the log says more."""
    why = say(trouble.message)
    if trouble.operation_id is None:
        return why
    return say("{why}, operation {operation}", why=why, operation=trouble.operation_id)


def told(*parts: str) -> str:
    """Join paragraphs and headings into one text."""
    return "\n\n".join(parts)


def age(health: Health, now: datetime, say: Words) -> str:
    """Say how old the knowledge is, and when that was said: a page left alone stays as it is."""
    known = say("No check has ended yet.")
    if health.age_s is not None:
        known = say("Checked {age} s ago.", age=f"{health.age_s:.1f}")
    refreshed = say(
        "This page refreshes by itself, last at {now}; "
        "while that time stands still, the dashboard itself is down.",
        now=say.at(now),
    )
    return f"{known} {refreshed}"


def _latency_told(history: History, shown: int, say: Words) -> str:
    """Say the latency chart in figures."""
    points = history.points[-shown:]
    good = [point.latency_ms for point in points if point.latency_ms is not None]
    if not points:
        return say("No check has ended yet.")
    if not good:
        return say("No good check among the last {count}.", count=len(points))
    latest_ms = points[-1].latency_ms
    return say(
        "Latest check: {latest}; {good} of {count} checks good: median {median} ms, "
        "slowest {worst} ms. Shaded: the database did not answer.",
        latest=say("failed") if latest_ms is None else f"{latest_ms:.1f} ms",
        good=len(good),
        count=len(points),
        median=f"{median(good):.1f}",
        worst=f"{max(good):.1f}",
    )


latency_told: Latest[History, str] = Latest(_latency_told)


def server_told(server: Server | None, say: Words) -> str:
    """Name the server's version and start."""
    if server is None:
        return say("Not seen yet.")
    return say(
        "PostgreSQL **{version}**, started at {at}.",
        version=server.version,
        at=say.at(server.started_at),
    )


def no_outages_told(history: History, say: Words) -> str:
    """Say since when there was none, where there was none: what was not seen is not vouched for."""
    if history.outages:
        return ""
    return say("None since {at}.", at=say.at(history.since)) if history.server else NONE


def _outage_table(outages: tuple[Outage, ...], say: Words) -> pa.Table:
    """Return the outages as a table of text, the latest first."""
    rows = [
        (
            say.at(outage.began_at),
            say.at(outage.ended_at) if outage.ended_at else say("lasts"),
            _seconds(outage.duration_s),
            _bounds(outage),
        )
        for outage in reversed(outages)
    ]
    names = say("Began"), say("Ended"), say("Length"), say("At least / at most")
    return pa.table({name: [row[place] for row in rows] for place, name in enumerate(names)})


outage_table: Latest[tuple[Outage, ...], pa.Table] = Latest(_outage_table)


def _meaning(health: Health, last: LastRead | None, workers: Workers, say: Words) -> str:
    sample = health.history.sample
    if health.status == "up" and workers.all_stuck:
        return say(_UP_BUT_ALL_HANG, count=workers.total)
    if health.status == "up" and last is not None and last.trouble is not None:
        return say(_UP_BUT_READS_FAIL, trouble=cause(last.trouble, say))
    if sample is None:
        return say(_NOT_CHECKED_YET)
    trouble = cause(sample.trouble, say) if sample.trouble else NONE
    return say(_MEANINGS[health.status], trouble=trouble)


def _seconds(number: float | None) -> str:
    return NONE if number is None else f"{number:.1f} s"


def _bounds(outage: Outage) -> str:
    if outage.duration_max_s is None:
        return NONE
    return f"{outage.duration_min_s:.1f} / {outage.duration_max_s:.1f} s"

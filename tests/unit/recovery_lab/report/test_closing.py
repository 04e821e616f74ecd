"""What is said at the end of an outage of one's own engine or URL, and what is to be tried next."""

import json
import re
from pathlib import Path

from recovery_lab.record.history import Container, Health, Probe
from recovery_lab.report.closing import STALE, closing_lines
from tests.unit.recovery_lab.histories import ORIGIN, Script, idle, outage, with_read

ROOT = Path(__file__).parents[4]
OWN = {
    "fault": "command",
    "daemon": False,
    "metered": False,
    "contender": "dashboard",
    "start_event_s": None,
    "capabilities": ["application"],
    "moves": True,
}


def lines(make: object, **changed: object) -> list[str]:
    """Return the lines of an outage that one's own engine met."""
    told = {**OWN, "without": (Container,), **changed}
    script = make(**told)
    assert isinstance(script, Script)
    return closing_lines(script.judged())


def test_process_of_ones_own_is_not_told() -> None:
    """Nobody looked at it; of the lab's own it is."""
    assert not [line for line in lines(outage) if line.startswith("process")]
    assert [line for line in lines(outage, daemon=True) if line.startswith("process")]


def test_recovery_that_came_late_says_for_how_long_users_waited() -> None:
    """Over a second after the server it is no word of praise."""
    assert "RECOVERED: nobody had to intervene." == lines(outage)[-1]
    slow = lines(outage, recovered_s=4.1, end_s=11.0)
    assert re.match(r"RECOVERED, 2\.\d+ s after the server: its users waited on", slow[-1]), slow


def test_without_a_login_the_outage_is_not_split() -> None:
    """And the line says why; the window counts from the command."""
    said = lines(outage, login=False, without=(Container, Probe))
    assert re.search(r"outage +\S+ s for its readers, not split: no login tells when", said[0])
    assert any("after the command (target 60 s" in line for line in said)
    assert not any("after ready" in line for line in said)


def test_health_route_that_stayed_green_is_named() -> None:
    """For how long, while users waited or failed; it is held to nothing."""
    green = [
        Health(started_at=ORIGIN + at / 10, ended_at=ORIGIN + at / 10 + 0.01, status="up")
        for at in range(-20, 90)
    ]
    told = re.compile(r"green +the health route, for 0\.\d*[1-9]\d* s while users waited")
    assert any(map(told.match, lines(outage, extra=green)))
    assert not any(map(told.match, lines(outage, without=(Container, Health))))


def test_next_thing_to_try_follows_from_what_failed() -> None:
    """A stale pool, a back-off, a read without a bound; nothing where all is well."""
    assert not [line for line in lines(outage) if line.startswith("next")]
    [stale] = [line for line in lines(idle, first_outcome="failed") if line.startswith("next")]
    assert STALE in stale
    assert re.match(r"next +5 of the first 5 reads not good", stale)


def test_back_off_is_told_to_be_capped() -> None:
    """Its users wait on when the database is back."""
    script = with_read(outage(**OWN, without=(Container,)), 0.5, "ok", 4.0)
    said = closing_lines(script.judged())
    assert [line for line in said if line.startswith("next      cap the pauses between attempts")]


def test_cure_is_quoted_as_often_as_it_was_seen() -> None:
    """Every idle pool that pings, in every fault that ends sessions, in the runs that are kept."""
    met = [
        cell["label"]
        for kept in sorted(ROOT.glob("docs/runs/every-fault-*/verdict.json"))
        for one in json.loads(kept.read_text())["outages"]
        for cell in one["cells"]
        if (cell["contender"], cell["job"], cell["role"]) == ("adopted", "idle", "subject")
        and one["info"]["effects"].get("ends_sessions")
    ]
    good = sum(label == "passed" for label in met)
    assert f"passed {good} of {len(met)} such outages" in STALE

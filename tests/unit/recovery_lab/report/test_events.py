"""Progress for programs: an event a line, each with the fields of its version."""

import json
from pathlib import Path

import msgspec
import pytest

from recovery_lab.judge.verdict import STATUS, judge_run
from recovery_lab.record.history import History
from recovery_lab.report import events
from recovery_lab.report.events import Event, Events
from tests.unit.recovery_lab.report.played import ORIGIN, Played, when
from tests.unit.recovery_lab.test_folder import INFO

KINDS = Event.__subclasses__()
# What a program may count on. A field that goes, or means something else, needs another `v`.
FIELDS = {
    "run_began": "name folder planned",
    "outage_began": "outage number of",
    "step": "outage step after_s evidence",
    "outage_judged": "outage verdict server_share_s health_lag_s doubts cells",
    "run_judged": "folder verdict status cells missing",
    "error": "status message",
}
OF_A_CELL = (
    "contender job role breaks deciding verdict label late rules failures doubts not_judged figures"
)
OF_FIGURES = (
    "reads before in_outage after_ready bad_after_ready waits_before waits_in_outage waits_after "
    "gap_s recovery_lag_s recovered_s first_reads first_wait_s "
    "past_ready_s green_s"
)


def told(*played: Played) -> list[dict]:
    """Return the events of a run of some outages, each looked at every half a second."""
    lines: list[str] = []
    tell = Events(lines.append)
    infos = [one.info() for one in played]
    tell.run_began(Path("runs/a"), msgspec.structs.replace(INFO, planned=infos))
    for number, one in enumerate(played, start=1):
        tell.outage_began(one.info(), number, len(played))
        history, records = History(), sorted(one.records(), key=when)
        for at_s in range(-2, 10):
            while records and when(records[0]) < ORIGIN + at_s:
                history.append(records.pop(0))
            tell.look(history)
        tell.outage_judged(one.judged())
    tell.run_judged(judge_run([one.judged() for one in played], [one.name for one in infos]))
    assert all("\n" not in line for line in lines)
    return [json.loads(line) for line in lines]


def test_run_is_told_from_its_beginning_to_its_verdict() -> None:
    """In order: its plan, each outage with its steps and cells, the run."""
    steps = ["step"] * 7
    one = ["outage_began", *steps, "outage_judged"]
    found = told(Played(repeat=1), Played(repeat=2))
    assert ["run_began", *one, *one, "run_judged"] == [event["event"] for event in found]
    assert ["command-1", "command-2"] == found[0]["planned"]
    assert (2, 2) == (found[10]["number"], found[10]["of"])
    assert {"command-2"} == {event["outage"] for event in found[10:19]}
    assert ("passed", 0) == (found[-1]["verdict"], found[-1]["status"])


def test_steps_are_told_once_each_as_the_record_shows_them() -> None:
    """Seconds count from the fault; ready's is its early end, once it has held."""
    steps = [event for event in told(Played()) if event["event"] == "step"]
    expected = {
        "injecting": 0, "injected": 0.1, "landed": 0.2, "healing": 0.3, "healed": 0.4, "back": 1.0,
        "ready": 0.58,
    }  # fmt: skip
    assert expected == {event["step"]: pytest.approx(event["after_s"]) for event in steps}
    assert "known within 0.025 s" == steps[-1]["evidence"]


def test_outage_that_is_played_again_tells_its_steps_again() -> None:
    """Its record begins anew; the same one, looked at twice, has nothing new."""
    lines: list[str] = []
    tell = Events(lines.append)
    for again in (1, 2):
        history = Played().history()
        tell.look(history)
        tell.look(history)
        assert 7 * again == len(lines)


def test_judged_outage_has_its_cells_as_the_verdict_has_them() -> None:
    """One shape of verdict, whoever reads it."""
    played = Played(repeat=1, recovered_s=99.0, limit_s=5.0)
    *_, judged, run = told(played)
    assert msgspec.to_builtins(played.judged().cells) == judged["cells"]
    assert judged["cells"][0]["figures"]["recovery_lag_s"] is None
    assert ("failed", STATUS["failed"]) == (run["verdict"], run["status"])


def test_words_for_people_are_left_out() -> None:
    """It stands where a verb says something, and tells nothing of it."""
    lines: list[str] = []
    Events(lines.append)("starts its contenders")
    assert [] == lines


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_fields_are_those_of_their_version(kind: type[Event]) -> None:
    """What programs read is changed by another version only, this test beside it."""
    assert ("v", "at", *FIELDS[kind.__struct_config__.tag].split()) == kind.__struct_fields__
    assert (1, len(KINDS)) == (Event().v, len(FIELDS))


def test_fields_of_a_cell_are_those_of_the_version() -> None:
    """They are the verdict's own, so a change there would reach programs unseen."""
    assert tuple(OF_A_CELL.split()) == events.Cell.__struct_fields__
    figures = events.Cell.__annotations__["figures"]
    assert tuple(OF_FIGURES.split()) == figures.__struct_fields__


def test_instant_is_utc() -> None:
    """ISO 8601, as every other instant that is written down."""
    at = Event().at
    assert at.endswith("Z")
    assert "T" in at

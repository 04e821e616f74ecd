"""The picture of an outage, readable in black and white."""

from pathlib import Path

import pytest

from recovery_lab.record.history import Began
from recovery_lab.report.timeline import chart, write_timeline
from tests.unit.recovery_lab.report.played import ORIGIN, Played


def of(played: Played, outcome: str) -> list[dict]:
    """Return the points of one outcome."""
    marks = chart(played.judged(), played.info(), played.history())["datasets"]["marks"]
    return [mark for mark in marks if mark.get("outcome") == outcome]


def test_missed_reads_of_a_stall_descend_to_its_end() -> None:
    """Each stands at what its user waited: the later it was due, the less."""
    missed = of(Played(missed=(0.3, 0.4, 0.5)), "missed")[:3]
    assert [0.3, 0.4, 0.5] == [one["at"] for one in missed]
    assert [403.0, 303.0, 203.0] == [one["ms"] for one in missed]


def test_unfinished_read_is_a_bar_to_the_end() -> None:
    """It was under way when the record broke off."""
    open_ = Began(
        op=9001, due_at=ORIGIN + 8.5, started_at=ORIGIN + 8.5, contender="dashboard", job="steady"
    )
    (one, *_) = of(Played(extra=[open_]), "unfinished")
    assert (8.5, 9.0) == (one["at"], one["until"])


def test_fault_ready_recovery_and_lag_stand_over_the_lanes() -> None:
    """Ready at its early end; the lag from there to the recovery; all within the record."""
    played = Played()
    spec = chart(played.judged(), played.info(), played.history())
    drawn = {}
    for mark in spec["datasets"]["marks"]:
        if mark["kind"] not in ("read", "phase"):
            where = (mark["at"], mark.get("until"))
            drawn.setdefault(mark["lane"].partition(" ")[0], {})[mark["kind"]] = where
    shared = {"fault": (0.1, 0.4), "ready": (0.58, None)}
    own = {"back": (0.703, None), "lag": (0.58, 0.703)}
    assert {"server": shared | {"told": (0.605, None)}, "dashboard": shared | own} == drawn
    assert [-2.1, 9.0] == pytest.approx([one["value"] for one in spec["params"]])


def test_server_that_was_never_ready_has_no_mark_of_it() -> None:
    """Nor a recovery; its phases are those that the probes saw."""
    played = Played(ready_s=99.0, recovered_s=99.0)
    marks = chart(played.judged(), played.info(), played.history())["datasets"]["marks"]
    assert {"fault", "told", "read", "phase"} == {mark["kind"] for mark in marks}
    assert "not seen ready" in [mark.get("text") for mark in marks]
    phases = [(m["at"], m["works"]) for m in marks if m["kind"] == "phase"]
    assert [(-2.0, True), (0.1, False)] == [(round(at, 3), works) for at, works in phases]


@pytest.mark.parametrize("outcome", ["ok", "failed"])
def test_every_read_is_drawn(outcome: str) -> None:
    """Good or not."""
    assert of(Played(), outcome)


def test_picture_has_a_lane_for_the_server_and_each_cell(tmp_path: Path) -> None:
    """Written whole, with ready's bracket in words."""
    played = Played()
    path = tmp_path / "one.svg"
    write_timeline(path, played.judged(), played.info(), played.history())
    picture = path.read_text()
    assert picture.startswith("<svg")
    assert "ready between 0.580 and 0.605 s" in picture
    assert "dashboard · steady · passed" in picture
    good = played.judged().cells[0].figures.reads.ok
    assert good <= picture.count("#9a9a9a") < good + 5, "good reads are grey"

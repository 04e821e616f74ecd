"""Small pictures as paths: whatever was not good is in them."""

import re
from pathlib import Path

import pytest

from recovery_lab.report.lanes import BAD, WIDE, Axis, Lane, axis, drawn, read_lanes, strip
from tests.unit.recovery_lab.report.shared import keep, script


def places(path: str) -> list[int]:
    """Return where the upright marks of a path stand."""
    steps = [int(first or then) for first, then in re.findall(r"M(\d+)|m(-?\d+)", path)]
    return [sum(steps[: count + 1]) for count in range(len(steps))]


LANE = Lane(
    good=[(at / 100, 0.002) for at in range(1000)],
    bad={"failed": [1.0, 1.5], "hung": [2.0], "missed": [2.5, 9.99], "unfinished": [10.0]},
)


@pytest.mark.parametrize("columns", [1000, 60, 0])
def test_every_read_that_was_not_good_is_drawn(columns: int) -> None:
    """Each at its instant, however few of the good ones are left."""
    paths = drawn(LANE, Axis(0.0, 10.0), columns)
    assert {word: [round(at * 100) for at in LANE.bad[word]] for word in BAD} == {
        word: places(paths[word]) for word in BAD
    }
    assert ("ok" in paths) == bool(columns)


@pytest.mark.parametrize("columns", [1000, 250, 60])
def test_good_reads_are_thinned_and_the_longest_wait_stays(columns: int) -> None:
    """At most one mark in a column; the slow read among quick ones is seen at every level."""
    lane = Lane(good=[*LANE.good, (5.003, 4.0)])
    path = drawn(lane, Axis(0.0, 10.0), columns)["ok"]
    assert len(places(path)) <= columns
    heights = [int(height) for height in re.findall(r"v-(\d+)", path)]
    assert 1 == heights.count(max(heights))
    assert 500 == places(path)[heights.index(max(heights))]


def test_marks_stay_in_their_own_row() -> None:
    """A row for each outcome tells them apart without any colour."""
    feet = [int(drawn(LANE, Axis(0, 10), 0)[word].split("v")[0].split()[1]) for word in BAD]
    assert [12, 26, 40, 54] == feet


def test_lanes_hold_what_the_judge_counted(tmp_path: Path) -> None:
    """No read is lost on the way, and what the failed ones said is counted."""
    verdict = keep(tmp_path, [script("adopted", "pinned")])
    lanes = read_lanes(tmp_path, verdict)
    for cell in verdict.outages[0].cells:
        lane, reads = lanes["restart-1", cell.contender, cell.job], cell.figures.reads
        assert reads.ok == len(lane.good)
        assert {word: getattr(reads, word) for word in BAD if getattr(reads, word)} == {
            word: len(dues) for word, dues in lane.bad.items()
        }
        assert reads.bad == lane.said.total()


def test_outage_without_its_history_has_no_lane(tmp_path: Path) -> None:
    """Committed runs have none: that is no error, and no empty picture either."""
    verdict = keep(tmp_path / "kept", [script("adopted")])
    assert {} == read_lanes(tmp_path, verdict)


@pytest.mark.parametrize(
    ("values", "step", "ends", "labels"),
    [
        ([-2.1, 9.2], 1.0, (-3.0, 10.0), ["-2", "0", "2", "4", "6", "8", "10"]),
        ([0.0, 0.036], 0.01, (0.0, 0.04), ["0", "0.005", "0.01", "0.015", "0.02", "0.025"]),
        ([], 1.0, (0.0, 1.0), ["0", "0.2", "0.4", "0.6", "0.8", "1"]),
        ([5.0], 1.0, (5.0, 6.0), ["5", "5.2", "5.4", "5.6", "5.8", "6"]),
    ],
)
def test_axis_has_round_ends_and_few_ticks(
    values: list[float], step: float, ends: tuple[float, float], labels: list[str]
) -> None:
    """Also of no value at all, and of one."""
    found = axis(values, step=step)
    assert ends == pytest.approx(tuple(found))
    assert labels == [label for _, label in found.ticks][: len(labels)]
    assert all(0 <= at <= 100 for at, _ in found.ticks)


def test_axis_keeps_what_lies_outside_at_its_ends() -> None:
    """A mark is never drawn outside of its picture."""
    assert (0, WIDE) == (Axis(0, 1).x(-5), Axis(0, 1).x(5))


def test_strip_has_a_dot_for_each_value() -> None:
    """Two equal ones are two dots, on lines of their own."""
    assert "M100 6h0M100 14h0M900 22h0" == strip([0.1, 0.9, 0.1], Axis(0, 1))

"""The history: one line a record, readable after a killed writer."""

from pathlib import Path

import pytest

from recovery_lab.record.history import (
    Began,
    Clock,
    Ended,
    History,
    Mark,
    Missed,
    decode,
    encode,
    to_monotonic,
)
from recovery_lab.record.recorder import read_history

WHO = {"contender": "adopted", "job": "steady"}
RECORDS = [
    Clock(at=1.0, wall=2.0),
    Began(op=1, due_at=1.0, started_at=1.0, **WHO),
    Mark(at=1.5, name="asked"),
    Ended(op=1, at=1.1, outcome="ok", **WHO),
    Missed(due_at=1.2, **WHO),
]


def test_records_survive_the_way_to_the_file_and_back(tmp_path: Path) -> None:
    """What is written is what is read, each kind."""
    path, history = tmp_path / "history.jsonl", RECORDS
    path.write_bytes(b"".join(encode(record) for record in history))
    assert history == read_history(path).all
    assert decode(encode(history[0])) == history[0]


def test_line_cut_short_by_a_killed_writer_is_left_out(tmp_path: Path) -> None:
    """The last line without its newline was never finished; all before it is kept."""
    path = tmp_path / "history.jsonl"
    whole = encode(Mark(at=1.0, name="asked"))
    path.write_bytes(whole + whole[:9])
    assert [Mark(at=1.0, name="asked")] == read_history(path).all


def test_wall_time_is_mapped_by_the_nearest_clock() -> None:
    """A step of the wall clock moves only what lies near it."""
    clocks = [Clock(at=10.0, wall=1000.0), Clock(at=20.0, wall=1310.0)]
    assert to_monotonic(1001.0, clocks) == pytest.approx(11.0)
    assert to_monotonic(1309.0, clocks) == pytest.approx(19.0)


def test_records_are_found_by_kind_and_by_cell() -> None:
    """Each in the order of its making."""
    history = History(RECORDS)
    assert [RECORDS[2]] == history.of(Mark)
    assert RECORDS[1::2] + RECORDS[4:] == history.cell("adopted", "steady")
    assert [] == history.cell("adopted", "idle")
    assert (1.5, None) == (history.mark_at("asked"), history.mark_at("returned"))

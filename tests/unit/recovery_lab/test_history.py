"""The history: one line a record, readable after a killed writer."""

from pathlib import Path

import pytest

from recovery_lab.record.history import Clock, Mark, decode, encode, read_history, to_monotonic
from tests.unit.recovery_lab.histories import outage


def test_records_survive_the_way_to_the_file_and_back(tmp_path: Path) -> None:
    """What is written is what is read, each kind."""
    path, script = tmp_path / "history.jsonl", outage()
    path.write_bytes(script.encoded())
    history, told = read_history(path), script.records()
    for kind in {type(record) for record in told}:
        assert [record for record in told if type(record) is kind] == history.of(kind)
    assert decode(encode(told[0])) == told[0]


def test_line_cut_short_by_a_killed_writer_is_left_out(tmp_path: Path) -> None:
    """The last line without its newline was never finished; all before it is kept."""
    path = tmp_path / "history.jsonl"
    whole = encode(Mark(at=1.0, name="asked"))
    path.write_bytes(whole + whole[:9])
    assert [Mark(at=1.0, name="asked")] == read_history(path).of(Mark)


def test_wall_time_is_mapped_by_the_nearest_clock() -> None:
    """A step of the wall clock moves only what lies near it."""
    clocks = [Clock(at=10.0, wall=1000.0), Clock(at=20.0, wall=1310.0)]
    assert to_monotonic(1001.0, clocks) == pytest.approx(11.0)
    assert to_monotonic(1309.0, clocks) == pytest.approx(19.0)

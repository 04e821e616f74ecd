"""A run's folder: found again, read whole or refused by name."""

from pathlib import Path

import msgspec
import pytest

from recovery_lab import folder
from recovery_lab.errors import BadInputError
from recovery_lab.faults import FAULTS
from recovery_lab.folder import RunInfo, all_runs, find_run, point_latest, save
from recovery_lab.outage import OutageInfo
from recovery_lab.record.history import Mark, encode

INFO = RunInfo(
    shape=folder.SHAPE,
    name="restart",
    began="2026-01-01T00:00:00Z",
    seed=7,
    planned=[],
    target="target.toml",
    twin="",
    commit="",
    images={},
    host={},
    versions={},
    settings={},
)
OUTAGE = OutageInfo(
    fault="restart",
    effects=FAULTS["restart"].effects,
    repeat=1,
    cast=[],
    reads_per_s=5.0,
    hold_s=1.0,
    seed=7,
    limit_s=120.0,
)


def kept(run: Path, **changed: object) -> Path:
    """Keep one outage in a run's folder."""
    info = msgspec.structs.replace(OUTAGE, **changed)
    place = run / "outages" / info.name
    save(place / "outage.json", info)
    (place / "history.jsonl").write_bytes(encode(Mark(at=1.0, name="asked")))
    return place


def test_late_outages_are_set_aside_and_kept(tmp_path: Path) -> None:
    """Neither is judged; the second does not take the first one's place."""
    for _ in range(2):
        folder.set_aside(kept(tmp_path))
    assert [] == list((tmp_path / "outages").iterdir())
    assert ["restart-1.1", "restart-1.2"] == sorted(p.name for p in tmp_path.glob("late/*"))


def test_run_is_found_by_path_name_or_latest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And listed once, whatever points at it."""
    monkeypatch.chdir(tmp_path)
    run = folder.ROOT / "2026-01-01T000000Z-restart"
    save(run / "run.json", INFO)
    point_latest(run)
    point_latest(run)
    assert {run.resolve()} == {find_run(word) for word in (str(run), run.name, "latest")}
    assert [run] == list(all_runs())
    with pytest.raises(BadInputError, match="no run 'nowhere'"):
        find_run("nowhere")


def test_plain_history_is_read_and_a_compressed_one_is_the_same(tmp_path: Path) -> None:
    """What a killed runner left plain is read; the same history gives the same bytes."""
    place = kept(tmp_path)
    plain = folder.read_outage(place)[1].all
    folder.compress_history(place)
    assert plain == folder.read_outage(place)[1].all == [Mark(at=1.0, name="asked")]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'{"name": "none", "faults": []}', "shape 1, this version reads shape 2"),
        (b'{"shape": 2', "torn, or of another version"),
        (b'{"shape": 2, "name": 1}', "torn, or of another version"),
    ],
)
def test_run_that_is_torn_or_older_is_refused_by_name(
    tmp_path: Path, content: bytes, said: str
) -> None:
    """It is never half-read."""
    (tmp_path / "run.json").write_bytes(content)
    with pytest.raises(BadInputError, match=said):
        folder.read_run(tmp_path)


def test_torn_history_names_file_and_line(tmp_path: Path) -> None:
    """A line in its middle that is no record; one without its end is what a killed writer left."""
    place = kept(tmp_path)
    whole = encode(Mark(at=1.0, name="asked"))
    (place / "history.jsonl").write_bytes(whole + b"{}\n" + whole)
    with pytest.raises(BadInputError, match=r"history.jsonl, line 2"):
        folder.read_outage(place)
    (place / "history.jsonl.gz").write_bytes(b"\x1f\x8b\x08half")
    with pytest.raises(BadInputError, match=r"history.jsonl.gz: torn"):
        folder.read_outage(place)

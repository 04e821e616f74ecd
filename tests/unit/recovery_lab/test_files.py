"""Files are there whole or not at all."""

from pathlib import Path

import pytest

from recovery_lab.files import write_whole


def test_file_is_written_whole_and_alone(tmp_path: Path) -> None:
    """The folder is made, the content is there, and no neighbour is left."""
    path = tmp_path / "runs" / "last.json"
    write_whole(path, b"one")
    write_whole(path, b"two")
    assert path.read_bytes() == b"two"
    assert [path] == list(path.parent.iterdir())


def test_failed_write_leaves_the_old_file_and_no_neighbour(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk shows itself at the flush: the old content stays."""
    path = tmp_path / "last.json"
    write_whole(path, b"old")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_whole(path, b"new")
    assert path.read_bytes() == b"old"
    assert [path] == list(tmp_path.iterdir())

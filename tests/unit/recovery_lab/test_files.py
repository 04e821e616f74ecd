"""Files are there whole or not at all; one tells that a run lives."""

import fcntl
from pathlib import Path

import pytest

from recovery_lab import verbs
from recovery_lab.errors import BadInputError
from recovery_lab.files import RUN_LOCK, living_run, write_whole
from recovery_lab.plan import Asked, Watched


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


def _free() -> bool:
    """Tell whether nobody holds the lock, as scripts/alone.py does."""
    with RUN_LOCK.open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


def test_living_run_is_seen_until_the_last_one_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`make clean` asks; runs do not keep each other out."""
    monkeypatch.chdir(tmp_path)
    with living_run():
        with living_run():
            assert not _free()
        assert not _free()
    assert _free()


@pytest.mark.parametrize("verb", ["run", "watch", "demo"])
def test_living_run_is_seen_while_a_verb_plays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    """Called by hand, too, where no script holds the daemon's lock."""
    seen: list[bool] = []

    def load(path: Path) -> None:
        seen.append(_free())
        raise BadInputError(str(path))

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(verbs, "load_target", load)
    monkeypatch.setattr(verbs.docker, "refuse_remote", lambda: None)
    asked = {"run": Asked(), "watch": Watched(command=["true"], title="x"), "demo": ["true"]}
    options = {"resume": "", "keep": False} if verb == "run" else {}
    with pytest.raises(BadInputError):
        getattr(verbs, verb)(Path("target.toml"), asked[verb], print, **options)
    assert [False] == seen
    assert _free()

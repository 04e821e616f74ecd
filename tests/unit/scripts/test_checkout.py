"""The checkout as it comes: line ends, modes and paths, mended or named in a line."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.unit.scripts.conftest import ROOT, Clone


def _git(folder: Path, *words: str) -> str:
    environ = {"PATH": os.environ["PATH"], "HOME": str(folder), "GIT_CONFIG_NOSYSTEM": "1"}
    me = ("-c", "user.name=x", "-c", "user.email=x@x.example")
    done = subprocess.run(
        ["git", *me, *words],
        cwd=folder, env=environ, capture_output=True, text=True, check=True, timeout=30,
    )  # fmt: skip
    return done.stdout


def _repository(clone: Clone) -> Path:
    """Make a repository of the clone's files."""
    shutil.copy(ROOT / ".gitattributes", clone.folder)
    _git(clone.folder, "init", "--quiet")
    _git(clone.folder, "add", ".")
    _git(clone.folder, "commit", "--quiet", "--message", "x")
    return clone.folder


def test_checkout_with_autocrlf_has_lf(clone: Clone, tmp_path: Path) -> None:
    """Git for Windows asks for CRLF, and bash stumbles over its first line."""
    source = _repository(clone)
    _git(tmp_path, "-c", "core.autocrlf=true", "clone", "--quiet", str(source), "copy")
    ends = [p for p in (tmp_path / "copy").rglob("*.sh") if b"\r" in p.read_bytes()]
    assert [] == ends


def test_make_names_windows_line_ends_and_its_remedy_mends_them(clone: Clone) -> None:
    """An editor or an older clone has them; make itself still reads its file."""
    for path in [clone.folder / "Makefile", *(clone.folder / "scripts").glob("*.sh")]:
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    for name in ("make", "perl", "xargs"):
        if not (clone.bin / name).exists():
            (clone.bin / name).symlink_to(str(shutil.which(name)))
    done = clone.run("make", "help")
    assert 2 == done.returncode
    assert "This checkout has Windows line ends" in done.stderr
    remedy = done.stderr[done.stderr.index("grep -rlI") :].rstrip().removesuffix(".  Stop.")
    clone.run("bash", "-c", remedy)
    assert 0 == clone.run("make", "help").returncode


def test_modes_let_containers_read_what_they_mount(clone: Clone) -> None:
    """Under umask 077, out of a zip file without x bits; git sees no change by it."""
    second = clone.folder / "tests/targets/second/init/10.sql"
    second.parent.mkdir(parents=True)
    second.touch()
    folder = _repository(clone)
    _git(folder, "config", "core.fileMode", "true")
    files = [p for p in folder.rglob("*") if ".git" not in p.parts]
    for path in files:
        path.chmod(0o700 if path.is_dir() else path.stat().st_mode & 0o700)
    (folder / "postgres/healthcheck.sh").chmod(0o600)
    assert 0 == clone.run("bash", "scripts/modes.sh").returncode
    assert 0o755 == (folder / "postgres/healthcheck.sh").stat().st_mode & 0o777
    assert 0o755 == (folder / "postgres/init").stat().st_mode & 0o777
    assert 0o644 == (folder / "postgres/postgresql.conf").stat().st_mode & 0o777
    assert 0o644 == second.stat().st_mode & 0o777
    assert 0o755 == second.parent.stat().st_mode & 0o777
    assert 0o644 == (folder / "scripts/lib.sh").stat().st_mode & 0o777
    assert "" == _git(folder, "status", "--short", "--", "postgres", "scripts", "dashboard")


def test_modes_show_what_images_copy() -> None:
    """A file that only its owner may read would be unreadable in the image as well."""
    shown = re.search(r"SHOWN=\((.*)\)", (ROOT / "scripts/modes.sh").read_text())[1].split()
    texts = [path.read_text() for path in ROOT.glob("**/Dockerfile") if ".venv" not in path.parts]
    lines = re.findall(r"^COPY (.*) \S+$", "\n".join(texts), re.MULTILINE)
    copied = {one for line in lines for one in line.split() if (ROOT / one).exists()}
    assert "tests/versions/contenders.py" in copied
    assert [] == sorted(one for one in copied if not one.startswith(tuple(shown)))


def test_modes_touch_nothing_that_is_right(clone: Clone) -> None:
    """What nobody changed keeps its time stamp: git need not look again."""
    clone.run("bash", "scripts/modes.sh")
    path = clone.folder / "postgres/postgresql.conf"
    before = path.stat().st_ctime_ns
    clone.run("bash", "scripts/modes.sh")
    assert before == path.stat().st_ctime_ns


def test_verbs_run_without_x_bits(clone: Clone) -> None:
    """No verb needs them before they are set."""
    for path in clone.folder.rglob("*.sh"):
        path.chmod(0o644)
    done = clone.run("make", "down")
    assert "Permission denied" not in done.stderr
    assert os.access(clone.folder / "scripts/take-away.sh", os.X_OK)


@pytest.mark.parametrize("name", ["a:b", "a\nb"])
def test_path_that_docker_cannot_mount_is_refused_in_a_line(clone: Clone, name: str) -> None:
    """Docker parts a mount's names by it, and its words about it come late."""
    folder = clone.folder.parent / name
    shutil.move(clone.folder, folder)
    clone.folder = folder
    done = clone.run("bash", "scripts/preflight.sh")
    assert 1 == done.returncode
    assert "move the folder to a path without ':'" in done.stderr

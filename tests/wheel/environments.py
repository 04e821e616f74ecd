"""Environments with the wheel in them, and a project that is tested there."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from subprocess import PIPE, STDOUT, CompletedProcess, Popen

from tests.running import ROOT

UV = str(ROOT / ".venv/bin/uv")
PROJECT = ROOT / "tests/wheel/project"
# Which index, as pip is told on this host; then the words.
AS_PIP = 'eval "$(python3 scripts/index_settings.py --export)"; exec "$@"'
# The same versions at each run: as this checkout locks them, the host's last where it has them too.
LOCKED = ("versions", "second-target", "host")
NOT_THEIRS = ("PYTHONPATH", "PYTEST_ADDOPTS", "VIRTUAL_ENV", "COMPOSE_PROJECT_NAME")


class Environment:
    """An environment, and a folder that holds nothing but a project's files."""

    def __init__(self, home: Path, folder: Path) -> None:
        self.programs = home / "bin"
        self.folder = folder
        kept = {name: value for name, value in os.environ.items() if name not in NOT_THEIRS}
        self.environ = {**kept, "PATH": f"{self.programs}:{os.environ['PATH']}"}

    def tried(self, *words: str, limit_s: float = 60.0, **extra: str) -> CompletedProcess[str]:
        """Run one of its programs there."""
        return subprocess.run(
            [str(self.programs / words[0]), *words[1:]], cwd=self.folder,
            env={**self.environ, **extra}, stdin=subprocess.DEVNULL, capture_output=True,
            text=True, check=False, timeout=limit_s,
        )  # fmt: skip

    def begun(self, *words: str, stdin: int, **extra: str) -> "Popen[str]":
        """Start one of its programs there, and leave it running."""
        return Popen(
            [str(self.programs / words[0]), *words[1:]], cwd=self.folder,
            env={**self.environ, **extra}, stdin=stdin, stdout=PIPE, stderr=STDOUT, text=True,
        )  # fmt: skip

    def tested(self, *words: str, limit_s: float = 380.0, **extra: str) -> str:
        """Run pytest on the project's file of outages; return all that it said, which must pass."""
        own = ("pytest", "own_outages.py", "-p", "no:cacheprovider", "-vv", "--durations=0", *words)
        done = self.tried(*own, limit_s=limit_s, **extra)
        assert 0 == done.returncode, done.stdout + done.stderr
        return done.stdout


def built(folder: Path, source: Path = ROOT) -> Path:
    """Build the wheel of a project, without any download."""
    _run(UV, "build", "--wheel", "--offline", "--quiet", "--out-dir", str(folder), str(source))
    [wheel] = folder.glob("*.whl")
    return wheel


def made(home: Path, wheel: Path, *beside: str, locked: Sequence[str] = LOCKED) -> Environment:
    """Install it beside pytest and some packages, as `pip install` would; the last lock counts."""
    folder = home / "project"
    shutil.copytree(PROJECT, folder, ignore=shutil.ignore_patterns("__pycache__"))
    there = installed(home, str(wheel), "pytest", *beside, locked=locked)
    return Environment(there, folder)


def installed(home: Path, *words: str, locked: Sequence[str]) -> Path:
    """Make an environment with what the installer is told, of the versions that are locked."""
    there, constraints = home / "there", home / "constraints.txt"
    constraints.write_text("\n".join(_pins(locked)))
    _run(UV, "venv", "--quiet", "--python", sys.executable, str(there))
    asked = ("pip", "install", "--quiet", "--python", str(there / "bin/python"))
    _run(UV, *asked, "--constraint", str(constraints), *words)
    return there


def _pins(locked: Sequence[str]) -> list[str]:
    pinned: dict[str, list[str]] = {}
    for name in locked:
        text = (ROOT / f"requirements/{name}.txt").read_text()
        found: dict[str, list[str]] = {}  # several where a version depends on Python's
        for line in re.findall(r"^[\w.-]+==[^\\\n]+", text, re.MULTILINE):
            found.setdefault(line.split("==")[0], []).append(line)
        pinned |= found
    return [line for lines in pinned.values() for line in lines]


def _run(*words: str) -> None:
    done = subprocess.run(
        ["bash", "-c", AS_PIP, "bash", *words], cwd=ROOT, capture_output=True, text=True,
        check=False, timeout=300,
    )  # fmt: skip
    assert 0 == done.returncode, done.stdout + done.stderr

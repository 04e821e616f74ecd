"""A scratch clone whose `docker` is a fake: scripts are judged by messages, status and calls."""

import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
COPIED = (
    "scripts",
    "postgres",
    "prometheus",
    "requirements",
    "Makefile",
    "pyproject.toml",
    "docker-compose.yml",
)
TOOLS = [
    "awk",
    "bash",
    "cat",
    "chmod",
    "cksum",
    "cmp",
    "cp",
    "cut",
    "date",
    "dirname",
    "env",
    "find",
    "grep",
    "head",
    "id",
    "ls",
    "make",
    "mkdir",
    "mktemp",
    "mv",
    "nohup",
    "perl",
    "printf",
    "rm",
    "sed",
    "sh",
    "sha256sum",
    "shasum",
    "sleep",
    "sort",
    "tail",
    "touch",
    "tr",
    "uname",
    "xargs",
]  # as a person would type them

# Answers with the first rule whose words begin the call; without one it succeeds and is silent.
FAKE = r"""#!/usr/bin/env bash
printf '%s %s\n' "${0##*/}" "$*" >>"$FAKES/calls"
while IFS='|' read -r words status answer; do
  case "${0##*/} $*" in "$words"*) printf '%b' "$answer"; exit "$status" ;; esac
done <"$FAKES/rules"
"""
HEALTHY = (
    ("docker version", 0, "27.1.0\\n"),
    ("docker compose version", 0, "2.30.0\\n"),
    ("docker compose config", 0, "name: clone\\n"),
    ("docker context inspect", 0, "default (unix:///var/run/docker.sock)\\n"),
)


@dataclass
class Clone:
    """The folder, and what its commands answer."""

    folder: Path
    bin: Path
    rules: list[tuple[str, int, str]] = field(default_factory=lambda: list(HEALTHY))

    def answers(self, words: str, status: int, text: str = "") -> None:
        """Let calls that begin with `words` end so; the latest rule wins."""
        self.rules.insert(0, (words, status, text))

    def fake(self, name: str) -> None:
        """Put a command of that name on PATH."""
        (self.bin / name).unlink(missing_ok=True)
        (self.bin / name).write_text(FAKE)
        (self.bin / name).chmod(0o755)

    def run(self, *command: str, **environ: str) -> subprocess.CompletedProcess[str]:
        """Run `command` in the clone with nothing of this environment but `environ`."""
        rules = "".join(f"{words}|{status}|{text}\n" for words, status, text in self.rules)
        (self.folder.parent / "rules").write_text(rules)
        return subprocess.run(
            command, cwd=self.folder, env=self.environ(environ), stdin=subprocess.DEVNULL,
            capture_output=True, text=True, check=False, timeout=30,
        )  # fmt: skip

    def environ(self, more: Mapping[str, str]) -> dict[str, str]:
        return {
            "PATH": str(self.bin),
            "HOME": str(self.folder.parent),
            "FAKES": str(self.folder.parent),
            "LAB_AUTO_INSTALL": "0",
            **more,
        }

    @property
    def calls(self) -> list[str]:
        """Every call of a fake, in order."""
        path = self.folder.parent / "calls"
        return path.read_text().splitlines() if path.exists() else []

    @property
    def dotenv(self) -> str:
        path = self.folder / ".env"
        return path.read_text() if path.exists() else ""


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    """A copy of the tracked files with a fake docker and no other way to the outside."""
    folder, tools = tmp_path / "clone", tmp_path / "bin"
    folder.mkdir()
    tools.mkdir()
    for name in COPIED:
        source = ROOT / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, folder / name)
    (folder / "dashboard").mkdir()
    (folder / "recovery_lab").mkdir()
    shutil.copy(ROOT / "recovery_lab/surroundings.txt", folder / "recovery_lab")
    for name in ("__init__.py", "settings.py"):
        shutil.copy(ROOT / "dashboard" / name, folder / "dashboard")
    for name in TOOLS:
        path = shutil.which(name)
        if path:
            (tools / name).symlink_to(path)
    (tools / "python3").symlink_to(Path(sys.executable).resolve())
    made = Clone(folder, tools)
    made.fake("docker")
    return made

"""index_settings.py: pip's settings reach uv and a build, and the host's own paths do not."""

import subprocess
import sys
from pathlib import Path

from tests.unit.scripts.conftest import ROOT


def _ask(what: str, home: Path, **environ: str) -> str:
    done = subprocess.run(
        [sys.executable, str(ROOT / "scripts/index_settings.py"), what],
        env={"HOME": str(home), **environ}, capture_output=True, text=True, check=True, timeout=10,
    )  # fmt: skip
    return done.stdout


def _configure(home: Path, text: str) -> None:
    (home / ".config/pip").mkdir(parents=True)
    (home / ".config/pip/pip.conf").write_text(text)


def test_index_settings_carry_the_index_to_pip_and_uv(tmp_path: Path) -> None:
    """One setting of pip's becomes the variables of both installers."""
    _configure(tmp_path, "[global]\nindex-url = https://u:p'w@index.example/simple\n")
    lines = _ask("--secret", tmp_path).splitlines()
    quoted = "'https://u:p'\"'\"'w@index.example/simple'"
    assert f"export PIP_INDEX_URL={quoted}" in lines
    assert f"export UV_DEFAULT_INDEX={quoted}" in lines


def test_index_settings_environment_wins(tmp_path: Path) -> None:
    """PIP_... in the environment wins over the file, as for pip."""
    _configure(tmp_path, "[global]\nindex-url = https://file.example/simple\n")
    text = _ask("--secret", tmp_path, PIP_INDEX_URL="https://env.example/simple")
    assert "env.example" in text
    assert "file.example" not in text


def test_index_settings_leave_host_paths_behind(tmp_path: Path) -> None:
    """A folder of the host means nothing in a container."""
    _configure(tmp_path, "[global]\nfind-links = /opt/wheels\n[install]\nno-index = true\n")
    text = _ask("--secret", tmp_path, PIP_FIND_LINKS="/opt/wheels", PIP_CERT="/opt/ca.pem")
    assert "/opt" not in text
    assert "NO_INDEX" not in text.upper().replace("-", "_")


def test_index_settings_ca_bundle_prefers_pips_own(tmp_path: Path) -> None:
    """The certificates that pip is told to trust are those that a build gets."""
    mine = tmp_path / "ca.pem"
    mine.write_text("x")
    assert f"{mine}\n" == _ask("--ca-bundle", tmp_path, PIP_CERT=str(mine))
    assert "missing" not in _ask("--ca-bundle", tmp_path, PIP_CERT="/missing.pem")

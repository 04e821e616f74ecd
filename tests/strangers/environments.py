"""Environments of the applications' own: what the host's holds must not help them."""

import subprocess
from pathlib import Path

import pytest

from tests.running import ROOT

HOME = ROOT / "tests/strangers"  # where `djangoapp` and `pools` are imported from
LIMIT_S = 150


def python_of(name: str) -> str:
    """Return the Python of one (django, pools, older-pools), made anew where it is not current."""
    command = ["bash", "scripts/strangers.sh", name]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=LIMIT_S
    )
    if done.returncode:
        pytest.fail(f"no environment {name}; run: make strangers\n{done.stdout}{done.stderr}")
    return str(ROOT / Path(".lab/build/strangers") / name / "bin/python")

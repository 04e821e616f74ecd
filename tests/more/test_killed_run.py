"""A run killed in its record, after its fault: nothing is left, and it is played to its end."""

import json
import subprocess
from pathlib import Path

import pytest

from recovery_lab import docker
from recovery_lab.folder import played_again
from tests.running import ROOT

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]
LAB = ".venv/bin/recovery-lab"
RUN = ("run", "--faults", "kill", "--contenders", "naive", "--json")


def _lab(*words: str) -> str:
    given = {"capture_output": True, "text": True, "timeout": 200}
    done = subprocess.run([LAB, *words], cwd=ROOT, check=False, **given)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_run_killed_before_its_records_end_is_resumed(proves) -> None:
    """SIGKILL while it waits for recovery: its stack goes, its outage is played once more."""
    with subprocess.Popen([LAB, *RUN], cwd=ROOT, stdout=subprocess.PIPE, text=True) as one:
        for line in one.stdout:
            if '"step":"back"' in line:
                break
        one.kill()
    run = Path(ROOT / ".lab/runs/latest").resolve()
    assert not list(run.rglob("verdict.json"))
    removed = _lab("heal")
    assert "removed the stack of a dead run" in removed, removed
    project = removed.partition(":")[0]
    label = f"label=com.docker.compose.project={project}"
    assert not docker.run("ps", "--all", "--quiet", "--filter", label)
    assert not docker.run("volume", "ls", "--quiet", "--filter", label)
    _lab(*RUN, "--resume", str(run))
    verdict = json.loads((run / "verdict.json").read_text())
    assert verdict["verdict"] == "passed", verdict
    assert ["kill-1.1"] == played_again(run)
    proves("SIGKILL before the record's end: stack removed, outage played again, the first kept")

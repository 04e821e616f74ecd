"""The lab doubts itself: what did not happen is never called recovered."""

import json
import os
import subprocess
import sys
from pathlib import Path

from lab import docker
from lab.stack import Stack
from tests.integration.conftest import ROOT, wait_until


def lab(*words: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run the lab's command line on the tests' own stack."""
    return subprocess.run(
        [sys.executable, "-m", "lab", *words],
        cwd=ROOT,
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_watching_nothing_is_inconclusive(stack: Stack, proves) -> None:
    """Control: a command that takes nothing away proves nothing."""
    done = lab("watch", "--name", "nothing", "--", "true")
    assert done.returncode == 2, done
    assert "start time did not move" in done.stdout
    proves("`watch -- true` exits 2: start time did not move")


def test_pinned_restart_is_reported_as_not_recovered(stack: Stack, proves) -> None:
    """Control: `make restart-db` under `pinned` exits non-zero, and leaves the record."""
    stack.use_policy("pinned")
    done = subprocess.run(
        ["make", "restart-db"],
        cwd=ROOT,
        env={**os.environ, "LAB_LIMIT_S": "15"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode != 0, done
    assert "NOT RECOVERED" in done.stdout
    latest = json.loads((ROOT / ".lab/last-restart.json").read_text())
    assert latest["runs"][-1]["verdict"] == "failed"
    proves("`make restart-db` under pinned exits non-zero within 15 s of ready")


def test_interrupted_watch_leaves_a_running_database(stack: Stack, proves) -> None:
    """Ctrl-C while the server is held down brings it back at once."""
    watching = subprocess.Popen(
        [sys.executable, "-m", "lab", "watch", "--", "scripts/take-away.sh", "restart", "60"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    wait_down(stack)
    watching.send_signal(2)
    said, _ = watching.communicate(timeout=40)
    assert watching.returncode == 130, said
    assert docker.container(stack.target, "postgres")["State"]["Running"]
    proves("Ctrl-C in the middle of a hold: database running, exit 130")


def wait_down(stack: Stack) -> None:
    """Wait until the database's container is stopped."""
    wait_until(
        lambda: not docker.container(stack.target, "postgres")["State"]["Running"], "stopped", 30
    )


def test_remote_daemon_is_refused(proves) -> None:
    """Nothing is taken away on a daemon that is not this machine's own; nothing is sent to it."""
    done = lab("watch", "--", "true", DOCKER_HOST="tcp://127.0.0.1:1")
    assert done.returncode == 64, done
    assert "LAB_ALLOW_REMOTE=1" in done.stderr
    proves("a remote docker context is refused")


def test_bad_words_are_named(tmp_path: Path) -> None:
    """Each bad input names the value and what was expected, with a status of its own."""
    for words, environ, said in [
        (("watch", "--job", "busy", "--", "true"), {}, "--job 'busy'"),
        (("watch", "--", "true"), {"LAB_LIMIT_S": "soon"}, "LAB_LIMIT_S='soon'"),
    ]:
        done = lab(*words, **environ)
        assert done.returncode == 64, done
        assert said in done.stderr

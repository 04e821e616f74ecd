"""The lab doubts itself: what did not happen is never called recovered."""

import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from recovery_lab import docker
from tests.integration.conftest import command, wait_until
from tests.running import ROOT, Running

# To each backend of the dashboard's role.
SIGNAL = """for each in /proc/[0-9]*; do
  grep -aqs "postgres[:] dashboard_reader" "$each/cmdline" && kill -SIGNAL "${each#/proc/}"
done; true"""


def lab(stack: Running, *words: str, **environ: str) -> "subprocess.CompletedProcess[str]":
    """Run the lab's command line on the tests' own stack."""
    return command(stack, sys.executable, "-m", "recovery_lab", *words, **environ)


def test_watching_nothing_is_inconclusive(stack: Running, proves) -> None:
    """Control: a command that causes no outage proves nothing."""
    done = lab(stack, "watch", "--name", "nothing", "--", "true")
    assert done.returncode == 2, done
    assert "INCONCLUSIVE" in done.stdout
    assert "no outage was seen" in done.stdout
    proves("`watch -- true` exits 2: no outage was seen")


@pytest.mark.parametrize("sent", ["KILL", pytest.param("TERM", marks=pytest.mark.more)])
def test_sessions_that_a_command_ended_are_judged(stack: Running, sent: str, proves) -> None:
    """Backends killed or told to end, under the same postmaster: an outage like any other."""
    told = SIGNAL.replace("SIGNAL", sent)
    words = ("docker", "compose", "exec", "-T", "postgres", "sh", "-c", told)
    done = lab(stack, "watch", "--name", f"backends-{sent}", "--", *words)
    assert done.returncode == 0, done
    [lost] = [line.strip() for line in done.stdout.splitlines() if "sessions lost" in line]
    assert "start time did not move" in done.stdout
    proves(f"backends got SIG{sent}: {lost}")


@pytest.fixture
def watching(stack: Running) -> Iterator["subprocess.Popen[str]"]:
    """A watch whose server is held down for 6 s; it is down when the test begins."""
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "recovery_lab", "watch"),
            *("--", "scripts/take-away.sh", "restart", "6"),
        ],
        cwd=ROOT,
        env=stack.value.environ(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    with process:
        wait_until(lambda: not running(stack), "the server is stopped", 30)
        yield process
        if process.poll() is None:
            process.kill()


def running(stack: Running) -> bool:
    """Tell whether the database's container runs."""
    return stack.container(stack.database)["State"]["Running"]


def observers(stack: Running) -> list[str]:
    """Return the helper containers of the tests' own stack."""
    return docker.run("ps", "-q", "--filter", f"label=recovery-lab.project={stack.project}").split()


def test_interrupted_watch_leaves_a_running_database(
    stack: Running, watching: "subprocess.Popen[str]", proves
) -> None:
    """Ctrl-C while the server is held down brings it back at once, and removes the observer."""
    watching.send_signal(signal.SIGINT)
    said, _ = watching.communicate(timeout=40)
    assert watching.returncode == 130, said
    assert running(stack)
    wait_until(lambda: not observers(stack), "the observer is gone", 10)
    proves("Ctrl-C in the middle of a hold: database running, exit 130, no helper left")


def test_killed_watch_leaves_a_running_database(
    stack: Running, watching: "subprocess.Popen[str]", proves
) -> None:
    """SIGKILL of the runner: the command goes on to its end, which starts the server again."""
    watching.kill()
    watching.wait(5)
    wait_until(lambda: running(stack), "the server runs", 30)
    wait_until(lambda: not observers(stack), "the observer is gone", 10)
    proves("SIGKILL in the middle of a hold: database running, no helper left")


def test_remote_daemon_is_refused(private: Running, proves) -> None:
    """No outage is caused on a daemon that is not this machine's own; nothing is sent to it."""
    done = lab(private, "watch", "--", "true", DOCKER_HOST="tcp://127.0.0.1:1")
    assert done.returncode == 64, done
    assert "LAB_ALLOW_REMOTE=1" in done.stderr
    proves("a remote docker context is refused")


def test_bad_words_are_named(private: Running) -> None:
    """Each bad input names the value and what was expected, with a status of its own."""
    for words, environ, said in [
        (("watch", "--job", "busy", "--", "true"), {}, "'--job': 'busy' is not one of"),
        (("watch", "--", "true"), {"LAB_LIMIT_S": "soon"}, "LAB_LIMIT_S='soon'"),
    ]:
        done = lab(private, *words, **environ)
        assert done.returncode == 64, done
        assert said in done.stderr

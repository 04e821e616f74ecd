"""The runner killed at any step of a fault, or of its outage: nothing of it is left."""

import time
from pathlib import Path

import pytest

from recovery_lab import docker
from recovery_lab.faults import journal
from recovery_lab.faults.journal import FAULT
from tests.integration.conftest import child_of, wait_until, wait_until_up
from tests.running import Running

LATE_NEWS_S = 2.0
# One fault for each way of taking the database away, and the command by which it is injected.
MECHANISMS = {
    "stop and start": ("restart", 1.0, "stop"),
    "pause": ("freeze", 2.0, "pause"),
    "rules": ("drop", 2.0, "run --detach"),
    "sessions": ("slots", 1.0, "run --detach"),
    "statements": ("login", 1.0, ""),  # by the witness, which hears of it over its own pipe
    "queue": ("latency", 2.0, "run --detach"),
    "network": ("mute", 2.0, "network disconnect"),
}


@pytest.mark.parametrize(
    "step",
    [
        "injecting",
        pytest.param("healing", marks=pytest.mark.more),
        pytest.param("back", marks=pytest.mark.more),
    ],
)
@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_run_killed_at_any_step_is_healed(
    stack: Running, mechanism: str, step: str, run, proves
) -> None:
    """SIGKILL while its command is on its way, while it heals, and before its name is out.

    The command goes on without its runner, and may reach the daemon late: looked at again later.
    """
    name, hold_s, words = MECHANISMS[mechanism]
    one = run(name, hold_s, at=step)
    if step == "injecting" and words:
        wait_until(lambda: child_of(one.pid, f"docker {words}"), "its command runs", 10.0, 0.0)
    one.kill()
    wait_until(lambda: not _journal(stack).exists(), "the watchdog takes the fault out", 30.0)
    wait_until_up(stack, 20.0)
    time.sleep(LATE_NEWS_S)
    wait_until_up(stack, 1.0)
    assert [] == docker.helpers(stack.value)
    proves(f"{name}: steady state after the runner's SIGKILL at {step!r}")


def _journal(stack: Running) -> Path:
    return journal.path_of(stack.value, FAULT)

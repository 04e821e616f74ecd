"""`make up` killed while the database makes its data, at instants that nobody chose."""

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.setup.scratch import Scratch, scratch

INSTANTS_S = (0.0, 0.4, 0.9, 1.5, 2.5, 4.0, 6.0)
pytestmark = [pytest.mark.integration, pytest.mark.timeout(400)]


def _containers(one: Scratch) -> list[str]:
    """Return the database's container, where there is one that runs."""
    words = ("docker", "ps", "--quiet", "--filter", "label=com.docker.compose.service=postgres")
    label = f"label=com.docker.compose.project={one.project}"
    return one.run(*words, "--filter", label).split() if one.project else []


@pytest.mark.parametrize(
    ("server", "after_s"),
    [("alive", 0.5), ("alive", 2.5), *(("killed", after_s) for after_s in INSTANTS_S)],
)
def test_up_killed_in_the_first_start_ends_up_the_next_time(
    tmp_path: Path, server: str, after_s: float, proves
) -> None:
    """With its server or without it: the next `make up` ends in a whole database."""
    with scratch(tmp_path / "clone") as one:
        first = subprocess.Popen(
            ["make", "up"], cwd=one.folder, env=one.environ, start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        deadline = time.monotonic() + 120
        while not _containers(one):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        time.sleep(after_s)  # the instant is what is tried
        os.killpg(first.pid, signal.SIGKILL)
        first.wait(10)
        if server == "killed":
            one.run("docker", "kill", *_containers(one))
        said = one.run("make", "up")
        assert "200000" == one.psql("SELECT count(*) FROM orders")
        anew = "begun anew" if "made again" in said else "went on"
        proves(f"make up killed {after_s} s after the server's start, server {server}: {anew}, up")

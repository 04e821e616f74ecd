"""Scenario 9: the plan's rollback lasts; tried on a scratch copy, so the user's choice is safe."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from recovery_lab.stack import free_port
from recovery_lab.target import load_target

ROOT = Path(__file__).parents[2]
pytestmark = [pytest.mark.integration, pytest.mark.timeout(180)]


class Copy:
    """A scratch copy of the tracked files with a project, a port and an `.env` of its own."""

    def __init__(self, folder: Path, environ: dict[str, str]) -> None:
        self.folder = folder
        self.environ = environ

    def run(self, *command: str, **extra: str) -> str:
        """Run a command in the copy; fail with what it said."""
        done = subprocess.run(
            command,
            cwd=self.folder,
            env={**self.environ, **extra},
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def policy(self) -> str:
        """Return the policy that the running dashboard names."""
        url = f"http://127.0.0.1:{self.environ['DASHBOARD_PORT']}/api/system-health"
        return httpx.get(url, timeout=5, trust_env=False).json()["pool"]["policy"]


@pytest.fixture
def copy(tmp_path: Path) -> Iterator[Copy]:
    """Copy what git tracks; images are shared, so are `.venv` and the downloads."""
    target = load_target(ROOT / "target.toml")
    environ = {
        **os.environ,
        **target.private.environment,
        "COMPOSE_PROJECT_NAME": f"recovery-lab-rollback-{os.getpid()}",
        target.private.port_variable: str(free_port()),
    }
    # The policy must come from `.env` here, as it does for a user.
    environ.pop("DB_POOL_POLICY", None)
    folder = tmp_path / "copy"
    tracked = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, timeout=30
    )
    for name in tracked.stdout.decode().split("\0")[:-1]:
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    (folder / ".venv").symlink_to(ROOT / ".venv")
    shutil.copy2(ROOT / ".env", folder / ".env")
    made = Copy(folder, environ)
    yield made
    made.run("docker", "compose", "down", "--volumes", "--timeout", "2")
    made.run("docker", "volume", "rm", "--force", f"{environ['COMPOSE_PROJECT_NAME']}_owner")


def test_rollback_lasts(copy: Copy, proves) -> None:
    """`make policy NAME=naive` outlives `make up` and a plain `docker compose up -d`.

    So does a policy that was exported once; the user's other lines are left alone.
    """
    with (copy.folder / ".env").open("a") as file:
        file.write("MINE=untouched\n")
    copy.run("make", "up", DB_POOL_POLICY="dispose")
    assert copy.policy() == "dispose"
    lines = (copy.folder / ".env").read_text().splitlines()
    assert "DB_POOL_POLICY=dispose" in lines

    copy.run("make", "policy", "NAME=naive")
    assert copy.policy() == "naive"
    copy.run("make", "up")
    assert copy.policy() == "naive"
    copy.run("docker", "compose", "up", "--detach", "--wait")
    assert copy.policy() == "naive"

    copy.run("make", "policy", "NAME=adopted")
    assert copy.policy() == "adopted"
    assert "MINE=untouched" in (copy.folder / ".env").read_text().splitlines()
    proves("make policy NAME=naive outlives make up and docker compose up -d; and back")


def test_unknown_policy_stops_make_up(copy: Copy) -> None:
    """An unknown name is answered with the known ones, before anything starts."""
    done = subprocess.run(
        ["make", "up"],
        cwd=copy.folder,
        env={**copy.environ, "DB_POOL_POLICY": "hopeful"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode != 0
    for word in ("hopeful", "adopted", "dispose", "naive", "pinned"):
        assert word in done.stderr
    assert "hopeful" not in (copy.folder / ".env").read_text()

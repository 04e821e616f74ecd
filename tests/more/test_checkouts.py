"""A whole start from a checkout and in an environment that are not ours."""

import json
import os
from pathlib import Path

import pytest

from tests.setup.scratch import scratch, until_healthy

pytestmark = [pytest.mark.integration, pytest.mark.timeout(400)]
DISCARD = "http://192.0.2.1:9"  # an address that nobody has: who asks it, hangs


def _proxied(tmp_path: Path) -> Path:
    """Make a configuration of Docker's that names a proxy, with this host's plug-ins."""
    own = Path(os.environ.get("DOCKER_CONFIG") or Path.home() / ".docker")
    folder = tmp_path / "docker"
    folder.mkdir()
    for name in ("cli-plugins", "contexts"):
        if (own / name).exists():
            (folder / name).symlink_to(own / name)
    proxies = {"default": {"httpProxy": DISCARD, "httpsProxy": DISCARD}}
    (folder / "config.json").write_text(json.dumps({"proxies": proxies}))
    return folder


@pytest.mark.parametrize("name", ["복구 실험실", 'it\'s "so" $HOME & more'])
def test_start_from_any_folder_checkout_and_environment(tmp_path: Path, name: str, proves) -> None:
    """Any name, umask 077, no x bit, and variables that are meant for other stacks."""
    with scratch(tmp_path / name) as one:
        for path in one.folder.rglob("*"):
            if not path.is_symlink():
                path.chmod(0o700 if path.is_dir() else 0o600)
        one.environ |= {
            "DOCKER_DEFAULT_PLATFORM": "linux/s390x",
            "COMPOSE_FILE": "/nowhere.yml",
            "COMPOSE_PROFILES": "verify",
            "COMPOSE_ENV_FILES": "/nowhere.env",
            "DOCKER_CONFIG": str(_proxied(tmp_path)),
            "CDPATH": str(tmp_path),
        }
        one.run("make", "up")
        for variable in ("DOCKER_DEFAULT_PLATFORM", "COMPOSE_FILE", "COMPOSE_PROFILES"):
            del one.environ[variable]
        del one.environ["COMPOSE_ENV_FILES"]
        until_healthy(one)
        assert "dashboard" in one.run("docker", "compose", "ps", "--services")
        assert "browser" not in one.run("docker", "compose", "ps", "--services")
        proves(f"{name!r}, umask 077, no x bits, a stranger's variables: up and healthy")


def test_environment_is_made_under_any_path(tmp_path: Path, proves) -> None:
    """pip, uv and the programs they install work from a folder with spaces and quotes."""
    with scratch(tmp_path / 'it\'s "so" 실험') as one:
        (one.folder / ".venv").unlink()
        one.run("make", "environment")
        assert "faults" in one.run(".venv/bin/recovery-lab", "list")
    proves("its own .venv under a path with spaces, quotes and Korean")

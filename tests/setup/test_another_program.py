"""Another program's Compose project: no verb of a lab's folder takes it or deletes its data."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from recovery_lab import docker
from tests.setup.scratch import ROOT, Scratch, scratch

pytestmark = [pytest.mark.integration, pytest.mark.timeout(200)]
SHOP = f"shop-{os.getpid()}"


def _python_image() -> str:
    lines = (ROOT / ".env").read_text().splitlines()
    return next(line.split("=", 1)[1] for line in lines if line.startswith("PYTHON_IMAGE="))


def _compose(folder: Path, *words: str) -> str:
    command = ["docker", "compose", "--project-name", SHOP, *words]
    done = subprocess.run(
        command, cwd=folder, check=True, capture_output=True, text=True, timeout=60
    )
    return done.stdout


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A project with a volume of the lab's own kind of name, its container stopped; data in it."""
    folder = tmp_path_factory.mktemp("theirs") / SHOP
    folder.mkdir()
    (folder / "compose.yaml").write_text(
        f"services: {{db: {{image: '{_python_image()}', init: true, network_mode: none,\n"
        "  command: [sh, -c, 'echo theirs >/data/mine; sleep 300'], volumes: ['data:/data']}}\n"
        "volumes: {data: {}}\n"
    )
    _compose(folder, "up", "--detach", "--pull", "never")
    yield folder
    _compose(folder, "down", "--volumes", "--timeout", "1")


@pytest.fixture(scope="module")
def clone(shop: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scratch]:
    """A clone of the lab in a folder of that project's name, which an older lab would have used."""
    with scratch(tmp_path_factory.mktemp("ours") / shop.name) as one:
        one.environ |= one.apart()
        yield one


def _data(shop: Path) -> str:
    return _compose(shop, "exec", "-T", "db", "cat", "/data/mine").strip()


@pytest.mark.parametrize("verb", ["up", "clean", "down", "restart-db"])
def test_exported_name_of_another_program_is_refused(shop: Path, clone: Scratch, verb: str) -> None:
    """It is said whose it is and what to do, and the other's container and data go on."""
    refused = clone.tried("make", verb, COMPOSE_PROJECT_NAME=SHOP)
    assert refused.returncode
    assert f"the Compose project {SHOP} belongs to another folder: another program" in (
        refused.stderr
    )
    assert "unset COMPOSE_PROJECT_NAME" in refused.stderr
    assert "theirs" == _data(shop)


def test_folder_of_another_programs_name_takes_one_of_its_own(
    shop: Path, clone: Scratch, proves
) -> None:
    """Clean, in a lab's folder that bears the name of the other's project, leaves that alone."""
    said = clone.run("make", "clean")
    assert f"project {SHOP}-" in said
    assert f"{SHOP}_data" in docker.run("volume", "ls", "--quiet").split()
    assert "theirs" == _data(shop)
    proves("another program's project of the folder's name: refused when named, never touched")

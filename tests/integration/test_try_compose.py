"""A stranger's Compose project: `recovery-lab try` finds its database's login by itself."""

import shutil
import subprocess
import sys
from collections.abc import Iterator

import pytest

from recovery_lab import stack
from recovery_lab.docker import Stack
from recovery_lab.stack import private_stack
from recovery_lab.target import load_target
from tests.second.conftest import FOLDER, images

pytestmark = pytest.mark.more
# Nothing of it may be shown, and each of its signs has a meaning somewhere on its way.
PASSWORD = "shelf & 50%/l@dder:$x#"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The second target's stack, started from a folder of its own that knows nothing of the lab."""
    folder = tmp_path_factory.mktemp("project") / "shop"
    shutil.copytree(FOLDER, folder)
    given = {**images(), "STORE_PASSWORD": PASSWORD}
    with private_stack(load_target(folder / "target.toml"), "stranger", given) as one:
        for known in ("target.toml", "cached.toml"):
            (folder / known).unlink()
        yield one


def tried(shop: Stack, path: str) -> "subprocess.CompletedProcess[str]":
    """Try a route of the shop through a restart, in its folder, as its owner would."""
    url = f"{stack.url(shop)}{path}"
    restart = ["docker", "compose", "restart", shop.target.database.service]
    # A container's network may lose a first packet, which is repeated after 1 s.
    words = ["recovery_lab", "try", "--url", url, "--waive", "waits end", "--", *restart]
    return subprocess.run(
        [sys.executable, "-m", *words],
        cwd=shop.target.root,
        env=shop.environ(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_login_is_found_and_the_outage_split(shop: Stack, proves) -> None:
    """Without a word of it: the server's share and ours are told apart, and both are there."""
    before = set(shop.target.root.iterdir())
    done = tried(shop, "/items/count")
    # Whether its pool, which checks, lets its first users wait for a second is its own affair.
    assert done.returncode in (0, 1), done.stdout + done.stderr
    assert "login keeper@" in done.stdout
    assert PASSWORD not in done.stdout + done.stderr
    assert {one.name for one in {*shop.target.root.iterdir()} - before} <= {".lab"}
    [split] = [line for line in done.stdout.splitlines() if " = server " in line]
    assert " + ours " in split, done.stdout
    proves(" ".join(split.split()))


def test_url_without_the_database_proves_nothing(shop: Stack) -> None:
    """Control: its server counts no transaction, and nothing is taken away."""
    before = {*shop.target.root.glob(".lab/runs/*")}
    done = tried(shop, "/openapi.json")
    assert 2 == done.returncode, done.stdout + done.stderr
    assert "this URL answers without the database" in done.stderr
    assert before == {*shop.target.root.glob(".lab/runs/*")}

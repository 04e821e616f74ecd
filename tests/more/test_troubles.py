"""What a stack stumbles over after its start: other passwords, a server that is half shut."""

import shutil
from collections.abc import Iterator

import pytest

from recovery_lab import docker
from tests.setup.scratch import Scratch, scratch, until_half_shut

pytestmark = [pytest.mark.integration, pytest.mark.timeout(400)]


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scratch]:
    """A clone that is up."""
    with scratch(tmp_path_factory.mktemp("more") / "one") as one:
        one.run("make", "up")
        yield one


def test_restart_db_heals_a_half_shut_server(one: Scratch, proves) -> None:
    """A restart is the cure: it must not refuse to begin because of it."""
    until_half_shut(one)
    said = one.tried("make", "restart-db")
    assert "PostgreSQL is half shut" in said.stdout, said.stderr
    assert "server ready" in said.stdout, said.stderr
    proves("make restart-db heals a half-shut server, and begins")


def test_volume_of_other_passwords_is_named_and_not_deleted(one: Scratch, proves) -> None:
    """The remedies that are printed delete nothing, say how much there is, and work."""
    name = one.project
    one.run("make", "down")
    shutil.move(one.folder / ".secrets", one.folder / "secrets.away")
    refused = one.tried("make", "up")
    assert 2 == refused.returncode
    assert f"volume {name}_data (" in refused.stderr
    assert " MB, made " in refused.stderr
    assert "was made with other passwords than .secrets/ holds" in refused.stderr
    assert "clean" not in refused.stderr
    assert docker.run("volume", "inspect", f"{name}_data")
    one.run("make", "down")
    shutil.rmtree(one.folder / ".secrets")
    shutil.move(one.folder / "secrets.away", one.folder / ".secrets")
    assert "up " in one.run("make", "up")
    proves("a volume made with other passwords: named with its size, kept, and back with them")

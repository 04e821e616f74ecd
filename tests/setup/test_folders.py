"""Folders that know nothing of each other: no verb of one takes or deletes what is the other's."""

import os
from collections.abc import Iterator

import pytest

from recovery_lab import docker
from tests.setup.scratch import Scratch, scratch, until_half_shut

pytestmark = [pytest.mark.integration, pytest.mark.timeout(400)]
NAME = f"scratch-{os.getpid()}"


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scratch]:
    """A clone as the lab was before folders had names of their own: it was up, and is down."""
    with scratch(tmp_path_factory.mktemp("a") / NAME, NAME) as one:
        one.run("bash", "scripts/secrets.sh")
        named = {"COMPOSE_PROJECT_NAME": NAME}
        one.run("docker", "compose", "up", "--detach", "--wait", "postgres", **named)
        one.psql("CREATE TABLE mine AS SELECT 42 AS answer", **named)
        one.run("docker", "compose", "down", "--timeout", "5", **named)
        yield one


@pytest.fixture(scope="module")
def second(first: Scratch, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scratch]:
    """A fresh clone in a folder of the same name, up."""
    with scratch(tmp_path_factory.mktemp("b") / NAME) as one:
        one.run("make", "up")
        yield one


def test_two_clones_of_one_name_share_nothing(first: Scratch, second: Scratch, proves) -> None:
    """The second has its own data, and no right to the first's, which keeps its older name."""
    assert second.project.startswith(f"{NAME}-")
    assert "t" == second.psql("SELECT to_regclass('mine') IS NULL")
    assert f"{second.project}-postgres-1" in second.run("docker", "compose", "ps")
    second.run("python3", "scripts/folder.py", "owns", second.project)
    assert 1 == second.tried("python3", "scripts/folder.py", "owns", NAME).returncode
    first.run("bash", "-c", ". scripts/lib.sh; own_project mark")
    assert NAME == first.project
    proves("two clones of one name, the older one down: each keeps its own data")


def test_up_heals_a_half_shut_server(second: Scratch, proves) -> None:
    """After a smart shutdown old sessions live and new ones are refused, for ever."""
    until_half_shut(second)
    assert "PostgreSQL is half shut" in second.run("make", "up")
    second.run("docker", "compose", "exec", "-T", "postgres", "healthcheck.sh")
    proves("make up heals a half-shut server, and says so")


def test_clean_of_one_leaves_the_other_alone(first: Scratch, second: Scratch, proves) -> None:
    """What is removed is said, with how much; the other clone's data is none of it."""
    project = second.project
    said = second.run("make", "clean", **second.apart())
    assert f"project {project} of this folder: containers, network, volume {project}_data (" in said
    assert " MB, made " in said
    left = docker.run("volume", "ls", "--quiet").split()
    assert [f"{NAME}_data"] == [n for n in left if n in {f"{NAME}_data", f"{project}_data"}]
    assert f"{project}_owner" not in left
    first.run("docker", "compose", "up", "--detach", "--wait", "postgres")
    assert "42" == first.psql("TABLE mine")
    proves("make clean in one of two clones leaves the other's data alone")

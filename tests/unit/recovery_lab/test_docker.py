"""Talking to Docker: what is refused before anything is sent, and what a failure says."""

import json

import pytest

from recovery_lab import docker
from recovery_lab.errors import BadInputError, DockerError


@pytest.fixture
def context(monkeypatch: pytest.MonkeyPatch):
    """Let `docker context inspect` name an address."""

    def at(address: str) -> None:
        answer = json.dumps([{"Name": "there", "Endpoints": {"docker": {"Host": address}}}])
        monkeypatch.delenv("DOCKER_HOST", raising=False)
        monkeypatch.delenv("LAB_ALLOW_REMOTE", raising=False)
        monkeypatch.setattr(docker, "run", lambda *words: answer)

    return at


@pytest.mark.parametrize("address", ["unix:///var/run/docker.sock", "npipe:////./pipe/docker"])
def test_local_daemon_is_accepted(context, address: str) -> None:
    """A socket of this machine, whatever its path."""
    context(address)
    docker.refuse_remote()


@pytest.mark.parametrize("address", ["ssh://ops@db.example", "tcp://127.0.0.1:2375"])
def test_remote_daemon_is_refused_by_name(
    context, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A tunnel on loopback is remote too; LAB_ALLOW_REMOTE=1 is the way through."""
    context(address)
    with pytest.raises(BadInputError, match="'there' is"):
        docker.refuse_remote()
    monkeypatch.setenv("LAB_ALLOW_REMOTE", "1")
    docker.refuse_remote()


def test_exported_host_wins_over_the_context(context, monkeypatch: pytest.MonkeyPatch) -> None:
    """DOCKER_HOST decides where commands go, so it decides here too."""
    context("unix:///var/run/docker.sock")
    monkeypatch.setenv("DOCKER_HOST", "tcp://203.0.113.1:2375")
    with pytest.raises(BadInputError, match="203"):
        docker.refuse_remote()


def test_failed_command_says_what_and_why(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command, its status and its own words."""
    fake = tmp_path / "docker"
    fake.write_text("#!/bin/sh\necho 'no such thing' >&2\nexit 7\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    with pytest.raises(DockerError, match="docker ps: exit status 7: no such thing"):
        docker.run("ps")


def test_missing_docker_names_the_remedy(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a docker command the answer is `make doctor`, not a traceback."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(DockerError, match="make doctor"):
        docker.run("ps")


def test_helper_is_named_by_its_project_and_no_service_of_compose() -> None:
    """Whose it is can be read off its name and labels; Compose's own labels are emptied."""
    words = docker.named_as_ours("mine")
    assert words[:2] != docker.named_as_ours("mine")[:2]
    assert words[1].startswith("mine-lab-")
    labels = set(words[3::2])
    assert {"recovery-lab=1", "recovery-lab.project=mine"} < labels
    assert {"com.docker.compose.project=", "com.docker.compose.service="} < labels

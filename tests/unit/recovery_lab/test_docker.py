"""Talking to Docker: what is refused before anything is sent, and what a failure says."""

import json
import os
from pathlib import Path

import msgspec
import pytest

from recovery_lab import docker
from recovery_lab.docker import Stack
from recovery_lab.errors import BadInputError, DockerError, InconclusiveError
from recovery_lab.target import load_target

ROOT = Path(__file__).parents[3]
TARGET = msgspec.structs.replace(load_target(ROOT / "target.toml"), root=Path("/somewhere"))
STACK = Stack(target=TARGET, project="mine", environment={"PORT": "8123"})


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


@pytest.fixture
def fake(tmp_path, monkeypatch: pytest.MonkeyPatch):
    """Let `docker` be a shell program."""

    def does(program: str) -> None:
        docker_here = tmp_path / "docker"
        docker_here.write_text(f"#!/bin/sh\n{program}\n")
        docker_here.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")

    return does


def test_failed_command_says_what_and_why(fake) -> None:
    """The command, its status and its own words."""
    fake("echo 'no such thing' >&2; exit 7")
    with pytest.raises(DockerError, match="docker ps: exit status 7: no such thing"):
        docker.run("ps")


def test_missing_docker_names_the_remedy(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a docker command the answer is `make doctor`, not a traceback."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(DockerError, match="make doctor"):
        docker.run("ps")


def test_stack_is_told_to_compose_and_this_process_is_not(fake) -> None:
    """Project, folder and settings go with the command; the environment here stays as it is."""
    fake('echo "$*"; echo "$COMPOSE_PROJECT_NAME $PORT"')
    before = dict(os.environ)
    words, environment = docker.compose(STACK, "ps").splitlines()
    assert words.startswith("compose --project-name mine --project-directory /somewhere ")
    assert words.endswith("--file /somewhere/docker-compose.yml ps")
    assert "mine 8123" == environment
    assert before == dict(os.environ)


def test_log_is_what_the_service_said(fake) -> None:
    """Compose 2.26 erases its line before each, though nobody looks at a terminal."""
    fake("printf '\\033[2Kready\\n'")
    assert "ready\n" == docker.service_log(STACK, "db", 1.0, 2.0)


def test_log_is_timed_where_it_is_asked_so(fake) -> None:
    """By the daemon's clock, line by line."""
    fake('echo "$*"')
    assert "--timestamps" not in docker.service_log(STACK, "db", 1.0, 2.0)
    timed = docker.service_log(STACK, "db", 1.0, 2.0, timed=True)
    assert timed.endswith("--since 1.000000 --until 2.000000 --timestamps db\n")


def test_own_project_is_the_one_that_compose_means(fake) -> None:
    """Asked for, and not guessed from the folder's name: it may stand in .env."""
    fake("""case "$*" in *"config --format json"*) echo '{"name": "theirs"}' ;; esac""")
    assert "theirs" == docker.own_stack(STACK.target).project


def test_network_is_the_projects_own() -> None:
    """As Compose names it."""
    assert "mine_default" == docker.network(STACK)


def test_what_runs_is_told_from_what_was_once_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the order that was asked; one that is gone by then is no error."""
    monkeypatch.setattr(docker, "run", lambda *words: "third\nfirst\nanother\n")
    assert ["first", "third"] == docker.running("first", "gone", "third")


def test_nothing_is_asked_about_no_container(monkeypatch: pytest.MonkeyPatch) -> None:
    """`docker inspect` without a name is an error."""
    monkeypatch.setattr(docker, "run", lambda *words: pytest.fail(f"asked {words}"))
    assert [] == docker.inspect()


def test_command_is_out_of_reach_of_ctrl_c(fake) -> None:
    """It has a process session of its own: what heals is not ended in the middle."""
    fake("ps -o sid= -p $$; echo $$")
    sid, pid = docker.run("ps").split()
    assert sid == pid


def test_command_that_takes_too_long_is_ended_with_its_children(fake, tmp_path) -> None:
    """Compose is a child of `docker`: it must not go on by itself."""
    fake(f"trap 'touch {tmp_path}/ended; exit' TERM; sleep 60 & wait")
    with pytest.raises(DockerError, match="no answer after 0 s"):
        docker.run("compose", "up", limit_s=0.2)
    assert (tmp_path / "ended").exists()


@pytest.mark.parametrize(("takes_s", "left"), [("0.5", "done"), ("60", "ended")])
def test_command_is_paced_and_broken_off_where_that_raises(
    takes_s: str, left: str, fake, tmp_path, monkeypatch
) -> None:
    """It is left to end by itself for a moment: its daemon goes on with it in any case."""
    monkeypatch.setattr(docker, "BROKEN_OFF_S", 1.0)
    fake(f"trap 'touch {tmp_path}/ended; exit' TERM; sleep {takes_s} & wait; touch {tmp_path}/done")
    calls: list[int] = []

    def pace() -> None:
        calls.append(1)
        if len(calls) == 3:
            raise InconclusiveError("the observer ended")

    with pytest.raises(InconclusiveError, match="the observer ended"):
        docker.run("stop", "db", pace=pace)
    assert (tmp_path / left).exists()


def test_events_are_those_of_a_stack_without_its_health_checks(fake) -> None:
    """Nor is anything that others run from an image which carries the stack's labels."""
    whose = '"Actor": {"Attributes": {"com.docker.compose.service": "db"}}'
    fake(
        f"""case "$*" in *project=mine*oneoff=False*)
        echo '{{"timeNano": 1500000000, "Action": "die", {whose}}}'
        echo '{{"timeNano": 1600000000, "Action": "exec_die", {whose}}}' ;; esac"""
    )
    assert [(1.5, "db", "die")] == docker.events(STACK, 1.0, 2.0)

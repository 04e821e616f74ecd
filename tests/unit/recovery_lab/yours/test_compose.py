"""The folder's Compose project: what is found is said in a line, and nothing else is touched."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from recovery_lab import docker
from recovery_lab.errors import BadInputError, DockerError
from recovery_lab.stack import free_port
from recovery_lab.yours import compose, plan
from recovery_lab.yours.look import Asked, Found
from tests.unit.recovery_lab.yours.conftest import Docker
from tests.unit.recovery_lab.yours.projects import ADDRESS, container

URL = "http://127.0.0.1:8080/api/items"
Tried = Callable[..., Asked]


def test_login_is_found_and_shown_without_its_password(tried: Tried, said: list[str]) -> None:
    """One line; what was named stays as it is."""
    asked = tried("official", url=URL)
    assert Asked(url=URL, dsn="postgresql://app:pa%24word@127.0.0.1:5433/shop") == asked
    assert ["compose   service db (postgres:17), login app@127.0.0.1:5433/shop"] == said


def test_secret_is_read_and_the_containers_address_is_named(tried: Tried, said: list[str]) -> None:
    """A password that stands in a file, of a server whose port is not published."""
    there = Docker("secrets")
    there.files["/run/secrets/db_password"] = "secret\n"
    assert f"postgresql://app:secret@{ADDRESS}:5432/shop" == tried(there, url=URL).dsn
    shown = f"login app@{ADDRESS}:5432/shop (its container)"
    assert [f"compose   service db (postgis/postgis:17-3.5), {shown}"] == said


@pytest.mark.parametrize("named", [{"engine": "shop.db:engine"}, {"dsn": "postgresql://x@y/z"}])
def test_nothing_is_looked_for_where_a_login_is_named(
    tried: Tried, said: list[str], named: dict[str, str]
) -> None:
    """Docker is not even asked."""
    there = Docker("official")
    assert Asked(url=URL, **named) == tried(there, url=URL, **named)
    assert ([], []) == (said, there.asked)


def test_nothing_changes_without_a_compose_file(
    tried: Tried, said: list[str], tmp_path: Path
) -> None:
    """Control: Docker is not asked, nothing is said."""
    (tmp_path / "compose.yaml").unlink()
    there = Docker("official")
    assert Asked(url=URL) == tried(there, url=URL)
    assert Asked() == tried(there, "1")
    assert ([], []) == (said, there.asked)


@pytest.mark.parametrize("name", compose.FILES)
def test_each_name_of_a_compose_file_counts(tried: Tried, tmp_path: Path, name: str) -> None:
    """Those that Compose looks for."""
    (tmp_path / "compose.yaml").rename(tmp_path / name)
    assert tried("official", url=URL).dsn


def test_file_above_the_folder_counts_for_composes_own_command_alone(
    tried: Tried, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command means that project, whatever folder it is given in; another one may not."""
    (tmp_path / "app").mkdir()
    monkeypatch.chdir(tmp_path / "app")
    assert tried("official", url=URL).dsn
    assert not tried("official", url=URL, command=["systemctl", "restart", "postgresql"]).dsn


def test_exported_file_counts(
    tried: Tried, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever it is."""
    (tmp_path / "compose.yaml").unlink()
    monkeypatch.setenv("COMPOSE_FILE", "deploy/shop.yml")
    assert tried("official", url=URL).dsn


@pytest.mark.parametrize(
    ("command", "options"),
    [
        ("docker compose -f deploy/shop.yml -p shop restart db", "-f deploy/shop.yml -p shop"),
        ("docker-compose --file=shop.yml restart db", "--file=shop.yml"),
        ("docker compose --dry-run restart -t 1 db", "--dry-run"),
        ("docker compose restart -t 1 db", ""),
        ("docker restart db", ""),
    ],
)
def test_project_is_the_one_that_the_command_means(
    tried: Tried, command: str, options: str
) -> None:
    """Compose's own options before its verb are handed on."""
    there = Docker("official")
    tried(there, url=URL, command=command.split())
    words = ("compose", *options.split())
    assert [(*words, "config", "--format", "json"), (*words, "ps", "--quiet")] == there.asked[:2]


def test_database_is_the_one_that_the_command_names(tried: Tried) -> None:
    """By its service or by its container, wherever the word stands; nobody is asked."""
    for command in (
        ["docker", "compose", "restart", "warehouse"],
        ["docker", "restart", "two-warehouse-1"],
        ["sh", "-c", "docker compose stop warehouse; docker compose start warehouse"],
    ):
        assert tried("two", url=URL, command=command).dsn.endswith(":two@127.0.0.1:5434/postgres")


@pytest.mark.parametrize(
    ("project", "told"),
    [
        ("none", "no service of PostgreSQL in it: cache, web"),
        ("mysql", "no service of PostgreSQL in it: db, web"),
    ],
)
def test_project_without_one_is_said_in_a_line(
    tried: Tried, said: list[str], project: str, told: str
) -> None:
    """And the outage is not split, as without Compose."""
    assert Asked(url=URL) == tried(project, url=URL)
    assert [f"compose   {told}"] == said


def test_server_that_does_not_run_gives_no_login(tried: Tried, said: list[str]) -> None:
    """Nor is it started."""
    there = Docker("official")
    there.running = []
    assert not tried(there, url=URL).dsn
    assert ["compose   service db (postgres:17) does not run: no login"] == said


def test_login_that_does_not_work_is_not_used(
    tried: Tried, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A volume may be older than its password; the line names the way out."""
    monkeypatch.setattr(compose, "_trouble", lambda dsn: "password authentication failed")
    assert not tried("official", url=URL).dsn
    login = "login app@127.0.0.1:5433/shop is not used: password authentication failed"
    assert [f"compose   service db (postgres:17), {login}; or name --dsn"] == said


def test_containers_address_that_is_not_reached_says_why(
    tried: Tried, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Docker Desktop keeps its containers on another machine."""
    monkeypatch.setattr(compose, "_trouble", lambda dsn: "login not done after 5.0 s")
    tried("plain", url=URL)
    assert "after 5.0 s; Docker Desktop has no way to a container's address" in said[0]


def test_container_that_a_restart_moves_gives_no_login(tried: Tried, said: list[str]) -> None:
    """Its fresh sessions would go where nobody is, and the server would seem not to come back."""
    there = Docker("plain")
    there.running = [container("plain", "db", address="172.18.0.3")]
    assert not tried(there, url=URL).dsn
    assert "172.18.0.3:5432/postgres is not used: Docker would give it another" in said[0]


def test_trouble_is_the_drivers_own_and_names_no_password() -> None:
    """Nobody listens there."""
    trouble = compose._trouble(f"postgresql://app:secret@127.0.0.1:{free_port()}/shop")
    assert "refused" in trouble
    assert "secret" not in trouble


def test_docker_that_answers_not_is_said_in_a_line(
    tried: Tried, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """No Docker, no plug-in, a file that cannot be read: all the same."""
    there = Docker("official")

    def run(*words: str, environ: Any = None) -> str:
        raise DockerError(["docker", *words], 127, "docker is not installed; run: make doctor")

    monkeypatch.setattr(there, "run", run)
    assert Asked(url=URL) == tried(there, url=URL)
    told = "docker compose config --format json: exit status 127: docker is not installed"
    assert [f"compose   nothing found: {told}"] == said


def test_project_on_another_machine_is_refused(
    tried: Tried, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its outage is others' as well; who means it has to name the login."""
    there = Docker("official", "ssh://ops@db.example")
    with pytest.raises(BadInputError, match="'there' is ssh"):
        tried(there, url=URL)
    monkeypatch.setenv("LAB_ALLOW_REMOTE", "1")
    assert not tried(there, url=URL).dsn
    assert ["on another machine: no login is found; name --dsn"] == [
        line.rpartition(", ")[2] for line in said
    ]


def test_containers_address_is_this_machines(monkeypatch: pytest.MonkeyPatch) -> None:
    """And no other address is, nor the same one by another machine's Docker."""
    there = Docker("plain")
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    monkeypatch.setattr(docker, "run", there.run)
    assert compose.is_containers(ADDRESS)
    assert not compose.is_containers("172.18.0.3")
    assert not compose.is_containers("db.example")
    there.address = "ssh://ops@db.example"
    assert not compose.is_containers(ADDRESS)


def test_server_in_a_container_of_this_machine_is_no_other_machines(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A login at its address is accepted; control: the address of none."""
    monkeypatch.delenv("LAB_ALLOW_REMOTE", raising=False)
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    monkeypatch.setattr(docker, "run", Docker("plain").run)
    for host, refused in ((ADDRESS, False), ("172.18.0.3", True)):
        done = SimpleNamespace(stdout=msgspec.json.encode(Found(host=host)), stderr=b"")
        monkeypatch.setattr(plan.subprocess, "run", lambda *_, _done=done, **__: _done)
        if refused:
            with pytest.raises(BadInputError, match="not this machine"):
                plan.look(Asked(url=URL))
        else:
            assert host == plan.look(Asked(url=URL)).host

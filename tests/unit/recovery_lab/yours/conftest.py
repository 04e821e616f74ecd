"""A folder with a Compose file, Docker's answers for it, and a terminal that answers as told."""

import io
import json
from pathlib import Path
from typing import Any

import pytest

from recovery_lab import docker
from recovery_lab.errors import DockerError
from recovery_lab.yours import compose
from recovery_lab.yours.look import Asked
from tests.unit.recovery_lab.yours.projects import config, container

RESTART = ["docker", "compose", "restart", "db"]


class Terminal(io.StringIO):
    """Answers, one a line; or, where there are none, no terminal."""

    def isatty(self) -> bool:
        return bool(self.getvalue())


class Docker:
    """Answers as Docker does for one project, and to nothing but what may be asked."""

    def __init__(self, project: str, address: str = "unix:///var/run/docker.sock") -> None:
        self.address = address
        self.files: dict[str, str] = {}
        self.asked: list[tuple[str, ...]] = []
        self.config = config(project)
        self.running = [container(project, one) for one in self.config["services"]]

    def run(self, *words: str, environ: Any = None) -> str:
        self.asked.append(words)
        match words:
            case ("compose", *_, "config", "--format", "json"):
                return json.dumps(self.config)
            case ("compose", *_, "ps", "--quiet") | ("ps", "--quiet"):
                return "\n".join(one["Id"] for one in self.running)
            case ("inspect", *ids):
                return json.dumps([one for one in self.running if one["Id"] in ids])
            case ("context", "inspect"):
                endpoint = {"docker": {"Host": self.address}}
                return json.dumps([{"Name": "there", "Endpoints": endpoint}])
            case ("exec", _, "cat", path) if path in self.files:
                return self.files[path]
            case ("exec", _, "cat", path):
                raise DockerError(list(words), 1, f"cat: {path}: No such file or directory")
        pytest.fail(f"docker {' '.join(words)}")


@pytest.fixture
def said() -> list[str]:
    """What is said."""
    return []


@pytest.fixture
def tried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: list[str]):
    """Complete what is asked for, in a folder with a Compose file, with answers at a terminal."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "compose.yaml").touch()
    for name in ("COMPOSE_FILE", "DOCKER_HOST", "LAB_ALLOW_REMOTE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(compose, "_trouble", lambda dsn: "")

    def complete(
        project: "Docker | str", *answers: str, command: list[str] = RESTART, **asked: str
    ) -> Asked:
        there = Docker(project) if isinstance(project, str) else project
        monkeypatch.setattr(docker, "run", there.run)
        monkeypatch.setattr("sys.stdin", Terminal("".join(f"{one}\n" for one in answers)))
        return compose.complete(Asked(**asked), command, said.append)

    return complete

"""preflight.sh: what is missing is named with the command that brings it."""

import time

import pytest

from tests.unit.scripts.conftest import Clone

PREFLIGHT = ("bash", "scripts/preflight.sh", "--verbose")


def test_preflight_reports_what_it_found_within_two_seconds(clone: Clone) -> None:
    """Where all is there it only checks."""
    began = time.monotonic()
    done = clone.run(*PREFLIGHT)
    assert 0 == done.returncode, done.stderr
    assert "engine    27.1.0 · context default" in done.stdout
    assert "compose   2.30.0" in done.stdout
    assert time.monotonic() - began < 2.0


def test_preflight_is_quiet_unless_asked(clone: Clone) -> None:
    """`make up` does not repeat what is in order."""
    assert "" == clone.run("bash", "scripts/preflight.sh").stdout


@pytest.mark.parametrize(
    ("words", "status", "answer", "message", "remedy"),
    [
        ("docker version", 0, "19.03.15\\n", "Docker Engine is 19.03.15", "20.10 or newer"),
        ("docker version", 1, "Cannot connect\\n", "does not answer: Cannot connect", "start it"),
        ("docker version", 1, "permission denied\\n", "may not use Docker", "usermod -aG docker"),
        ("docker compose version", 1, "", "no Compose v2", "docker-compose-plugin"),
        ("docker compose version", 0, "2.3.3\\n", "Compose is 2.3.3", "2.17 or newer"),
    ],
)
def test_preflight_names_trouble_and_remedy(
    clone: Clone, words: str, status: int, answer: str, message: str, remedy: str
) -> None:
    """Each trouble has its message, its remedy and a non-zero status."""
    clone.answers(words, status, answer)
    done = clone.run(*PREFLIGHT)
    assert 1 == done.returncode
    assert message in done.stderr
    assert remedy in done.stderr


def test_preflight_without_docker_names_the_package(clone: Clone) -> None:
    """No docker at all is told apart from an engine that does not run."""
    (clone.bin / "docker").unlink()
    done = clone.run(*PREFLIGHT)
    assert 1 == done.returncode
    assert "no docker command" in done.stderr


def test_preflight_names_the_docker_host_that_does_not_answer(clone: Clone) -> None:
    """An engine elsewhere is not started here."""
    clone.answers("docker version", 1, "Cannot connect\\n")
    clone.fake("dockerd")
    done = clone.run(*PREFLIGHT, DOCKER_HOST="tcp://192.0.2.1:2375", LAB_AUTO_INSTALL="1")
    assert "check DOCKER_HOST=tcp://192.0.2.1:2375" in done.stderr
    assert not [call for call in clone.calls if call.startswith("dockerd")]


def test_preflight_installs_nothing_where_that_is_forbidden(clone: Clone) -> None:
    """LAB_AUTO_INSTALL=0 holds for packages, the plug-in and the engine's start."""
    clone.fake("apt-get")
    clone.answers("apt-get indextargets", 0, "http://mirror.example/debian/\\n")
    clone.answers("docker compose version", 1)
    assert 1 == clone.run(*PREFLIGHT).returncode
    assert not [call for call in clone.calls if "install" in call or "update" in call]


def test_preflight_never_calls_the_old_compose(clone: Clone) -> None:
    """The Python docker-compose on PATH is no Compose v2."""
    clone.fake("docker-compose")
    clone.answers("docker compose version", 1)
    assert 1 == clone.run(*PREFLIGHT).returncode
    assert not [call for call in clone.calls if call.startswith("docker-compose")]


def test_preflight_refuses_an_old_python(clone: Clone) -> None:
    """A python3 older than 3.11 is named before anything is built with it."""
    (clone.bin / "python3").unlink()
    clone.fake("python3")
    clone.answers("python3 -c import platform", 0, "3.9.18\\n")
    done = clone.run(*PREFLIGHT)
    assert 1 == done.returncode
    assert "python3 is 3.9.18" in done.stderr

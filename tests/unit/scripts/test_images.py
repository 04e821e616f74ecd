"""images.sh: stand-ins stand in for a registry that is not there, and for nothing else."""

import platform
import subprocess
import sys

import pytest

from tests.unit.scripts.conftest import Clone

NO_REGISTRY = "dial tcp: lookup registry.example: no such host\\n"
STAND_INS = (
    "POSTGRES_IMAGE=recovery-lab/postgres:17-standin\n"
    "PYTHON_IMAGE=recovery-lab/python:3.13-standin\n"
    "PROMETHEUS_IMAGE=recovery-lab/prometheus:2.53-standin\n"
)


@pytest.fixture
def images(clone: Clone) -> Clone:
    """A clone whose environment is current, so that only images are left to make."""
    stamp = "content pyproject.toml requirements/host.txt requirements/installer.txt"
    code = f". scripts/lib.sh; . scripts/lib_build.sh; {stamp}"
    content = clone.run("bash", "-c", code).stdout.strip()
    (clone.folder / ".venv").mkdir()
    version = sys.version.splitlines()[0]
    (clone.folder / ".venv/recovery-lab.stamp").write_text(f"{content} {version}\n")
    assert platform.python_version() in version
    return clone


def _make(images: Clone, **environ: str) -> subprocess.CompletedProcess[str]:
    return images.run("bash", "scripts/images.sh", **environ)


def test_images_keeps_the_official_ones_where_they_are(images: Clone) -> None:
    """What the Engine has is neither pulled nor replaced, and the choice is kept."""
    done = _make(images)
    assert 0 == done.returncode, done.stderr
    assert "POSTGRES_IMAGE=postgres:17-trixie\nPYTHON_IMAGE=python:3.13-slim-trixie\n" == (
        images.dotenv
    )
    assert not [call for call in images.calls if "pull" in call]


def test_images_without_a_registry_stand_in(images: Clone) -> None:
    """No registry answers: the stand-ins are built, kept and named."""
    for official in ("postgres:17-trixie", "python:3.13-slim-trixie", "prom/prometheus:v2.53.3"):
        images.answers(f"docker image inspect {official}", 1)
    images.answers("docker pull", 1, NO_REGISTRY)
    done = images.run("bash", "scripts/images.sh", "prometheus")
    assert 0 == done.returncode, done.stderr
    assert STAND_INS == images.dotenv
    assert "stands in for postgres:17-trixie" in done.stdout
    builds = {call.rsplit(" ", 1)[1] for call in images.calls if "standins/compose.yml" in call}
    assert {"postgres", "python", "prometheus"} == builds


@pytest.mark.parametrize(
    "answer",
    [
        "manifest for postgres:17-trixie not found: manifest unknown",
        "pull access denied, repository does not exist or may require docker login",
        "toomanyrequests: You have reached your pull rate limit",
        "unauthorized: authentication required",
    ],
)
def test_images_shows_a_refusal_and_builds_nothing(images: Clone, answer: str) -> None:
    """A registry that answers "no" is an error to read, never a reason for a stand-in."""
    images.answers("docker image inspect postgres:17-trixie", 1)
    images.answers("docker pull", 1, answer + "\\n")
    done = _make(images)
    assert 1 == done.returncode
    assert answer in done.stderr
    assert "" == images.dotenv
    assert not [call for call in images.calls if " build" in call]


def test_images_never_replaces_an_image_that_a_user_named(images: Clone) -> None:
    """A named image that cannot be had is an error, not another image."""
    images.answers("docker image inspect mirror.example/pg:1", 1)
    images.answers("docker pull", 1, NO_REGISTRY)
    done = _make(images, POSTGRES_IMAGE="mirror.example/pg:1")
    assert 1 == done.returncode
    assert "POSTGRES_IMAGE=mirror.example/pg:1" in done.stderr
    assert "unset POSTGRES_IMAGE" in done.stderr


def test_images_builds_only_what_changed(images: Clone) -> None:
    """The dashboard's image is built again when its content has changed, and only then."""
    build = "docker compose build --progress plain dashboard"
    _make(images)
    assert 1 == images.calls.count(build)
    (images.folder / "dashboard/settings.py").touch()
    files = "dashboard requirements/dashboard.txt requirements/installer.txt"
    code = f". scripts/lib.sh; . scripts/lib_build.sh; content {files}"
    label = images.run("bash", "-c", code).stdout.strip()
    images.answers("docker image inspect --format {{ index", 0, label)
    _make(images)
    assert 1 == images.calls.count(build)
    (images.folder / "dashboard/settings.py").write_text("changed = True\n")
    _make(images)
    assert 2 == images.calls.count(build)


def test_images_makes_the_instrument_once(images: Clone) -> None:
    """It is an image of its own, and what is mounted into it makes no new one."""
    build = "recovery_lab/compose.yml build --progress plain instrument"
    (images.folder / "recovery_lab").mkdir(exist_ok=True)
    (images.folder / "recovery_lab/Dockerfile").touch()
    done = _make(images)
    assert 0 == done.returncode, done.stderr
    assert 1 == len([call for call in images.calls if call.endswith(build)])
    files = "recovery_lab/Dockerfile requirements/instrument.txt requirements/installer.txt"
    code = f". scripts/lib.sh; . scripts/lib_build.sh; content {files}"
    label = images.run("bash", "-c", code).stdout.strip()
    images.answers("docker image inspect --format {{ index", 0, label)
    (images.folder / "recovery_lab/errors.py").write_text("changed = True\n")
    _make(images)
    assert 1 == len([call for call in images.calls if call.endswith(build)])


def test_images_makes_the_tests_own_when_they_are_asked_for(images: Clone) -> None:
    """Browser, second target and versions are made for who asks: `make up` builds none of them."""
    builds = {
        "browser": "docker compose --profile verify build --progress plain browser",
        "second": "docker compose --project-name recovery-lab-second --file "
        "tests/targets/inventory/compose.yml build --progress plain web",
        "versions": "docker compose --project-name recovery-lab-versions --file "
        "tests/versions/compose.yml build --progress plain versions",
    }
    _make(images)
    assert not set(builds.values()) & set(images.calls)
    for name, build in builds.items():
        images.run("bash", "scripts/images.sh", name)
        assert 1 == images.calls.count(build), name
    images.run("bash", "scripts/images.sh", *builds)
    assert [2, 2, 2] == [images.calls.count(build) for build in builds.values()]


def test_images_makes_the_versions_on_the_dashboards_image(images: Clone) -> None:
    """Theirs stands on it, so it is made before; a new one of it makes a new one of theirs."""
    dashboard = "docker compose build --progress plain dashboard"
    images.run("bash", "scripts/images.sh", "versions")
    builds = [call for call in images.calls if call.endswith(("plain versions", "plain dashboard"))]
    assert dashboard in builds[:-1]
    assert builds[-1].endswith("plain versions")


def test_images_chooses_prometheus_when_it_is_asked_for(images: Clone) -> None:
    """`make up` neither pulls it nor keeps a choice of it, and the official one is never built."""
    images.answers("docker image inspect prom/prometheus:v2.53.3", 1)
    _make(images)
    assert "PROMETHEUS_IMAGE" not in images.dotenv
    images.run("bash", "scripts/images.sh", "prometheus")
    assert "PROMETHEUS_IMAGE=prom/prometheus:v2.53.3\n" in images.dotenv
    assert ["docker pull --quiet prom/prometheus:v2.53.3"] == [
        c for c in images.calls if "pull" in c
    ]
    assert not [call for call in images.calls if "standins/compose.yml" in call]


def test_images_failed_build_shows_its_log(images: Clone) -> None:
    """A build that fails names itself and ends with its log's last lines."""
    images.answers("docker compose build", 17, "no space left on device\\n")
    done = _make(images)
    assert 1 == done.returncode
    assert "no space left on device" in done.stderr
    assert "failed: dashboard-image" in done.stderr

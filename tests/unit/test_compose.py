"""docker-compose.yml and the Dockerfiles keep the rules that a glance does not show."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from dashboard.settings import SETTINGS

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docker-compose.yml").read_text()
STACK: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = STACK["services"]
DOCKERFILES = sorted(
    path
    for pattern in ("*/Dockerfile", "*/*/*Dockerfile", "tests/targets/*/Dockerfile")
    for path in ROOT.glob(pattern)
)
ORDER = (
    "<< image build command init profiles user environment secrets ports volumes tmpfs shm_size "
    "pids_limit mem_limit healthcheck stop_signal stop_grace_period"
).split()
each_service = pytest.mark.parametrize("name", SERVICES)
each_dockerfile = pytest.mark.parametrize(
    "path", DOCKERFILES, ids=lambda path: str(path.relative_to(ROOT))
)


def _keys(name: str) -> list[str]:
    """Return a service's keys as they are written, before anchors are merged."""
    node: Any = yaml.compose(TEXT)
    for step in ("services", name):
        node = next(value for key, value in node.value if key.value == step)
    return [key.value for key, _ in node.value]


@each_service
def test_compose_keys_stand_in_one_order(name: str) -> None:
    """A reader finds the same thing at the same place in every service."""
    assert [key for key in ORDER if key in _keys(name)] == _keys(name)


def test_compose_names_nothing_that_must_vary() -> None:
    """Project and containers take their names from the folder or the environment."""
    assert not {"version", "name"} & set(STACK)
    assert not [name for name in SERVICES if "container_name" in SERVICES[name]]


@each_service
def test_compose_images_are_pinned(name: str) -> None:
    """No image floats: each has a tag, and none is `latest`."""
    image = re.sub(r"\$\{\w+:-(.*)\}", r"\1", SERVICES[name]["image"])
    assert re.search(r":[\w.-]+$", image)
    assert "latest" not in image


@each_service
def test_compose_services_are_hardened(name: str) -> None:
    """Unprivileged, without capabilities, on a read-only root."""
    service = SERVICES[name]
    assert ["ALL"] == service["cap_drop"]
    assert ["no-new-privileges:true"] == service["security_opt"]
    assert service["read_only"] is True
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", service["user"])


@each_service
def test_compose_services_cannot_take_the_host(name: str) -> None:
    """A log is rotated; processes and memory have a limit, with its reason beside it."""
    service = SERVICES[name]
    assert "json-file" == service["logging"]["driver"]
    assert {"max-size", "max-file"} == set(service["logging"]["options"])
    for key in ("pids_limit", "mem_limit"):
        assert re.search(rf"^    {key}: {service[key]} # \S", TEXT, re.MULTILINE)


def test_compose_limits_leave_room_for_every_session() -> None:
    """The server forks for more than its slots, to refuse them by name; the limit is above that."""
    conf = (ROOT / "postgres/postgresql.conf").read_text()
    slots = int(re.search(r"^max_connections = (\d+)", conf, re.MULTILINE)[1])
    workers = 3 + 1 + 8 + 10  # autovacuum and its launcher, background workers, WAL senders
    assert 2 * (slots + workers) + 50 < SERVICES["postgres"]["pids_limit"]
    assert "2g" == SERVICES["postgres"]["mem_limit"]


@each_service
def test_compose_health_is_checked_on_every_engine(name: str) -> None:
    """Each service says when it is healthy; `start_interval` fails on engines before 25."""
    check = SERVICES[name]["healthcheck"]
    assert {"test", "interval", "timeout", "retries", "start_period"} == set(check)


def test_compose_publishes_on_loopback_alone() -> None:
    """PostgreSQL is not published, the dashboard and Prometheus only to this machine."""
    assert {
        "dashboard": ["127.0.0.1:${DASHBOARD_PORT:-8501}:8501"],
        "prometheus": ["127.0.0.1:${PROMETHEUS_PORT:-9090}:9090"],
    } == {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}


def test_compose_starts_two_services_unasked() -> None:
    """What a profile holds is started by the verb that wants it, and by no plain `up`."""
    unasked = [name for name, service in SERVICES.items() if "profiles" not in service]
    assert ["postgres", "dashboard"] == unasked


def test_compose_official_images_are_those_of_the_scripts() -> None:
    """What is pulled, and kept in .env, is what plain `docker compose` would take."""
    defaults = dict(re.findall(r"\$\{(\w+)_IMAGE:-([^}]*)\}", TEXT))
    script = (ROOT / "scripts/lib.sh").read_text()
    assert defaults == dict(re.findall(r"^  OFFICIAL_(\w+)=(\S+)$", script, re.MULTILINE))


def test_compose_initdb_takes_what_every_version_knows() -> None:
    """`--locale-provider=builtin` is of 17 and later, and an older initdb dies of it."""
    arguments = SERVICES["postgres"]["environment"]["POSTGRES_INITDB_ARGS"]
    assert "--locale=C" in arguments.split()
    assert "--locale-provider" not in arguments


def test_compose_dashboard_does_not_wait_for_its_database() -> None:
    """It must live without it, so it must start without it."""
    assert "depends_on" not in SERVICES["dashboard"]


def test_compose_owner_password_is_postgres_own() -> None:
    """The dashboard holds the reader's password and no other."""
    assert ["owner_password", "reader_password"] == SERVICES["postgres"]["secrets"]
    assert ["reader_password"] == SERVICES["dashboard"]["secrets"]


@each_service
def test_compose_environment_holds_no_secret(name: str) -> None:
    """Passwords are files: an environment shows in `docker inspect`."""
    names = [key for key in SERVICES[name].get("environment", {}) if "PASSWORD" in key]
    assert names or "secrets" not in SERVICES[name]
    assert all(key.endswith("_FILE") for key in names)


def test_compose_defaults_are_those_of_the_settings() -> None:
    """What the settings' check calls the default is what runs."""
    defaults = {setting.name: setting.default for setting in SETTINGS.values()}
    written = dict(re.findall(r"\$\{(\w+):-([^}]*)\}", TEXT))
    known = {name: value for name, value in written.items() if defaults.get(name)}
    assert {name: defaults[name] for name in known} == known


def test_compose_variables_have_defaults_and_are_documented() -> None:
    """Plain `docker compose` works without any of them; a reader finds each by name."""
    code = re.sub(r"#.*", "", TEXT)
    names = set(re.findall(r"\$\{(\w+)", code))
    assert names == set(re.findall(r"\$\{(\w+):-", code))
    documented = (ROOT / "docs/configuration.md").read_text()
    assert [] == sorted(name for name in names if f"`{name}`" not in documented)


def test_compose_settings_of_postgres_each_have_a_reason() -> None:
    """A setting without a reason is one that nobody dares to change."""
    lines = (ROOT / "postgres/postgresql.conf").read_text().splitlines()
    silent = [line for line in lines if "=" in line.split("#")[0] and "#" not in line]
    assert ["full_page_writes = on"] == silent  # the line before it speaks for both


@each_dockerfile
def test_dockerfile_builds_on_old_engines_without_a_registry(path: Path) -> None:
    """No frontend is fetched (`# syntax=`), and Engine 20.10 knows no heredoc."""
    text = path.read_text()
    assert "# syntax=" not in text
    assert "<<" not in text
    assert "latest" not in text


@each_dockerfile
def test_dockerfile_marks_its_image_as_the_labs(path: Path) -> None:
    """`make clean` finds an image by its label, and a build is skipped by its content."""
    last = path.read_text().strip().splitlines()[-1]
    assert "LABEL recovery-lab=1 recovery-lab.content=$LAB_CONTENT" == last


def test_dockerignore_admits_what_the_image_copies() -> None:
    """The context is empty but for what some COPY names, the instrument's included."""
    built = [service["build"]["dockerfile"] for service in SERVICES.values() if "build" in service]
    built.append("recovery_lab/Dockerfile")
    text = "\n".join((ROOT / path).read_text() for path in built)
    copied = re.findall(r"^COPY (.*) \S+$", text, re.MULTILINE)
    admitted = re.findall(r"^!(.*)$", (ROOT / ".dockerignore").read_text(), re.MULTILINE)
    sources = {source for line in copied for source in line.split()}
    assert {s for s in sources if not s.startswith("dashboard/")} == set(admitted)

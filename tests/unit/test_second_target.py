"""The second target shares nothing with the first, and its files say the same of it."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
HOME = ROOT / "tests/targets/inventory"
OURS: dict[str, Any] = tomllib.loads((ROOT / "target.toml").read_text())
POOLED: dict[str, Any] = tomllib.loads((HOME / "target.toml").read_text())
CACHED: dict[str, Any] = tomllib.loads((HOME / "cached.toml").read_text())
COMPOSE = (HOME / "compose.yml").read_text()
STACK: dict[str, Any] = yaml.safe_load(COMPOSE)
SERVICES: dict[str, dict[str, Any]] = STACK["services"]
OUR_STACK: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())


@pytest.mark.parametrize("field", "service host port name user".split())
def test_second_target_has_another_database(field: str) -> None:
    """Whatever the lab knows of the first database by heart is wrong here."""
    assert OURS["database"][field] != POOLED["database"][field]


@pytest.mark.parametrize("part", "services volumes".split())
def test_second_target_shares_no_name_in_compose(part: str) -> None:
    """Services and volumes have other names."""
    assert not set(OUR_STACK[part]) & set(STACK[part])


def test_second_target_takes_no_variable_of_the_first_but_images_and_builds() -> None:
    """A private stack of one target sets nothing for the other."""
    variables = re.compile(r"\$\{(\w+)")
    ours = set(variables.findall((ROOT / "docker-compose.yml").read_text()))
    of_every_image = {"POSTGRES_IMAGE", "PYTHON_IMAGE"}
    of_every_build = {"LAB_CONTENT", "LAB_CA_BUNDLE", "LAB_INDEX_SETTINGS"}
    assert of_every_image | of_every_build == ours & set(variables.findall(COMPOSE))


def test_second_target_declares_only_what_it_has() -> None:
    """No health probe, no pool to look into, no contenders, no log format."""
    assert {"compose", "database", "application", "private"} == set(POOLED)
    assert {"service", "url", "published_port", "read_path", "read_must_have"} == (
        set(POOLED["application"])
    )


def test_second_target_is_the_stack_in_its_compose_file() -> None:
    """What target.toml declares is what compose.yml starts."""
    database, application = POOLED["database"], POOLED["application"]
    server = SERVICES[database["service"]]
    client = SERVICES[application["service"]]["environment"]
    assert f"port={database['port']}" in server["command"]
    assert (database["name"], database["user"]) == (
        server["environment"]["POSTGRES_DB"],
        server["environment"]["POSTGRES_USER"],
    )
    assert (database["host"], str(database["port"]), database["name"], database["user"]) == tuple(
        client[name] for name in ("PGHOST", "PGPORT", "PGDATABASE", "PGUSER")
    )
    assert POOLED["compose"]["network"] in STACK["networks"]
    port = f"127.0.0.1:${{{POOLED['private']['port_variable']}:-9000}}:9000"
    assert [port] == SERVICES[application["service"]]["ports"]
    assert f"http://{application['service']}:{application['published_port']}" == application["url"]


def test_second_target_gets_its_password_and_connection_from_the_environment() -> None:
    """Every variable of a private stack is one that its compose file reads."""
    private = POOLED["private"]
    assert POOLED["database"]["password_env"] in private["environment"]
    named = set(re.findall(r"\$\{(STORE_\w+):-", COMPOSE))
    assert named == {private["port_variable"], *private["environment"]}


def test_cached_variant_differs_in_its_connection_alone() -> None:
    """One word apart: what the lab finds in one and not in the other is that word's doing."""
    assert "pooled" == POOLED["private"]["environment"].pop("STORE_CONNECTION")
    assert "cached" == CACHED["private"]["environment"].pop("STORE_CONNECTION")
    assert POOLED == CACHED


def test_second_targets_context_is_what_its_image_copies() -> None:
    """The builder gets the requirement file and the program, and not the whole repository."""
    admitted = re.findall(r"^!(.*)$", (HOME / "Dockerfile.dockerignore").read_text(), re.MULTILINE)
    copied = re.findall(r"^COPY (\S+) \S+$", (HOME / "Dockerfile").read_text(), re.MULTILINE)
    assert copied == admitted

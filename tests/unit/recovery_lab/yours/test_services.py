"""What Compose and Docker tell of a project: its database, its login, its addresses, its pages."""

import pytest

from recovery_lab.yours.services import (
    address_of,
    databases,
    login_of,
    moves,
    pages_of,
    port_of,
    services_of,
    url_of,
)
from tests.unit.recovery_lab.yours.projects import ADDRESS, config, project, service


def nothing(path: str) -> str:
    """Be a container whose files cannot be read."""
    return ""


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("official", ["db"]),
        ("plain", ["db"]),
        ("env_file", ["db"]),
        ("secrets", ["db"]),
        ("bitnami", ["postgresql"]),
        ("two", ["shop-db", "warehouse"]),
        ("around", ["db"]),
        ("none", []),
        ("mysql", []),
    ],
)
def test_database_is_found_by_its_image(name: str, found: list[str]) -> None:
    """Not what stands around one, and no client of a server elsewhere; a file alone will do."""
    assert found == [one.name for one in databases(project(name))]
    assert found == [one.name for one in databases(services_of(config(name), []))]


@pytest.mark.parametrize(
    ("image", "is_one"),
    [
        ("registry.example:5000/mirror/postgresql-16-c9s:latest", True),
        ("timescale/timescaledb-ha:pg17", True),
        ("ghcr.io/cloudnative-pg/postgresql@sha256:0123", True),
        ("bitnami/postgres-exporter:0.17", False),
        ("postgrest/postgrest:v12", False),
        ("postgres.example/shop:17", False),
    ],
)
def test_image_is_known_by_its_last_name(image: str, is_one: bool) -> None:
    """Whatever registry it comes from, and no image that only speaks of a server."""
    assert is_one is bool(databases(services_of({"services": {"it": {"image": image}}}, [])))


def test_own_image_is_found_by_its_port_or_else_by_its_environment() -> None:
    """An image built from the official one still listens there; the file tells of its password."""
    assert ["store"] == [one.name for one in databases(services_of(config("built"), []))]
    listening = project("mysql", web={"exposed": (5432,)})
    assert ["web"] == [one.name for one in databases(listening)]


def test_client_that_exposes_the_port_is_no_database() -> None:
    """Control: a pooler without a server in the project is told of its host."""
    services = [one for one in project("around") if one.name != "db"]
    assert [] == [one.name for one in databases(services)]


@pytest.mark.parametrize(
    ("name", "one", "login"),
    [
        ("official", "db", ("app", "pa$word", "shop")),
        ("plain", "db", ("postgres", "secret", "postgres")),
        ("env_file", "db", ("app", "from-a-file", "shop")),
        ("bitnami", "postgresql", ("app", "secret", "postgres")),
        ("around", "db", ("app", "secret", "shop")),
    ],
)
def test_login_is_the_images_own(name: str, one: str, login: tuple[str, str, str]) -> None:
    """With each image's defaults, and as the container has it: Compose writes `$` twice."""
    assert login == login_of(service(name, one), nothing)


def test_official_images_database_is_called_like_its_user() -> None:
    """Control for Bitnami's: the same words, another image."""
    assert ("app", "", "app") == login_of(
        service("plain", "db", environment={"POSTGRES_USER": "app", "POSTGRES_PASSWORD": ""}),
        nothing,
    )


def test_password_is_read_from_the_containers_file() -> None:
    """Its line's end is none of it; a file that cannot be read gives no password."""
    asked: list[str] = []

    def content(path: str) -> str:
        asked.append(path)
        return "se cret\n"

    one = service("secrets", "db")
    assert ("app", "se cret", "shop") == login_of(one, content)
    assert ["/run/secrets/db_password"] == asked
    assert ("app", "", "shop") == login_of(one, nothing)


def test_port_is_what_the_server_wrote_down() -> None:
    """Line four of its pid file; where that cannot be read the environment tells, or nobody."""
    one = service("official", "db", environment={"PGDATA": "/data"})
    said = {"/data/postmaster.pid": "1\n/data\n1700000000\n6543\n/var/run/postgresql\n*\n"}
    assert 6543 == port_of(one, lambda path: said[path])
    assert 5432 == port_of(one, nothing)
    assert 7000 == port_of(service("official", "db", environment={"PGPORT": "7000"}), nothing)


def test_published_port_is_the_way_and_else_the_containers_address() -> None:
    """Another port than the published one is reached at the container alone."""
    one = service("official", "db")
    assert ("127.0.0.1", 5433) == address_of(one, 5432)
    assert (ADDRESS, 6543) == address_of(one, 6543)
    assert ("127.0.0.1", 5432) == address_of(service("bitnami", "postgresql"), 5432)
    assert ("127.0.0.1", 6543) == address_of(service("plain", "db", mode="host"), 6543)
    assert address_of(service("plain", "db", address=""), 5432) is None


@pytest.mark.parametrize("picked", ["", "0"])
def test_port_that_docker_picked_is_no_way(picked: str) -> None:
    """It is another one after the restart that is to be watched."""
    one = service("official", "db")
    one.container["HostConfig"]["PortBindings"]["5432/tcp"][0]["HostPort"] = picked
    assert (ADDRESS, 5432) == address_of(one, 5432)


def test_port_published_elsewhere_is_no_way() -> None:
    """Control: an address of the network's is not loopback."""
    one = service("official", "db")
    one.container["NetworkSettings"]["Ports"]["5432/tcp"][0]["HostIp"] = "192.0.2.7"
    assert (ADDRESS, 5432) == address_of(one, 5432)
    one.container["NetworkSettings"]["Ports"]["5432/tcp"][0]["HostIp"] = "::1"
    assert ("::1", 5433) == address_of(one, 5432)


def test_container_moves_where_a_lower_address_is_free() -> None:
    """With a restart; not where others hold the lower ones, nor where its file fixes it."""
    high = service("plain", "db", address="172.18.0.4")
    others = [service("official", "web", address=f"172.18.0.{last}").container for last in (2, 3)]
    assert not moves(high, "172.18.0.4", [high.container, *others])
    assert moves(high, "172.18.0.4", [high.container, others[0]])
    high.container["NetworkSettings"]["Networks"]["shop_default"]["Gateway"] = ""  # internal
    assert not moves(high, "172.18.0.4", [high.container, *others])
    elsewhere = service("official", "web", mode="other", address="172.18.0.3").container
    assert moves(high, "172.18.0.4", [high.container, others[0], elsewhere])
    high.container["NetworkSettings"]["Networks"]["shop_default"]["IPAMConfig"] = {
        "IPv4Address": "172.18.0.4"
    }
    assert not moves(high, "172.18.0.4", [high.container])


def test_pages_are_what_the_others_publish() -> None:
    """No cache, no port that is not published, nothing of a service that does not run."""
    assert {"http://127.0.0.1:8080/": "web"} == pages_of(project("official"))
    pages = {"http://127.0.0.1:8000/": "web", "https://127.0.0.1:9000/": "web"}
    assert pages == pages_of(project("two"))
    assert {} == pages_of(services_of(config("two"), []))


def test_login_survives_the_way_into_a_url() -> None:
    """Whatever stands in a password."""
    url = url_of(("a@b", "p:/@ %$", "shop?"), ("::1", 5433))
    assert "postgresql://a%40b:p%3A%2F%40%20%25%24@[::1]:5433/shop%3F" == url
    assert "postgresql://app@127.0.0.1:5433/shop" == url_of(
        ("app", "", "shop"), ("127.0.0.1", 5433)
    )

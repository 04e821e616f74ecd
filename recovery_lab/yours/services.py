"""A Compose project's services as data: which is the database, its login, what is published.

All of it is read from what `docker compose config` and `docker inspect` answer: nothing runs here.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_interface
from typing import Any
from urllib.parse import quote

_SERVICE = "com.docker.compose.service"
# A server's own images, by their last name: no pooler's, exporter's, backup's or console's.
IMAGES = (
    "postgres postgresql postgresql-repmgr postgis docker-postgis timescaledb timescaledb-ha "
    "pgvector pgvecto-rs citus paradedb age spilo crunchy-postgres"
).split()
SUPERUSER = IMAGES[0]  # untold, the user is called as the image is
PORT = 5432
# Of each the official image's variable, then Bitnami's, then Red Hat's; NAME_FILE: it is in a file.
USER = ("POSTGRES_USER", "POSTGRESQL_USERNAME", "POSTGRESQL_USER")
PASSWORD = ("POSTGRES_PASSWORD", "POSTGRESQL_PASSWORD")
DATABASE = ("POSTGRES_DB", "POSTGRESQL_DATABASE")
_SERVERS = {*PASSWORD, *(f"{name}_FILE" for name in PASSWORD), "POSTGRES_HOST_AUTH_METHOD"}
_CLIENTS = re.compile(r"PGHOST|DATABASE_URL|(\w+_)?HOST")  # it is told of a server elsewhere
# Published beside a database, and no page: mail, caches, queues and other databases.
_NO_PAGE = {22, 25, 1025, 1433, 2181, 3306, 4222, 5432, 5672, 6379, 6432, 9092, 11211, 27017}
_TLS = {443, 8443}
_NUMBER = re.compile(r"\d+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One service as its file tells it, and its container's own word where one runs."""

    name: str
    image: str
    environment: Mapping[str, str]
    listens: frozenset[int]  # TCP ports that it exposes or publishes
    container: Mapping[str, Any] = field(default_factory=dict)  # as inspected

    @property
    def shown(self) -> str:
        """What it is called on the screen."""
        return f"service {self.name} ({self.image})" if self.image else f"service {self.name}"

    @property
    def names(self) -> set[str]:
        """The words by which a command can mean it."""
        one = self.container
        return {self.name, *({one["Name"].lstrip("/"), one["Id"], one["Id"][:12]} if one else ())}


def services_of(
    config: Mapping[str, Any], containers: Sequence[Mapping[str, Any]]
) -> list[Service]:
    """Return a project's services, also those that run and that the file tells nothing of."""
    told = config.get("services") or {}
    running: dict[str, Mapping[str, Any]] = {}
    for one in containers:
        running.setdefault(one["Config"]["Labels"][_SERVICE], one)
    names = dict.fromkeys([*told, *running])
    return [_service(name, told.get(name) or {}, running.get(name) or {}) for name in names]


def _service(name: str, told: Mapping[str, Any], container: Mapping[str, Any]) -> Service:
    own = container.get("Config") or {}
    environment = {key: str(value or "") for key, value in (told.get("environment") or {}).items()}
    # What it runs with: the file may have changed since, and writes `$` as `$$`.
    environment |= dict(line.split("=", 1) for line in own.get("Env") or [] if "=" in line)
    ports = [str(one.get("target")) for one in told.get("ports") or []]
    ports += [*(told.get("expose") or []), *(own.get("ExposedPorts") or {})]
    return Service(
        name=name,
        image=told.get("image") or own.get("Image") or "",
        environment=environment,
        listens=frozenset(int(found[0]) for found in map(_NUMBER.match, map(str, ports)) if found),
        container=container,
    )


def databases(services: Sequence[Service]) -> list[Service]:
    """Return what may be the PostgreSQL server: by image, else by port, else by environment."""
    for holds in (_by_image, _by_port, _by_environment):
        if found := [one for one in services if holds(one)]:
            return found
    return []


def _by_image(one: Service) -> bool:
    last = one.image.partition("@")[0].rpartition("/")[2].partition(":")[0]
    return re.sub(r"-\d.*", "", last) in IMAGES  # as in postgresql-16-c9s


def _by_port(one: Service) -> bool:
    return PORT in one.listens and not _is_client(one)


def _by_environment(one: Service) -> bool:
    return bool(_SERVERS & one.environment.keys()) and not _is_client(one)


def _is_client(one: Service) -> bool:
    return any(_CLIENTS.fullmatch(name) for name in one.environment)


def login_of(one: Service, content: Callable[[str], str]) -> tuple[str, str, str]:
    """Return user, password and database; `content` reads a file of the container's."""
    told = one.environment

    def value(names: Sequence[str]) -> str:
        found = (told.get(name) or _of_file(told.get(f"{name}_FILE"), content) for name in names)
        return next(filter(None, found), "")

    user = value(USER) or SUPERUSER
    # The official image makes a database of the user's name, Bitnami's leaves it at the first one.
    others = any(name.startswith(("POSTGRESQL_", "BITNAMI_")) for name in told)
    return user, value(PASSWORD), value(DATABASE) or (SUPERUSER if others else user)


def _of_file(path: str | None, content: Callable[[str], str]) -> str:
    return content(path).rstrip("\n") if path else ""


def port_of(one: Service, content: Callable[[str], str]) -> int:
    """Return the port that the server listens on, as it wrote it down itself, else as told."""
    folder, told = one.environment.get("PGDATA"), one.environment
    lines = content(f"{folder}/postmaster.pid").splitlines() if folder else []
    words = [*lines[3:4], told.get("PGPORT", ""), told.get("POSTGRESQL_PORT_NUMBER", "")]
    return next((int(word) for word in words if word.strip().isdigit()), PORT)


def address_of(one: Service, port: int) -> tuple[str, int] | None:
    """Return where a container's port is reached: published on loopback, else its own address."""
    key, host = f"{port}/tcp", one.container["HostConfig"]
    if host.get("NetworkMode") == "host":
        return "127.0.0.1", port
    asked = (host.get("PortBindings") or {}).get(key) or []
    # One that Docker picked is another after a restart.
    if any(bound.get("HostPort") not in ("", "0", None) for bound in asked) and (
        published := next(_published(one, key), None)
    ):
        return published
    networks = one.container["NetworkSettings"].get("Networks") or {}
    own = [network["IPAddress"] for network in networks.values() if network.get("IPAddress")]
    return (own[0], port) if own else None


def moves(one: Service, address: str, running: Sequence[Mapping[str, Any]]) -> bool:
    """Tell whether a restart would move a container: Docker gives it the lowest free address."""
    own, networks = ip_address(address), one.container["NetworkSettings"]["Networks"]
    for name, way in networks.items():
        if way.get("IPAddress") == address and not (way.get("IPAMConfig") or {}).get("IPv4Address"):
            first = int(ip_interface(f"{address}/{way['IPPrefixLen']}").network.network_address)
            others = [each["NetworkSettings"]["Networks"].get(name) or {} for each in running]
            told = [way.get("Gateway"), *(other.get("IPAddress") for other in others)]
            # An internal network does not tell its gateway, which is the first all the same.
            held = {first + 1, *(int(ip_address(each)) for each in told if each)}
            return len([each for each in held if each < int(own)]) < int(own) - first - 1
    return False


def _published(one: Service, key: str) -> Iterator[tuple[str, int]]:
    """Yield where a port of a container is published, on loopback."""
    for bound in (one.container["NetworkSettings"].get("Ports") or {}).get(key) or []:
        address = ip_address(bound.get("HostIp") or "0.0.0.0")  # noqa: S104 # as Docker tells it
        if address.is_unspecified or address.is_loopback:
            host = "127.0.0.1" if address.is_unspecified else str(address)
            yield host, int(bound["HostPort"])


def pages_of(services: Sequence[Service]) -> dict[str, str]:
    """Return the URLs of what services publish that may be pages, each with its service's name."""
    found: dict[str, str] = {}
    for one in services:
        for key in (one.container.get("NetworkSettings") or {}).get("Ports") or {}:
            port, _, protocol = key.partition("/")
            if protocol == "tcp" and int(port) not in _NO_PAGE:
                scheme = "https" if int(port) in _TLS else "http"
                for host, at in _published(one, key):
                    found.setdefault(f"{scheme}://{_bracketed(host)}:{at}/", one.name)
    return found


def url_of(login: tuple[str, str, str], address: tuple[str, int]) -> str:
    """Return a login as a URL of libpq's."""
    user, password, name = (quote(part, safe="") for part in login)
    secret = f":{password}" if password else ""
    return f"postgresql://{user}{secret}@{_bracketed(address[0])}:{address[1]}/{name}"


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host

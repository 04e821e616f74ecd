"""The system under test, read from one declared file (target.toml), and what it makes judgeable.

A target is made of capabilities: `compose` and `database` are needed, every other table is one
that may be there. A rule whose capability is missing is not judged, by name.
"""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import msgspec

from recovery_lab.errors import BadInputError

Port = Annotated[int, msgspec.Meta(ge=1, le=65535)]
Seconds = Annotated[float, msgspec.Meta(gt=0)]
PASSWORD_MOUNT = "/run/secrets/database_password"  # noqa: S105 # a path, in a container


class Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of every table of the file."""


class Compose(Table, frozen=True, kw_only=True):
    """The Compose files (relative to the target file) and the network its clients share."""

    files: list[str]
    network: str


class Database(Table, frozen=True, kw_only=True):
    """The service that the faults interrupt, and how a client logs in to it.

    The password stands in a file, or in a variable that Compose gets for the stack as well.
    """

    service: str
    host: str
    port: Port
    name: str
    user: str
    password_file: str = ""
    password_env: str = ""
    interface: str = "eth0"

    def __post_init__(self) -> None:
        if bool(self.password_file) == bool(self.password_env):
            raise ValueError("one of `password_file` and `password_env` is needed")


class Application(Table, frozen=True, kw_only=True):
    """The service that must come back, and what a good live read of it looks like."""

    service: str
    url: str
    published_port: Port
    read_path: str
    read_must_have: list[str] = []
    deadline_s: Seconds | None = None  # each read is answered by then, as the application promises
    driver_line: str = ""


class Health(Table, frozen=True, kw_only=True):
    """The application's own word on its database, and its liveness route."""

    path: str
    live_path: str = ""
    server_key: str = "server"  # of the answer, under which it tells of the database's server
    interval_s: Seconds = 1.0
    deadline_s: Seconds = 1.0


class Pool(Table, frozen=True, kw_only=True):
    """How the application's pooled sessions call themselves; the health route tells their count."""

    application_name: str


class ServerLog(Table, frozen=True, kw_only=True):
    """The server's log format; `at` is ISO 8601, in UTC where it names no zone."""

    line: str

    def __post_init__(self) -> None:
        try:
            groups = re.compile(self.line).groupindex
        except re.error as error:
            raise ValueError(f"`line` is no regular expression: {error}") from None
        if missing := [n for n in ("at", "pid", "severity", "message") if n not in groups]:
            raise ValueError(f"`line` has no group named {', '.join(missing)}")


class Traits(Table, frozen=True, kw_only=True):
    """What a contender does, from which its role follows where none is written down."""

    pools: bool = False  # has a pool of its own: plays the idle job too
    pings: bool = False  # asks a pooled session before it hands it out
    monitored: bool = False  # something beside it clears the pool
    reconnects: bool = True  # comes back with a new session after one is lost
    deadline_s: Seconds | None = None  # ends each read by this, declared
    workers: Annotated[int, msgspec.Meta(ge=1)] = 4


class Contenders(Table, frozen=True, kw_only=True):
    """The target's own contenders: a factory `module:function`, and the image it lives in."""

    image: str
    factory: str
    entries: dict[str, Traits]

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[\w.]+:\w+", self.factory):
            raise ValueError(f"`factory` is {self.factory!r}; expected module:function")


class Private(Table, frozen=True, kw_only=True):
    """How a second stack is started beside the user's: every variable is set."""

    port_variable: str
    policy_variable: str = ""
    environment: dict[str, str] = {}

    def __post_init__(self) -> None:
        if self.policy_variable and self.policy_variable not in self.environment:
            raise ValueError(f"`environment` does not set {self.policy_variable}")


class Target(Table, frozen=True, kw_only=True):
    """One declared system under test."""

    compose: Compose
    database: Database
    application: Application | None = None
    health: Health | None = None
    pool: Pool | None = None
    server_log: ServerLog | None = None
    contenders: Contenders | None = None
    private: Private | None = None
    roles: dict[str, str] = {}  # "fault/contender/job": "subject", "reference" or "control: RULE"
    root: Path = Path()

    def __post_init__(self) -> None:
        """Refuse tables that need another one, and roles that are none."""
        if self.health and not self.application:
            raise ValueError("[health] needs [application], whose url it is asked at")
        if self.pool and not self.health:
            raise ValueError("[pool] needs [health], whose route tells the pool's count")
        for where, role in self.roles.items():
            if not re.fullmatch(r"[^/]+/[^/]+/(steady|idle)", where):
                raise ValueError(f"[roles] {where!r}: expected fault/contender/steady or …/idle")
            if not re.fullmatch(r"subject|reference|control: .+", role):
                raise ValueError(
                    f"[roles] {where!r} is {role!r}; expected subject, reference or control: RULE"
                )

    @property
    def capabilities(self) -> frozenset[str]:
        """Return the names of what a rule may need and this target declares."""
        declared = {
            "application": self.application,
            "health": self.health,
            "liveness": self.health and self.health.live_path,
            "pool": self.pool,
            "server log": self.server_log,
            "contenders": self.contenders,
        }
        return frozenset(name for name, there in declared.items() if there)

    @property
    def password_path(self) -> Path | None:
        """The login's password file, absolute; None where a variable holds the password."""
        file = self.database.password_file
        return self.root / file if file else None

    @property
    def password_mounts(self) -> list[str]:
        """The mounts that a program in a container needs to log in (`login`)."""
        return [f"{self.password_path}:{PASSWORD_MOUNT}:ro"] if self.password_path else []

    def login(self, environment: Mapping[str, str]) -> dict[str, str | int]:
        """Return how a program in a container logs in; `environment` is what Compose gets.

        Raises BadInputError naming the variable that should hold the password.
        """
        database = self.database
        way: dict[str, str | int] = {
            "host": database.host,
            "port": database.port,
            "name": database.name,
            "user": database.user,
        }
        if database.password_file:
            return {**way, "password_file": PASSWORD_MOUNT}
        if (password := environment.get(database.password_env)) is None:
            raise BadInputError(
                f"{database.password_env} is not set; it holds the login's password"
            )
        return {**way, "password": password}


def load_target(path: Path) -> Target:
    """Read a target file.

    Raises BadInputError naming the file and the field when it is missing or malformed.
    """
    try:
        target = msgspec.toml.decode(path.read_bytes(), type=Target)
    except FileNotFoundError:
        raise BadInputError(
            f"{path}: no such target file; run this in the repository's root, or name another file"
        ) from None
    except OSError as error:
        raise BadInputError(f"{path}: {error.strerror}; name a target file") from None
    except (msgspec.ValidationError, msgspec.DecodeError) as error:
        raise BadInputError(
            f"{path}: {error}; docs/configuration.md tells the fields of a target file"
        ) from error
    return msgspec.structs.replace(target, root=path.resolve().parent)


def limit_s(environ: Mapping[str, str] = os.environ) -> float:
    """Return the window's limit in seconds: LAB_LIMIT_S, by default the plan's two minutes."""
    text = environ.get("LAB_LIMIT_S") or "120"
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value <= 3600:
        raise BadInputError(
            f"LAB_LIMIT_S={text!r}: expected seconds over 0 and at most 3600; unset it for 120"
        )
    return value

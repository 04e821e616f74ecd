"""The system under test, read from one declared file (target.toml), and what it makes judgeable."""

import os
import re
from collections.abc import Mapping
from contextlib import suppress
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
    """The service that the faults interrupt, and how a client logs in to it."""

    service: str
    host: str
    port: Port
    name: str
    user: str
    password_file: str = ""
    password_env: str = ""  # the variable that holds it, also for Compose
    interface: str = "eth+"  # as packet rules name it; one that is connected anew gets a new name

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
    fresh: bool = False  # opens a session for each read, and holds none
    resolves: bool = True  # looks the name up for each session; else it keeps its first address
    silent_s: Seconds | None = None  # waits so long on a silent session, then takes another
    deadline_s: Seconds | None = None  # ends each read by this, declared
    workers: Annotated[int, msgspec.Meta(ge=1)] = 4


class Contenders(Table, frozen=True, kw_only=True):
    """The target's own contenders: a factory `module:function`, and the image it lives in."""

    image: str
    factory: str
    entries: dict[str, Traits]
    when_asked: dict[str, Traits] = {}  # in no outage that does not name them

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[\w.]+:\w+", self.factory):
            raise ValueError(f"`factory` is {self.factory!r}; expected module:function")


class Private(Table, frozen=True, kw_only=True):
    """How a second stack is started beside the user's: every variable is set."""

    port_variable: str
    policy_variable: str = ""
    environment: dict[str, str] = {}
    before_up: list[str] = []  # words of one Compose command, before its first start

    def __post_init__(self) -> None:
        if self.policy_variable and self.policy_variable not in self.environment:
            raise ValueError(f"`environment` does not set {self.policy_variable}")


class Target(Table, frozen=True, kw_only=True):
    """One declared system under test; each table that may be there is a capability."""

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
        if self.health and not self.application:
            raise ValueError("[health] needs [application], whose url it is asked at")
        if self.pool and not self.health:
            raise ValueError("[pool] needs [health], whose route tells the pool's count")
        for where, role in self.roles.items():
            if not re.fullmatch(r"[^/]+/[^/]+/(steady|idle)", where):
                raise ValueError(f"[roles] {where!r}: expected fault/contender/steady or …/idle")
            if not re.fullmatch(r"subject|reference|control: .+", role):
                expected = "expected subject, reference or control: RULE"
                raise ValueError(f"[roles] {where!r} is {role!r}; {expected}")

    @property
    def capabilities(self) -> frozenset[str]:
        """What a rule may need and this target declares, by name."""
        tables = ("application", "health", "pool", "server_log", "contenders")
        found = {name.replace("_", " ") for name in tables if getattr(self, name)}
        if self.health and self.health.live_path:
            found.add("liveness")
        return frozenset(found)

    @property
    def password_mounts(self) -> list[str]:
        """The mounts that a program in a container needs to log in (`login`)."""
        file = self.database.password_file
        return [f"{self.root / file}:{PASSWORD_MOUNT}:ro"] if file else []

    def login(self, environment: Mapping[str, str]) -> dict[str, str | int]:
        """Return how a program in a container logs in; BadInputError: its variable is not set."""
        one, variable = self.database, self.database.password_env
        way = {name: getattr(one, name) for name in ("host", "port", "name", "user")}
        if one.password_file:
            return {**way, "password_file": PASSWORD_MOUNT}
        if variable not in environment:
            raise BadInputError(f"{variable} is not set; it holds the login's password")
        return {**way, "password": environment[variable]}


def load_target(path: Path) -> Target:
    """Read a target file; raises BadInputError naming the file and the field that is wrong."""
    try:
        target = msgspec.toml.decode(path.read_bytes(), type=Target)
    except FileNotFoundError:
        told = "no such target file; run this in the repository's root, or name another file"
        raise BadInputError(f"{path}: {told}") from None
    except OSError as error:
        raise BadInputError(f"{path}: {error.strerror}; name a target file") from None
    except (msgspec.ValidationError, msgspec.DecodeError) as error:
        told = "docs/configuration.md tells the fields of a target file"
        raise BadInputError(f"{path}: {error}; {told}") from error
    return msgspec.structs.replace(target, root=path.resolve().parent)


def limit_s(environ: Mapping[str, str] = os.environ) -> float:
    """Return the window's limit in seconds: LAB_LIMIT_S, by default the plan's two minutes."""
    text = environ.get("LAB_LIMIT_S") or "120"
    with suppress(ValueError):
        if 0 < float(text) <= 3600:
            return float(text)
    told = "expected seconds over 0 and at most 3600; unset it for 120"
    raise BadInputError(f"LAB_LIMIT_S={text!r}: {told}")

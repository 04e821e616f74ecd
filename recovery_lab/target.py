"""The system under test, read from one declared file (target.toml), and what it makes judgeable."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from recovery_lab.errors import BadInputError

Port = Annotated[int, msgspec.Meta(ge=1, le=65535)]
Seconds = Annotated[float, msgspec.Meta(gt=0)]
# Paths in a container.
PASSWORD_MOUNT = "/run/secrets/database_password"  # noqa: S105
ADMIN_MOUNT = "/run/secrets/admin_password"
_TABLE = r"[^\W\d][\w$]*(\.[^\W\d][\w$]*)?"
CERTIFICATE_MOUNT = "/run/secrets/database_certificate"
SslMode = Literal["", "disable", "allow", "prefer", "require", "verify-ca", "verify-full"]


class Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of every table of the file."""


class Compose(Table, frozen=True, kw_only=True):
    """The Compose files (relative to the target file) and the network its clients share."""

    files: list[str]
    network: str


class Role(Table, frozen=True, kw_only=True):
    """A role of the database, and where its password stands."""

    user: str
    password_file: str = ""
    password_env: str = ""  # the variable that holds it, also for Compose

    def __post_init__(self) -> None:
        if bool(self.password_file) == bool(self.password_env):
            raise ValueError("one of `password_file` and `password_env` is needed")


class Database(Role, frozen=True, kw_only=True):
    """The service that the faults interrupt, and how a client logs in to it."""

    service: str
    host: str
    port: Port
    name: str
    table: str = ""  # read by all that reads
    sslmode: SslMode = ""  # libpq's own where it is empty
    sslrootcert: str = ""  # of the authority that vouches for the server
    interface: str = "eth+"  # as packet rules name it; one that is connected anew gets a new name
    admin: Role | None = None  # of the faults that need one

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.table and not re.fullmatch(_TABLE, self.table):
            told = "expected a table's name, or schema.name, of letters, digits, _ and $"
            raise ValueError(f"`table` is {self.table!r}; {told}")
        if self.sslmode.startswith("verify") and not self.sslrootcert:
            raise ValueError(f"`sslmode` is {self.sslmode!r}: `sslrootcert` is needed")


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
    fresh: bool = False  # can give its sessions up between two reads: plays the fresh job too
    decides: bool = True  # else it is only shown: a reference in every outage
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
            if not re.fullmatch(r"[^/]+/[^/]+/[^/]+", where):
                raise ValueError(f"[roles] {where!r}: expected fault/contender/job")
            if not re.fullmatch(r"subject|reference|control: .+", role):
                expected = "expected subject, reference or control: RULE"
                raise ValueError(f"[roles] {where!r} is {role!r}; {expected}")

    @property
    def capabilities(self) -> frozenset[str]:
        """What a rule or a fault may need and this target declares, by name."""
        tables = ("application", "health", "pool", "server_log", "contenders")
        found = {name.replace("_", " ") for name in tables if getattr(self, name)}
        if self.health and self.health.live_path:
            found.add("liveness")
        found |= {"table"} if self.database.table else set()
        found |= {"admin login"} if self.database.admin else set()
        return frozenset(found)

    @property
    def work(self) -> str:
        """The condition, always true, by which each read touches the target's table."""
        # An empty table is read as well.
        table = self.quoted_table
        return f"EXISTS (SELECT FROM {table}) IS NOT NULL" if table else "true"

    @property
    def quoted_table(self) -> str:
        """The table as a statement names it; empty where there is none."""
        return re.sub(r"[^.]+", r'"\g<0>"', self.database.table)

    @property
    def login_files(self) -> dict[str, Path]:
        """Each declared file that a login needs, by its path in a container (`login`)."""
        one, admin = self.database, self.database.admin
        files = {
            PASSWORD_MOUNT: one.password_file,
            ADMIN_MOUNT: admin.password_file if admin else "",
            CERTIFICATE_MOUNT: one.sslrootcert,
        }
        return {inside: self.root / file for inside, file in files.items() if file}

    def login(self, environment: Mapping[str, str]) -> dict[str, str | int]:
        """Return how a program in a container logs in; BadInputError: its variable is not set."""
        return self._login(self.database, PASSWORD_MOUNT, environment)

    def admin_login(self, environment: Mapping[str, str]) -> dict[str, str | int] | None:
        """Return the same of the admin, where one is declared."""
        admin = self.database.admin
        return self._login(admin, ADMIN_MOUNT, environment) if admin else None

    def _login(
        self, role: Role, mount: str, environment: Mapping[str, str]
    ) -> dict[str, str | int]:
        where = {name: getattr(self.database, name) for name in ("host", "port", "name")}
        way = {**where, "user": role.user}
        if self.database.sslmode:
            way["sslmode"] = self.database.sslmode
        if self.database.sslrootcert:
            way["sslrootcert"] = CERTIFICATE_MOUNT
        if role.password_file:
            return {**way, "password_file": mount}
        if role.password_env not in environment:
            told = f"it holds the password of the login {role.user!r}"
            raise BadInputError(f"{role.password_env} is not set; {told}")
        return {**way, "password": environment[role.password_env]}


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

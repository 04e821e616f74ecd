"""The system under test, read from one declared file (target.toml)."""

import os
from collections.abc import Mapping
from pathlib import Path

import msgspec

from recovery_lab.errors import BadInputError


class Compose(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The Compose files (relative to the target file) and the network its clients share."""

    files: list[str]
    network: str


class Database(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The service that is taken away, and how a client logs in to it."""

    service: str
    host: str
    port: int
    name: str
    user: str
    password_file: str


class Dashboard(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The service that must come back, its probes, and what a good answer looks like."""

    service: str
    url: str
    published_port: int
    health_path: str
    read_path: str
    read_must_have: list[str]
    pool_application: str
    driver_line: str


class Observer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The image the observer runs in."""

    image: str


class Faults(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The image of the helper that drops packets: Python and iptables; and what it cuts."""

    image: str
    interface: str


class Private(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a second stack is started beside the user's: every variable is set."""

    port_variable: str
    policy_variable: str
    environment: dict[str, str]


class Target(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One declared system under test."""

    compose: Compose
    database: Database
    dashboard: Dashboard
    observer: Observer
    faults: Faults
    private: Private
    root: Path = Path()

    @property
    def password_path(self) -> Path:
        """The reader's password file, absolute."""
        return self.root / self.database.password_file


def load_target(path: Path) -> Target:
    """Read a target file.

    Raises BadInputError naming the file and the field when it is missing or malformed.
    """
    try:
        target = msgspec.toml.decode(path.read_bytes(), type=Target)
    except FileNotFoundError:
        raise BadInputError(
            f"{path}: no such target file; run this in the repository's root"
        ) from None
    except (msgspec.ValidationError, msgspec.DecodeError) as error:
        raise BadInputError(f"{path}: {error}") from error
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

"""What a run's figures stand on: the commit, the images, the host and its versions."""

import os
import platform
import subprocess
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from recovery_lab import docker

_LIBRARIES = ("sqlalchemy", "psycopg2-binary", "streamlit", "msgspec", "pytest")


def stood_on(where: docker.Stack) -> dict[str, Any]:
    """Return what figures stand on: the commit, the images, the host and its versions."""
    return {
        "commit": commit(where.target.root),
        "images": _images(where),
        "host": {**host(), **_docker()},
        "versions": versions(),
    }


def commit(root: Path) -> str:
    """Return the checkout's commit, with a `+` where uncommitted changes are there; empty: none."""
    words = ["git", "-C", str(root), "describe", "--always", "--abbrev=12", "--dirty=+"]
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=10.0, check=True)
    except (OSError, subprocess.SubprocessError):
        return ""  # no git, or a download without it
    return done.stdout.strip()


def _images(where: docker.Stack) -> dict[str, str]:
    """Return each image by its id: a tag may be built anew under a run."""
    target, told = where.target, {}
    for table in (target.database, target.application):
        if table:
            one = docker.container(where, table.service)
            told[table.service] = f"{one['Config']['Image']} {one['Image']}"
    helpers = [docker.INSTRUMENT, *([target.contenders.image] if target.contenders else [])]
    ids = docker.run("image", "inspect", "--format", "{{.Id}}", *helpers).split()
    return told | dict(zip(helpers, ids, strict=True))


def own(target: str) -> dict[str, Any]:
    """Return the same of a run of one's own engine or URL: no checkout, no image, no setting."""
    kept: dict[str, Any] = {"commit": "", "images": {}, "settings": {}, "target": target}
    return {**kept, "host": host(), "versions": versions()}


def host() -> dict[str, str]:
    """Return what a run's figures stand on, of this machine."""
    return {
        "processors": str(os.cpu_count()),
        "kernel": platform.release(),
        "system": platform.system(),
    }


def _docker() -> dict[str, str]:
    engine = "Engine {{.Server.Version}} ({{.Server.Os}}/{{.Server.Arch}})"
    return {
        "docker": docker.run("version", "--format", engine).strip(),
        "compose": docker.run("compose", "version", "--short").strip(),
    }


def versions() -> dict[str, str]:
    """Return the libraries that a run stands on, as far as they are installed."""
    found = {}
    for name in _LIBRARIES:
        with suppress(PackageNotFoundError):
            found[name] = version(name)
    return found

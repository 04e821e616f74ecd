"""What stands under a Compose project's name on this daemon, and how much data it holds."""

import json
import re
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path

COMPOSE, LAB = "com.docker.compose.project", "recovery-lab"
IMAGES = ("recovery-lab/postgres:17-standin", "postgres:17-trixie")
LIMIT_S = 30.0
NOWHERE = "a folder that is not known"  # of containers whose label names none


class StoppedError(Exception):
    """What is wrong, and a line for each remedy."""


class Data(Enum):
    """Whose the volume `<project>_data` is, by its label."""

    NONE = "there is none"
    LABS = "the lab's, of whichever folder"
    FOREIGN = "another program's"


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What stands under a name: its containers' folders, the mark's folder, data, networks."""

    name: str
    folders: frozenset[Path]
    mark: Path | None
    data: Data
    networks: bool

    @property
    def empty(self) -> bool:
        """Nothing stands there that tells whose it is."""
        return not self.folders and self.mark is None and self.data is Data.NONE


def docker(*words: str) -> str:
    """Return what a command prints; a volume that is not there is no trouble."""
    done = subprocess.run(
        ["docker", *words], capture_output=True, text=True, check=False, timeout=LIMIT_S
    )
    if done.returncode and "no such volume" not in done.stderr.lower():
        raise StoppedError(f"docker {' '.join(words[:2])}: {done.stderr.strip()}", "make doctor")
    return done.stdout


def kept(folder: Path, name: str) -> str:
    """Return a setting of a folder's .env, as Compose reads it; empty without one."""
    try:
        text = (folder / ".env").read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return ""
    found = re.findall(rf"^\s*(?:export )?{name}=(.*)$", text, re.MULTILINE)
    return re.sub(r"\s#.*", "", found[-1]).strip().strip("'\"") if found else ""


def look(name: str) -> Standing:
    """Ask the daemon what stands under a name."""
    label = f'{{{{ .Label "{COMPOSE}.working_dir" }}}}'
    of_project = ("--filter", f"label={COMPOSE}={name}")
    containers = docker("ps", "--all", *of_project, "--format", label)
    networks = docker("network", "ls", *of_project, "--quiet")
    text = docker("volume", "inspect", f"{name}_owner", f"{name}_data") or "[]"
    labels = {volume["Name"]: volume.get("Labels") or {} for volume in json.loads(text)}
    mark = labels.get(f"{name}_owner", {}).get(f"{LAB}.folder")
    data = labels.get(f"{name}_data")
    labelled = Data.LABS if data and data.get(LAB) == "1" else Data.FOREIGN
    return Standing(
        name=name,
        folders=frozenset(Path(line or NOWHERE) for line in containers.splitlines()),
        mark=Path(mark) if mark else None,
        data=Data.NONE if data is None else labelled,
        networks=bool(networks.strip()),
    )


def put_mark(name: str, folder: Path) -> None:
    """Write on the daemon whose a project is."""
    docker("volume", "rm", "--force", f"{name}_owner")
    labels = ("--label", f"{LAB}=1", "--label", f"{LAB}.folder={folder}")
    docker("volume", "create", *labels, f"{name}_owner")


def measured(name: str) -> tuple[str, datetime | None]:
    """Return how much data a project holds, and since when where there is an image to look with.

    The daemon's own date of a volume moves with each start of the server, and its own figure of
    the size takes half a minute.
    """
    image = next(filter(_is_there, (kept(Path.cwd(), "POSTGRES_IMAGE"), *IMAGES)), None)
    if image is None:
        return "of unknown size", None
    isolated = "--rm --pull=never --network=none --read-only --user=0 --cap-drop=ALL".split()
    isolated += ["--cap-add=DAC_READ_SEARCH", f"--volume={name}_data:/data:ro", "--entrypoint=sh"]
    told = docker("run", *isolated, image, "-c", "du -sm /data; stat -c %Y /data/PG_VERSION || :")
    found = re.match(r"(\d+)\s+/data\s*(\d*)", told)
    if found is None:
        return "of unknown size", None
    return f"{found[1]} MB", datetime.fromtimestamp(int(found[2]), UTC) if found[2] else None


def describe(name: str) -> str:
    """Return what a project's data is, in the words of who would remove it or cannot use it."""
    size, made_at = measured(name)
    since = f", made {made_at:%Y-%m-%d %H:%M} UTC" if made_at else ""
    return f"volume {name}_data ({size}{since})"


def _is_there(image: str) -> bool:
    words = ["docker", "image", "inspect", image]
    done = subprocess.run(words, capture_output=True, check=False, timeout=LIMIT_S)
    return bool(image) and not done.returncode

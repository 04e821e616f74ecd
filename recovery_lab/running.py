"""A run while it goes on: its folder, what is left of it, and what it stands on."""

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from recovery_lab import docker
from recovery_lab.asked import Asked, outages
from recovery_lab.files import write_whole
from recovery_lab.runs import ROOT, OutageInfo, RunInfo, find_run, point_latest, read_outage, save
from recovery_lab.stack import Stack

GUESS_S = 30.0  # an outage's length before the first is known
_LIBRARIES = ("sqlalchemy", "psycopg2-binary", "streamlit", "msgspec", "pytest")


class Running:
    """One run's folder and its progress."""

    def __init__(self, folder: Path, stack: Stack, planned: Sequence[OutageInfo]) -> None:
        self.folder = folder
        self.stack = stack
        self._total = sum(not self.has(info) for info in planned)
        self._took: list[float] = []
        self._begun = 0
        self._since = time.monotonic()

    def has(self, info: OutageInfo) -> bool:
        """Tell whether an outage was recorded to its end in the run that is resumed."""
        folder = self.folder / "outages" / info.name
        if not (folder / "outage.json").exists():
            return False
        return read_outage(folder)[0].complete

    def begin(self) -> None:
        """Take down that another outage begins."""
        self._begun += 1
        self._since = time.monotonic()

    def end(self) -> None:
        """Take down how long it took."""
        self._took.append(time.monotonic() - self._since)

    def progress(self) -> str:
        """Return which outage this is, and about how long the run still takes."""
        each_s = sum(self._took) / len(self._took) if self._took else GUESS_S
        left_s = each_s * (self._total - self._begun + 1) - (time.monotonic() - self._since)
        return f"{self._begun} of {self._total}, about {max(0.0, left_s):.0f} s left"


def begin_run(root: Path, stack: Stack, asked: Asked) -> Running:
    """Make the folder of a run, or take up that of the run to resume."""
    planned = list(outages(asked))
    names = [info.name for info in planned]
    folder = find_run(asked.resume) if asked.resume else _new_folder(root, stack, asked, names)
    point_latest(folder)
    return Running(folder, stack, planned)


def _new_folder(root: Path, stack: Stack, asked: Asked, planned: list[str]) -> Path:
    began = datetime.now(UTC)
    name = "-".join(asked.faults) + ("-solo" if asked.solo else "")
    folder = root / ROOT / f"{began:%Y-%m-%dT%H%M%SZ}-{name}"
    info = RunInfo(
        name=name,
        began=f"{began:%Y-%m-%dT%H:%M:%SZ}",
        faults=list(asked.faults),
        policies=list(asked.policies),
        repeats=asked.repeats,
        hold_s=asked.hold_s,
        solo=asked.solo,
        seed=asked.seed,
        limit_s=asked.limit_s,
        versions=_versions(stack),
        settings=dict(stack.target.private.environment),
        planned=planned,
    )
    save(folder / "run.json", info)
    write_whole(folder / "compose.yml", docker.compose(stack.target, "config").encode())
    return folder


def _versions(stack: Stack) -> dict[str, str]:
    images = {
        service: docker.container(stack.target, service)["Config"]["Image"]
        + " "
        + docker.container(stack.target, service)["Image"][:19]
        for service in (stack.target.database.service, stack.target.dashboard.service)
    }
    return {
        "docker": docker.describe_version(),
        "compose": docker.run("compose", "version", "--short").strip(),
        **{f"image {service}": image for service, image in images.items()},
        **{name: version(name) for name in _LIBRARIES if _has(name)},
    }


def _has(name: str) -> bool:
    try:
        version(name)
    except ModuleNotFoundError:
        return False
    return True

"""The run folder: what a run of the matrix leaves behind, and how it is read again.

.lab/runs/<utc>-<name>/   run.json, compose.yml, verdict.json, report.md, timelines/
    outages/<fault>-<repeat>[-<contender>]/   outage.json, history.jsonl.gz, server.log
    late/<the same>.<n>/   outages that were played again, their recorder late; not judged
"""

import gzip
from collections.abc import Iterator
from pathlib import Path

import msgspec

from recovery_lab.errors import BadInputError
from recovery_lab.files import write_whole
from recovery_lab.record.history import AnyRecord, read_history

ROOT = Path(".lab/runs")
LATEST = "latest"
LATE = "late"


class OutageInfo(msgspec.Struct, frozen=True, kw_only=True):
    """One outage: what was planned, and, once it is over, what the runner has to say.

    `complete` is false until the outage was recorded to its end; `trouble` is why it could not be.
    """

    fault: str
    cuts: str
    repeat: int
    contenders: list[str]
    reads_per_s: float
    hold_s: float
    seed: int
    limit_s: float
    solo: str = ""
    complete: bool = False
    trouble: str = ""

    @property
    def name(self) -> str:
        """The name of its folder and of its timeline."""
        return "-".join(word for word in (self.fault, str(self.repeat), self.solo) if word)


class RunInfo(msgspec.Struct, frozen=True, kw_only=True):
    """One run: what was asked for, its outages by name, the seed, the versions, the settings."""

    name: str
    began: str
    faults: list[str]
    policies: list[str]
    repeats: int
    hold_s: float | None
    solo: bool
    seed: int
    limit_s: float
    versions: dict[str, str]
    settings: dict[str, str]
    planned: list[str] = []


def save(path: Path, value: msgspec.Struct) -> None:
    """Write a struct as JSON for people and programs."""
    write_whole(path, msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n")


def read_run(folder: Path) -> RunInfo:
    """Read what a run was; raises BadInputError where the folder is none."""
    try:
        return msgspec.json.decode((folder / "run.json").read_bytes(), type=RunInfo)
    except FileNotFoundError:
        raise BadInputError(f"{folder}: no run here; see: recovery-lab list") from None
    except (msgspec.ValidationError, msgspec.DecodeError) as error:
        raise BadInputError(f"{folder}/run.json: {error}") from error


def read_outage(folder: Path) -> tuple[OutageInfo, list[AnyRecord]]:
    """Read one outage's folder; a runner that was killed has left a history to be read."""
    info = msgspec.json.decode((folder / "outage.json").read_bytes(), type=OutageInfo)
    for name in ("history.jsonl.gz", "history.jsonl"):
        if (folder / name).exists():
            return info, read_history(folder / name)
    return info, []


def outage_folders(run: Path) -> list[Path]:
    """Return a run's outages in the order of their names, repeats by number."""
    found = [path.parent for path in run.glob("outages/*/outage.json")]
    return sorted(found, key=lambda path: [_natural(word) for word in path.name.split("-")])


def set_aside(folder: Path) -> None:
    """Move an outage's folder out of what is judged, into the run's `late/`; nothing is lost."""
    late = folder.parent.parent / LATE
    late.mkdir(exist_ok=True)
    count = len(list(late.glob(f"{folder.name}.*")))
    folder.rename(late / f"{folder.name}.{count + 1}")


def find_run(word: str) -> Path:
    """Return the folder of a run by its path, its name or `latest`."""
    for folder in (Path(word), ROOT / word):
        if (folder / "run.json").exists():
            return folder.resolve()
    raise BadInputError(f"no run {word!r}; see: recovery-lab list")


def all_runs() -> Iterator[Path]:
    """Yield every run's folder, oldest first."""
    for path in sorted(ROOT.glob("*/run.json")):
        if path.parent.name != LATEST:
            yield path.parent


def point_latest(run: Path) -> None:
    """Let `latest` mean this run."""
    link, fresh = ROOT / LATEST, ROOT / f".{LATEST}"
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(run.name)
    fresh.replace(link)


def compress_history(folder: Path) -> None:
    """Compress a closed history; the plain one stays until the compressed one is whole."""
    plain = folder / "history.jsonl"
    # No time and no name inside: the same history gives the same bytes.
    write_whole(folder / "history.jsonl.gz", gzip.compress(plain.read_bytes(), mtime=0))
    plain.unlink()


def _natural(word: str) -> tuple[int, str]:
    return (int(word), "") if word.isdigit() else (0, word)

"""The run folder: what a run leaves behind, and how it is read again.

.lab/runs/<utc>-<name>/   run.json, compose.yml, verdict.json, corpus.json, timelines/
    report.md, report.html, summary.md, junit.xml   the same for people and for a CI
    outages/<fault>-<repeat>[-<contender>]/   outage.json, history.jsonl.gz, *.log
    late/<the same>.<n>/   outages that were played again, their recorder late; not judged
"""

import gzip
from pathlib import Path
from typing import TypeVar

import msgspec

from recovery_lab.errors import BadInputError
from recovery_lab.files import write_whole
from recovery_lab.outage import OutageInfo
from recovery_lab.record.history import History
from recovery_lab.record.recorder import read_history

ROOT = Path(".lab/runs")
LATE = "late"  # outages that were played again
SHAPE = 2  # of what a run's folder holds; an older one is refused by name
T = TypeVar("T")


class RunInfo(msgspec.Struct, frozen=True, kw_only=True):
    """One run: what was asked for, its outages as planned, and what it stood on."""

    shape: int  # of the folder
    name: str
    began: str
    seed: int
    planned: list[OutageInfo]
    target: str
    twin: str  # the contender that it doubles
    commit: str  # ends in `+` where uncommitted changes were there
    images: dict[str, str]  # ids, since a tag may be built anew
    host: dict[str, str]
    versions: dict[str, str]
    settings: dict[str, str]
    left_out: dict[str, str] = {}  # faults that the target cannot have, with what it lacks


def save(path: Path, value: msgspec.Struct) -> None:
    """Write a struct as JSON for people and programs."""
    write_whole(path, msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n")


def read(path: Path, kind: type[T]) -> T:
    """Read a struct's JSON; BadInputError: it is not there, torn, or of another version."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except FileNotFoundError:
        raise BadInputError(f"{path}: not there; see: recovery-lab list") from None
    except (msgspec.ValidationError, msgspec.DecodeError) as error:
        raise BadInputError(f"{path}: torn, or of another version: {error}") from error


def read_run(folder: Path) -> RunInfo:
    """Read what a run was; raises BadInputError where it is none, torn, or of an older shape."""
    path = folder / "run.json"
    shape = read(path, dict[str, object]).get("shape", 1)  # the first had none
    if shape != SHAPE:
        told = f"a run of shape {shape}, this version reads shape {SHAPE}"
        raise BadInputError(f"{folder}: {told}; its report.md can still be read")
    return read(path, RunInfo)


def read_outage(folder: Path) -> tuple[OutageInfo, History]:
    """Read one outage's folder; a runner that was killed has left a history to be read."""
    info = read(folder / "outage.json", OutageInfo)
    for name in ("history.jsonl.gz", "history.jsonl"):
        if (folder / name).exists():
            return info, read_history(folder / name)
    return info, History()


def set_aside(folder: Path) -> None:
    """Move an outage's folder out of what is judged, into the run's `late/`; nothing is lost."""
    late = folder.parent.parent / LATE
    late.mkdir(exist_ok=True)
    count = len(list(late.glob(f"{folder.name}.*")))
    folder.rename(late / f"{folder.name}.{count + 1}")


def played_again(run: Path) -> list[str]:
    """Return the names of what was set aside, in order."""
    return sorted(path.name for path in run.glob(f"{LATE}/*"))


def find_run(word: str) -> Path:
    """Return the folder of a run by its path, its name or `latest`."""
    for folder in (Path(word), ROOT / word):
        if (folder / "run.json").exists():
            return folder.resolve()
    raise BadInputError(f"no run {word!r}; see: recovery-lab list")


def all_runs() -> list[Path]:
    """Return every run's folder, oldest first."""
    found = (path.parent for path in sorted(ROOT.glob("*/run.json")))
    return [folder for folder in found if not folder.is_symlink()]  # latest


def point_latest(run: Path) -> None:
    """Let `latest` mean this run."""
    link, fresh = run.parent / "latest", run.parent / ".latest"
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(run.name)
    fresh.replace(link)


def compress_history(folder: Path) -> None:
    """Compress a closed history; the plain one stays until the compressed one is whole."""
    plain = folder / "history.jsonl"
    # No time and no name inside: the same history gives the same bytes.
    write_whole(folder / "history.jsonl.gz", gzip.compress(plain.read_bytes(), mtime=0))
    plain.unlink()

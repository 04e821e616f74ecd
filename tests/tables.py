"""The tables that documents repeat from code and from recorded runs: each stands between marks.

`python -m tests.tables` writes them anew: what stands between `<!-- table: NAME -->` and
`<!-- end -->`. NAME is one of `TABLES`, or `RUN: TABLE`: a folder of docs/runs/ and a table of
recovery_lab/report/figures.py.
"""

from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from recovery_lab.contenders.registry import CANARY, entries
from recovery_lab.folder import read_run
from recovery_lab.judge.verdict import RunVerdict
from recovery_lab.report import figures, tables
from recovery_lab.target import load_target

ROOT = Path(__file__).parents[1]
RUNS = ROOT / "docs/runs"


def contenders() -> tables.Jobs:
    """Return the contenders of this repository's own target."""
    known = entries(load_target(ROOT / "target.toml"))
    return {name: (entry.traits, entry.jobs) for name, entry in known.items()}


def playing() -> tables.Jobs:
    """Return those that can decide an outage: not the canary, which is shown."""
    return {name: one for name, one in contenders().items() if name != CANARY}


TABLES: Mapping[str, Callable[[], str]] = {
    "contenders": lambda: tables.contenders(contenders()),
    "faults": lambda: tables.faults(playing()),
    "rules": tables.rules,
    "thresholds": tables.bounds,
}


def made(name: str, runs: Path = RUNS) -> str:
    """Return a table by its name."""
    run, colon, which = name.partition(": ")
    if not colon:
        return TABLES[name]()
    verdict = msgspec.json.decode((runs / run / "verdict.json").read_bytes(), type=RunVerdict)
    return figures.TABLES[which](read_run(runs / run), verdict)


def documents() -> list[Path]:
    """Return the documents that may hold such tables."""
    return sorted([*ROOT.glob("docs/*.md"), ROOT / "README.md", ROOT / "README.ko.md"])


if __name__ == "__main__":
    for page in documents():
        page.write_text(tables.rewritten(page.read_text(), made))

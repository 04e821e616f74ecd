"""The page of a run as one HTML file: it opens from disk, asks nobody for anything, is bounded."""

from base64 import b64encode
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import partial
from hashlib import sha256
from math import ceil
from pathlib import Path
from typing import NamedTuple

import msgspec
from markupsafe import Markup, escape

from recovery_lab.errors import BadInputError
from recovery_lab.files import write_whole
from recovery_lab.folder import RunInfo, played_again, read_run
from recovery_lab.judge.differences import outages_bound
from recovery_lab.judge.rules import RULES
from recovery_lab.judge.thresholds import THRESHOLDS
from recovery_lab.judge.verdict import RunVerdict
from recovery_lab.outage import JOBS
from recovery_lab.report import overview
from recovery_lab.report.figures import CONNECTIONS, COSTS
from recovery_lab.report.korean import KOREAN
from recovery_lab.report.lanes import Axis, Lanes, axis, drawn, read_lanes, strip
from recovery_lab.report.markdown import template
from recovery_lab.report.overview import State
from recovery_lab.report.repeat import command, menders
from recovery_lab.report.rows import Key, Met, Row, counting, measured, rows_of
from recovery_lab.report.words import OUTCOMES, cells_of

LIMIT = 1_000_000  # bytes
# Tried in turn until the page fits: columns of good reads, and the share of outages in detail.
LEVELS = (
    *((columns, 1.0) for columns in (1000, 500, 250, 125, 60, 0)),
    *((0, share) for share in (0.5, 0.2, 0.05, 0.0)),
)
# Colour is never the only sign.
ICONS = {
    "passed": "✓",
    "failed": "×",  # noqa: RUF001 # what looks more like a cross many fonts do not have
    "inconclusive": "?",
    "control broke": "◆",
    "late": "!",
    "reference": "○",
    "not met": "-",
}


class Group(NamedTuple):
    """A contender's job under a fault, as the page shows it."""

    id: str
    key: Key
    row: Row  # of the outages that count
    met: Met
    state: State

    @property
    def lags(self) -> list[float | None]:
        """Its recovery lags, shortest first."""
        return overview.lags_of(self.row)


def write(run: Path, verdict: RunVerdict) -> Path:
    """Write a judged run's report.html, and return its path; BadInputError as `page` has it."""
    text = page(read_run(run), verdict, read_lanes(run, verdict), played_again(run))
    write_whole(run / "report.html", text.encode())
    return run / "report.html"


def page(info: RunInfo, verdict: RunVerdict, lanes: Lanes, again: Sequence[str] = ()) -> str:
    """Return the page; BadInputError where it is too large though no outage stands in detail."""
    groups, made = _groups(verdict), template("run.html")
    faults = dict.fromkeys(one.key[0] for one in groups)
    heard = {one.id: _heard(one, lanes) for one in groups}
    words = _words(info, verdict, groups) | {"lanes": lanes, "heard": heard, "again": again}
    axes = {fault: _axis_of(fault, groups, lanes) for fault in faults}
    for columns, share in LEVELS:
        kept = overview.worst_first(verdict)[: ceil(share * len(verdict.outages))]
        shown = {"kept": {one.name for one in kept}, "axes": axes, "columns": columns}
        pieces = made.generate(words, **shown, drawn=partial(drawn, columns=columns))
        if text := _bounded(pieces):
            return text
    raise BadInputError(f"{info.name}: its page does not fit into {LIMIT} bytes; read report.md")


def _bounded(pieces: Iterable[str]) -> str:
    """Return a text, or none as soon as it is too large."""
    kept, size = [], 0
    for piece in pieces:
        kept.append(piece)
        size += len(piece.encode())
        if size > LIMIT:
            return ""
    return "".join(kept)


def said(english: str, **values: object) -> Markup:
    """Return a text in both languages, of which the page shows one; values are escaped."""
    texts = (("en", english), ("ko", KOREAN[english]))
    return Markup("").join(
        Markup("<span lang={}>{}</span>").format(language, escape(text).format(**values))
        for language, text in texts
    )


def _groups(verdict: RunVerdict) -> list[Group]:
    rows = zip(rows_of(verdict), counting(verdict, "figures.after_ready.bad"), strict=True)
    return [
        Group(f"c{number}", row[:3], counted, row.met, overview.state(row.met))
        for number, (row, counted) in enumerate(rows, start=1)
    ]


def _axis_of(fault: str, groups: Sequence[Group], lanes: Lanes) -> Axis:
    """Return the time axis that all cells of a fault share."""
    met = [one for group in groups if group.key[0] == fault for one in group.met]
    cells = [(outage.name, cell.contender, cell.job) for outage, cell in met]
    return axis(at for cell in cells if cell in lanes for at in lanes[cell].dues)


def _heard(group: Group, lanes: Lanes) -> Counter[str]:
    """Return what the reads that failed or hung said, and how often."""
    cells = [(outage.name, cell.contender, cell.job) for outage, cell in group.met]
    return sum((lanes[cell].said for cell in cells if cell in lanes), Counter())


def _words(info: RunInfo, verdict: RunVerdict, groups: Sequence[Group]) -> dict[str, object]:
    """Return what the template is filled with, but for what depends on the page's size."""
    script = (Path(__file__).parent / "templates/run.js").read_text()
    cells = {group.key: group.met for group in groups}
    counted = [group for group in groups if group.row.cells]
    reading = [group for group in counted if group.key[2] != "idle"]
    unhurt = [len(g.row.cells) for g in counted if not any(g.row.bad_after_ready)]
    return {
        "t": said,
        "jobs": JOBS,
        "script": Markup(script),  # noqa: S704 # our own
        "digest": b64encode(sha256(script.encode()).digest()).decode(),
        "icons": ICONS,
        "outcomes": OUTCOMES,
        "info": info,
        "verdict": verdict,
        "head": overview.head(verdict),
        "waived": sorted({rule for outage in verdict.outages for rule in outage.info.waived}),
        "margins": list(overview.margins(verdict)),
        "groups": groups,
        "broken": [_broken(info, group, cells) for group in groups if overview.why(group.met)],
        "lags": {
            where: (axis([0.0, *_known(own)], step=0.01), own)
            for where in dict.fromkeys(group.row.where for group in reading)
            if (own := [group for group in reading if group.row.where == where])
        },
        "connections": cells_of(measured(verdict, solo=False), CONNECTIONS),
        "costs": cells_of(measured(verdict, solo=True), COSTS),
        "strip": strip,
        "middle": overview.middle,
        "doubts": overview.doubts(verdict),
        "unjudged": overview.unjudged(verdict),
        "unhurt": sorted(set(unhurt)),
        "bound": outages_bound,
        "state": overview.state,
        "rules": list(RULES.values()),
        "thresholds": msgspec.structs.asdict(THRESHOLDS),
    }


def _known(groups: Sequence[Group]) -> list[float]:
    return [lag_s for group in groups for lag_s in group.lags if lag_s is not None]


def _broken(info: RunInfo, group: Group, cells: dict[Key, Met]) -> dict[str, object]:
    """Return what is said of a cell that broke its rule, or is in doubt."""
    outage, cell = group.met[0]
    return {
        "group": group,
        "why": overview.why(group.met),
        "command": command(info, outage.info, cell.contender, cell.job),
        "mended": menders(cells, group.key),
    }

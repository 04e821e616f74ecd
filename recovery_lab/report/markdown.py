"""The page of a run, whatever its plan: for a ticket or a CI summary."""

from collections.abc import Sequence
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from recovery_lab.files import write_whole
from recovery_lab.folder import LATE, RunInfo, read_run
from recovery_lab.judge.thresholds import THRESHOLDS
from recovery_lab.judge.verdict import RunVerdict, reasons
from recovery_lab.report import figures
from recovery_lab.report.words import not_judged


def write(run: Path, verdict: RunVerdict) -> str:
    """Write a judged run's report.md; return the page."""
    text = page(read_run(run), verdict, again=sorted(path.name for path in run.glob(f"{LATE}/*")))
    write_whole(run / "report.md", text.encode())
    return text


def page(info: RunInfo, verdict: RunVerdict, again: Sequence[str] = ()) -> str:
    """Return the page; `again` names the outages that were played again."""
    environment = Environment(
        loader=PackageLoader("recovery_lab.report", "templates"),
        undefined=StrictUndefined,  # a name that it does not find is an error, never a gap
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,  # noqa: S701 - Markdown, not HTML
    )
    cells = [(outage, cell) for outage in verdict.outages for cell in outage.cells]
    unjudged = {f"{c.contender} {c.job}: {not_judged(c)}" for _, c in cells if c.not_judged}
    return environment.get_template("run.md").render(
        info=info,
        verdict=verdict,
        tables={name: make(info, verdict) for name, make in figures.TABLES.items()},
        solo=any(outage.info.solo for outage in verdict.outages),
        again=again,
        cells=cells,
        reasons=reasons,
        not_judged=sorted(unjudged),
        watched=figures.watched(verdict),
        thresholds=THRESHOLDS,
    )

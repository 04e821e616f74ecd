"""The page of a run, whatever its plan: for a ticket or a CI summary."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from recovery_lab.files import write_whole
from recovery_lab.folder import LATE, RunInfo, read_run
from recovery_lab.judge.thresholds import THRESHOLDS
from recovery_lab.judge.verdict import OutageVerdict, RunVerdict
from recovery_lab.report import figures
from recovery_lab.report.words import not_judged, why


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
    return environment.get_template("run.md").render(
        info=info,
        verdict=verdict,
        tables={name: make(info, verdict) for name, make in figures.TABLES.items()},
        solo=any(outage.solo for outage in verdict.outages),
        again=again,
        not_passed=list(_not_passed(verdict.outages)),
        not_judged=sorted(set(_not_judged(verdict.outages))),
        watched=[outage for outage in verdict.outages if outage.fault == "command"],
        thresholds=THRESHOLDS,
    )


def _not_passed(outages: Sequence[OutageVerdict]) -> Iterator[str]:
    for outage in outages:
        for cell in outage.cells:
            if cell.deciding and cell.verdict != "passed":
                yield f"{outage.name} {cell.contender} {cell.job}: {cell.verdict}: {why(cell)}"


def _not_judged(outages: Sequence[OutageVerdict]) -> Iterator[str]:
    for outage in outages:
        for cell in outage.cells:
            if said := not_judged(cell):
                yield f"{cell.contender} {cell.job}: {said}"

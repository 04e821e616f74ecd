"""The page of a run, whatever its plan, for a ticket; and the same in short, for a CI's summary."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from textwrap import shorten

from jinja2 import Environment, PackageLoader, StrictUndefined, Template, select_autoescape

from recovery_lab.files import write_whole
from recovery_lab.folder import RunInfo, played_again, read_run
from recovery_lab.judge.thresholds import THRESHOLDS
from recovery_lab.judge.verdict import RunVerdict, reasons
from recovery_lab.report import figures
from recovery_lab.report.terminal import verdict_lines
from recovery_lab.report.words import not_judged

LIMIT = 64_000  # bytes of a summary; with its last line under 64 KB
LONGEST = 1_000  # characters of a line in it
IN_SHORT = {"Verdicts": "matrix", "After the server was ready": "after ready"}  # its tables


def write(run: Path, verdict: RunVerdict) -> str:
    """Write a judged run's report.md and summary.md; return the page."""
    info = read_run(run)
    text = page(info, verdict, again=played_again(run))
    write_whole(run / "report.md", text.encode())
    write_whole(run / "summary.md", summary(info, verdict).encode())
    return text


def template(name: str) -> Template:
    """Return a template of this package; one for HTML escapes whatever it is given."""
    environment = Environment(
        loader=PackageLoader("recovery_lab.report", "templates"),
        undefined=StrictUndefined,  # a name that it does not find is an error, never a gap
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=select_autoescape(("html",)),
    )
    return environment.get_template(name)


def page(info: RunInfo, verdict: RunVerdict, again: Sequence[str] = ()) -> str:
    """Return the page; `again` names the outages that were played again."""
    cells = [(outage, cell) for outage in verdict.outages for cell in outage.cells]
    unjudged = {
        f"{c.contender} {c.job}: {not_judged(c.not_judged)}" for _, c in cells if c.not_judged
    }
    return template("run.md").render(
        info=info,
        verdict=verdict,
        tables={name: make(info, verdict) for name, make in figures.TABLES.items()},
        solo=any(outage.info.solo for outage in verdict.outages),
        measured=any(outage.beside for outage in verdict.outages),
        again=again,
        cells=cells,
        reasons=reasons,
        not_judged=sorted(unjudged),
        watched=figures.watched(verdict),
        thresholds=THRESHOLDS,
    )


def summary(info: RunInfo, verdict: RunVerdict) -> str:
    """Return the page in short: the verdict, what is not passed, all verdicts, the figures."""
    *bad, last = verdict_lines(verdict)
    text, cut = f"# {info.name}, {info.began}\n\n**{last}**\n", 0
    for row in (*_listed(bad), *_tabled(info, verdict)):
        # What comes first counts most: from the first row that is cut on all are.
        if cut or len((text + row).encode()) > LIMIT:
            cut += 1
        else:
            text += row
    return text + f"\n{cut} rows are cut here; report.md has all.\n" * bool(cut)


def _listed(bad: Sequence[str]) -> Iterator[str]:
    for index, line in enumerate(bad):
        head = "" if index else "\n## Not passed\n\n"
        yield f"{head}- {shorten(line, LONGEST, placeholder=' …')}\n"


def _tabled(info: RunInfo, verdict: RunVerdict) -> Iterator[str]:
    """Yield the rows of its tables, the first of each with the table's head."""
    for title, name in IN_SHORT.items():
        heads, line, *rows = figures.TABLES[name](info, verdict).splitlines()
        for index, row in enumerate(rows):
            yield f"{row}\n" if index else f"\n## {title}\n\n{heads}\n{line}\n{row}\n"

"""The report on a run: the matrix as Markdown for a ticket, and a timeline of each outage."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from statistics import median

import msgspec

from recovery_lab.files import write_whole
from recovery_lab.judge.cell import Cell
from recovery_lab.judge.thresholds import THRESHOLDS
from recovery_lab.judge.verdict import OutageVerdict, RunVerdict, write_verdict
from recovery_lab.report.page import render
from recovery_lab.report.timeline import write_timeline
from recovery_lab.runs import LATE, outage_folders, read_outage, read_run

EVIDENCE, INDICATIVE = 5, 3  # repeats from which a difference is claimed, or only indicated


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One cell over all repeats of a run, as shown."""

    fault: str
    contender: str
    job: str
    role: str
    verdicts: str
    errors: str
    bound: str
    hung: str
    lag: str
    late: bool


def write(run: Path) -> str:
    """Judge a run, write its report.md and timelines/, and return the page."""
    verdict = write_verdict(run)
    for folder, outage in zip(outage_folders(run), verdict.outages, strict=True):
        write_timeline(run / "timelines" / f"{outage.name}.svg", outage, read_outage(folder)[1])
    text = markdown(run, verdict)
    write_whole(run / "report.md", text.encode())
    return text


def markdown(run: Path, verdict: RunVerdict) -> str:
    """Return the page for a ticket or a CI summary."""
    info = read_run(run)
    versions = {**info.versions, "PostgreSQL": _server_version(verdict.outages)}
    return render(
        "matrix.md",
        info=info,
        versions=versions,
        verdict=verdict,
        rows=list(rows(verdict.outages)),
        solo_rows=list(solo_rows(verdict.outages)) if info.solo else [],
        doubts=list(_doubts(verdict.outages)),
        again=sorted(folder.name for folder in run.glob(f"{LATE}/*")),
        how_sure=how_sure(repeats_of(verdict.outages)),
        thresholds=THRESHOLDS,
    )


def repeats_of(outages: Sequence[OutageVerdict]) -> int:
    """Return how many repeats the least recorded outage has: a run may have broken off."""
    recorded = [(o.fault, o.solo) for o in outages if o.end_s is not None]
    return min((recorded.count(which) for which in set(recorded)), default=0)


def how_sure(repeats: int) -> str:
    """Return what may be claimed from this many repeats."""
    if repeats >= EVIDENCE:
        return f"{repeats} repeats; ranges that overlap are not distinguishable"
    if repeats >= INDICATIVE:
        return f"{repeats} repeats: indicative"
    return f"{repeats} of the {EVIDENCE} repeats that a claimed difference needs"


def rows(outages: Sequence[OutageVerdict]) -> Iterator[Row]:
    """Yield each cell over its repeats."""
    for (fault, contender, job), cells in _grouped(outages).items():
        errors = [cell.figures.errors_after_ready for cell in cells]
        asked = sum(cell.figures.operations_after_ready for cell in cells)
        yield Row(
            fault=fault,
            contender=contender,
            job=job,
            role=cells[0].role,
            verdicts=_counted(cell.label for cell in cells),
            errors=", ".join(map(str, errors)),
            bound=f"0 of {asked}, below {3 / asked:.1e}" if asked and not any(errors) else "",
            hung=str(sum(cell.figures.hung for cell in cells)),
            # An idle pool is asked late on purpose: it has no lag.
            lag=_seconds(c.figures.recovery_lag_s for c in cells) if job == "steady" else "n/a",
            late=any(cell.late for cell in cells),
        )


def solo_rows(outages: Sequence[OutageVerdict]) -> Iterator[dict[str, str]]:
    """Yield the latencies and lags of solo outages: the only ones that may be quoted."""
    for (fault, contender, job), cells in _grouped(outages).items():
        if job != "steady" or contender not in {outage.solo for outage in outages}:
            continue
        known = [cell.figures for cell in cells if cell.verdict != "inconclusive"]
        yield {
            "fault": fault,
            "contender": contender,
            "count": f"{len(known)} of {len(cells)}",
            "lag": _milliseconds([one.recovery_lag_s for one in known], "never"),
            "gap": _milliseconds(one.gap_s for one in known),
            "detection": _milliseconds(one.detection_s for one in known),
            "p50": _milliseconds(one.baseline.p50_s for one in known),
            "p99": _milliseconds(one.baseline.p99_s for one in known),
            "after": _milliseconds(one.after.p99_s for one in known),
            "errors": _counted(str(one.errors_in_outage) for one in known),
        }


def _grouped(outages: Sequence[OutageVerdict]) -> dict[tuple[str, str, str], list[Cell]]:
    found: dict[tuple[str, str, str], list[Cell]] = {}
    for outage in outages:
        for cell in outage.cells:
            found.setdefault((outage.fault, cell.contender, cell.job), []).append(cell)
    return found


def _doubts(outages: Sequence[OutageVerdict]) -> Iterator[str]:
    for outage in outages:
        for reason in [*outage.doubts, *outage.server_failed]:
            yield f"{outage.name}: {reason}"
        for cell in outage.cells:
            if cell.verdict != "passed" and cell.role != "reference":
                yield f"{outage.name} {cell.contender} {cell.job}: {'; '.join(cell.reasons)}"


def _server_version(outages: Sequence[OutageVerdict]) -> str:
    return next((o.server_version for o in outages if o.server_version), "unknown")


def _counted(words: Iterable[str]) -> str:
    listed = list(words)
    distinct = dict.fromkeys(listed)
    return ", ".join(f"{word} ({listed.count(word)})" for word in distinct)


def _seconds(values: Iterable[float | None]) -> str:
    listed = list(values)
    known = [value for value in listed if value is not None]
    never = len(listed) - len(known)
    text = f"{median(known):.3f} / {max(known):.3f}" if known else ""
    return text + (f"{' · ' if text else ''}never ({never})" if never else "")


def _milliseconds(values: Iterable[float | None], absent: str = "") -> str:
    """Return median and worst; where an absence counts, how many there are."""
    listed = list(values)
    known = [value * 1000 for value in listed if value is not None]
    text = f"{median(known):.1f} / {max(known):.1f}" if known else "-"
    never = len(listed) - len(known)
    return f"{text} · {absent} ({never})" if absent and never else text

"""A run as JUnit XML, for whatever shows test results: a suite an outage, a test case a cell."""

import re
from collections.abc import Iterable, Iterator
from functools import partial
from io import BytesIO
from operator import attrgetter
from pathlib import Path

from junitparser import Error, Failure, Skipped
from junitparser.xunit2 import JUnitXml, TestCase, TestSuite

from recovery_lab.files import write_whole
from recovery_lab.folder import RunInfo, read_run
from recovery_lab.judge.verdict import Cell, OutageVerdict, RunVerdict, reasons
from recovery_lab.report.words import OUTCOMES

# By a property's name; what never came, and a wait without end, is left out.
FIGURES = {
    "recovery_lag_s": "recovery_lag_s",
    "longest_wait_s": "waits_in_outage.longest_s",
    "gap_s": "gap_s",
    "bad_after_ready": "after_ready.bad",
    "due": "reads.due",
    **{outcome: f"reads.{outcome}" for outcome in OUTCOMES},
}
IDLE = {
    "first_reads": "first_reads.due",
    "first_reads_bad": "first_reads.bad",
    "first_wait_s": "first_wait_s",
}
# What XML 1.0 cannot hold, not even escaped; a driver's message may.
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write(run: Path, verdict: RunVerdict) -> None:
    """Write a judged run's junit.xml."""
    write_whole(run / "junit.xml", document(read_run(run), verdict))


def document(info: RunInfo, verdict: RunVerdict) -> bytes:
    """Return the document; nothing in it is red only if the run is passed."""
    suites = JUnitXml(info.name)
    suites.extend(
        _suite(outage.name, map(partial(_case, outage), outage.cells)) for outage in verdict.outages
    )
    if beside := list(_beside(verdict)):
        suites.append(_suite("run", beside))
    suites.update_statistics()
    content = BytesIO()
    suites.write(content)
    return content.getvalue()


def _suite(name: str, cases: Iterable[TestCase]) -> TestSuite:
    suite = TestSuite(name)
    suite.extend(cases)
    return suite


def _case(outage: OutageVerdict, cell: Cell) -> TestCase:
    """Return a cell's test case: a reference decides nothing, so it is skipped, never green."""
    case = TestCase(f"{cell.contender} {cell.job}", ".".join(outage.info.words))
    said = {"role": cell.role, "must_break": cell.breaks, "verdict": cell.label}
    which = FIGURES | IDLE if cell.job == "idle" else FIGURES
    seen = {name: attrgetter(path)(cell.figures) for name, path in which.items()}
    for name, value in (said | seen).items():
        if value not in ("", None):
            case.add_property(name, str(value))
    why = _xml("\n".join(reasons(cell)))
    if not cell.deciding:
        case.append(Skipped(cell.label))
    elif cell.verdict == "failed":
        case.append(Failure(why, cell.failures[0].rule))
    elif cell.verdict == "inconclusive":
        case.append(Error(why, cell.verdict))
    return case


def _beside(verdict: RunVerdict) -> Iterator[TestCase]:
    """Yield an error for what keeps a run from being passed and is no deciding cell's."""
    for name in verdict.missing:
        yield _error(name, "planned, never begun")
    for outage in verdict.outages:
        if outage.doubts and not any(cell.deciding for cell in outage.cells):
            yield _error(outage.name, "; ".join(doubt.said for doubt in outage.doubts))
    if not any(verdict.cells.values()):
        yield _error("verdict", "no cell decided anything")


def _error(name: str, said: str) -> TestCase:
    case = TestCase(name, "run")
    case.append(Error(_xml(said), "inconclusive"))
    return case


def _xml(text: str) -> str:
    return _NO_XML.sub("\N{REPLACEMENT CHARACTER}", text)

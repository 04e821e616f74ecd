"""A run as JUnit XML: what is red there is what keeps the run from being passed."""

from pathlib import Path

import msgspec
import pytest
from junitparser import Error, Failure, Skipped
from junitparser.xunit2 import JUnitXml, TestCase

from recovery_lab.folder import read_run
from recovery_lab.judge.doubt import Doubt
from recovery_lab.judge.verdict import OutageVerdict, RunVerdict, judge_run
from recovery_lab.report import junit
from tests.unit.recovery_lab.report.played import Played, keep
from tests.unit.recovery_lab.test_folder import INFO

RUNS = Path(__file__).parents[4] / "docs/runs"
PASSED = Played(repeat=1).judged()
FAILED = Played(repeat=2, recovered_s=99.0, limit_s=5.0).judged()
UNSURE = Played(repeat=3, end_s=2.0).judged()
CONTROL = Played(repeat=4, job="idle", part="control: first reads", first_failed=2).judged()
TWIN = Played(repeat=5, contender="twin", fault="restart", solo="twin").judged()
NO_TWIN = Played(repeat=6, contender="twin", fault="restart", solo="twin", end_s=2.0).judged()


def recorded(name: str) -> RunVerdict:
    """Return the verdict of a committed run."""
    return msgspec.json.decode((RUNS / name / "verdict.json").read_bytes(), type=RunVerdict)


def judged(*outages: OutageVerdict, missing: str = "") -> RunVerdict:
    """Return the verdict of a run of some outages."""
    return judge_run(outages, [*(one.name for one in outages), *missing.split()])


def read_back(verdict: RunVerdict) -> JUnitXml:
    """Return the document as whoever shows it reads it."""
    return JUnitXml.fromstring(junit.document(INFO, verdict))


def cases(verdict: RunVerdict) -> dict[str, TestCase]:
    """Return each test case by its whole name."""
    return {f"{one.classname} {one.name}": one for suite in read_back(verdict) for one in suite}


def counts(read: JUnitXml) -> dict[str, int]:
    """Return a document's totals, by the words that a verdict has for them."""
    skipped = sum(suite.skipped for suite in read)
    passed = read.tests - read.failures - read.errors - skipped
    told = {"passed": passed, "failed": read.failures, "inconclusive": read.errors}
    return told | {"references": skipped}


@pytest.mark.parametrize(
    "verdict",
    [
        judged(PASSED, FAILED, UNSURE, CONTROL, TWIN),
        judged(CONTROL),
        *(recorded(path.name) for path in RUNS.iterdir() if path.is_dir()),
    ],
)
def test_totals_are_the_verdicts(verdict: RunVerdict) -> None:
    """Read back by the library, whatever the run."""
    assert verdict.cells | {"references": verdict.references} == counts(read_back(verdict))


@pytest.mark.parametrize(
    ("verdict", "red"),
    [
        (judged(PASSED, CONTROL, TWIN), 0),
        (judged(PASSED, FAILED), 1),
        (judged(PASSED, UNSURE), 1),
        (judged(PASSED, missing="command-9"), 1),
        (judged(PASSED, NO_TWIN), 1),
        (judged(TWIN), 1),
        (judged(), 1),
        (judged(missing="command-9"), 2),
    ],
)
def test_nothing_is_red_only_where_the_run_is_passed(verdict: RunVerdict, red: int) -> None:
    """An outage that is missing or in doubt, or a run that decided nothing, is no green."""
    read = read_back(verdict)
    assert red == read.failures + read.errors
    assert (verdict.verdict == "passed") == (red == 0)


def test_failed_cell_tells_the_rule_and_what_was_said() -> None:
    """As the report has it."""
    (result,) = cases(judged(FAILED))["command.2 dashboard steady"].result
    assert isinstance(result, Failure)
    assert "recovers" == result.type
    assert result.message.startswith("recovers: no recovery, censored 8.4 s after ready")


def test_cell_in_doubt_is_an_error_with_its_doubts() -> None:
    """One to a line."""
    (result,) = cases(judged(UNSURE))["command.3 dashboard steady"].result
    assert isinstance(result, Error)
    assert [f"in doubt: {one.said}" for one in UNSURE.cells[0].doubts] == result.message.split("\n")


def test_control_that_broke_its_rule_passes_and_says_so() -> None:
    """It did what it must."""
    case = cases(judged(CONTROL))["command.4 dashboard idle"]
    said = {one.name: one.value for one in case.properties()}
    assert [] == case.result
    assert "first reads" == said["must_break"]
    assert "control failed, as it must" == said["verdict"]
    assert ("5", "2") == (said["first_reads"], said["first_reads_bad"])


def test_reference_is_skipped_not_green() -> None:
    """It decides nothing; one that met nothing is named so."""
    (result,) = cases(judged(TWIN))["restart.5.twin twin steady"].result
    assert (Skipped, "reference") == (type(result), result.message)


def test_what_stands_beside_the_cells_is_named() -> None:
    """By the outage, with the reason."""
    found = cases(judged(NO_TWIN, missing="command-9"))
    said = {name: one.result[0].message for name, one in found.items() if name.startswith("run ")}
    assert "planned, never begun" == said["run command-9"]
    assert NO_TWIN.doubts[0].said in said["run restart-6-twin"]
    assert "no cell decided anything" == said["run verdict"]


def test_figures_are_properties_by_name() -> None:
    """What never came is left out."""
    said, late = (
        {one.name: one.value for one in cases(judged(outage))[name].properties()}
        for outage, name in (
            (PASSED, "command.1 dashboard steady"),
            (FAILED, "command.2 dashboard steady"),
        )
    )
    seen = PASSED.cells[0].figures
    assert str(seen.recovery_lag_s) == said["recovery_lag_s"]
    assert str(seen.reads.due) == said["due"]
    assert str(seen.waits_in_outage.longest_s) == said["longest_wait_s"]
    assert "first_reads" not in said
    assert "recovery_lag_s" not in late


def test_message_that_no_xml_can_hold_is_still_told() -> None:
    """A driver's control characters are replaced; Korean, signs and line ends stay."""
    said = '\x00lost\x1b[31m \ufffe\x7f <연결> & "끊김"\t\n'
    doubts = [Doubt(kind="unsure", said=said)]
    cell = msgspec.structs.replace(UNSURE.cells[0], doubts=doubts)
    (result,) = cases(judged(msgspec.structs.replace(UNSURE, cells=[cell])))[
        "command.3 dashboard steady"
    ].result
    assert 'in doubt: �lost�[31m �\x7f <연결> & "끊김"\t\n' == result.message


def test_document_is_kept_in_the_runs_folder(tmp_path: Path) -> None:
    """Whole, with a suite an outage."""
    verdict = keep(tmp_path, [Played(repeat=1), Played(repeat=2)])
    junit.write(tmp_path, verdict)
    read = JUnitXml.fromfile(str(tmp_path / "junit.xml"))
    assert [outage.name for outage in verdict.outages] == [suite.name for suite in read]
    assert read_run(tmp_path).name == read.name

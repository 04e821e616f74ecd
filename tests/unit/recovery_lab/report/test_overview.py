"""What a page says at a glance: never more than was seen."""

import msgspec
import pytest

from recovery_lab.judge.verdict import OutageVerdict, RunVerdict, judge_run
from recovery_lab.report import overview
from recovery_lab.report.overview import State
from tests.unit.recovery_lab.histories import cold
from tests.unit.recovery_lab.report.shared import NEVER, repeated, script


def judged(*names: str, number: int = 1, **changed: object) -> OutageVerdict:
    """Return one outage that some contenders met."""
    return repeated(script(*names, **changed), number)[1]


def recovered(after_s: float, **changed: object) -> OutageVerdict:
    """Return an outage after which adopted reads again so many s after ready."""
    one = script("adopted", "pinned", **changed)
    one.cells[0].recovered_s = 2.0 + after_s
    one.end_s = one.end_s if after_s == NEVER else max(one.end_s, after_s + 9.0)
    return repeated(one, 1)[1]


def run_of(*outages: OutageVerdict) -> RunVerdict:
    """Judge a run of some outages."""
    return judge_run(outages, [one.name for one in outages])


def lying(verdict: RunVerdict) -> RunVerdict:
    """Return a verdict whose file says that all passed."""
    return msgspec.structs.replace(verdict, verdict="passed", cells={"passed": 9})


def test_one_failed_cell_is_enough_for_the_head() -> None:
    """Also where a stored verdict says otherwise: a page is never greener than its cells."""
    failed = run_of(judged("adopted", "pinned"), recovered(NEVER, limit_s=5.0))
    assert "failed" == overview.head(lying(failed))
    doubtful = run_of(judged("adopted", complete=False))
    assert "inconclusive" == overview.head(lying(doubtful))
    assert "passed" == overview.head(run_of(judged("adopted", "pinned")))


def states(outages: list[OutageVerdict]) -> dict[tuple[str, str], State]:
    """Return the state of each contender's job over some outages."""
    cells: dict[tuple[str, str], list] = {}
    for outage in outages:
        for cell in outage.cells:
            cells.setdefault((cell.contender, cell.job), []).append((outage, cell))
    return {key: overview.state(met) for key, met in cells.items()}


def test_cell_is_the_worst_of_its_outages() -> None:
    """With how many of them were so; a control's success is called by its name."""
    outages = [judged("naive", "adopted", "pinned"), recovered(NEVER, limit_s=5.0)]
    found = states(outages)
    assert State("failed", 1, 2) == found["adopted", "steady"]
    assert State("control broke", 2, 2) == found["pinned", "steady"]
    assert State("control broke", 1, 1) == found["naive", "idle"]
    assert State("reference", 1, 1) == found["naive", "steady"]


def test_pass_without_a_control_is_marked() -> None:
    """Nothing broke beside it, so nothing shows that the fault could have hurt."""
    assert State("passed", 1, 1, True) == states([judged("adopted")])["adopted", "steady"]
    assert State("passed", 1, 1) == states([judged("adopted", "pinned")])["adopted", "steady"]


def test_lag_of_every_job_but_the_idle_one_is_a_margin() -> None:
    """The outage's name says which job it was of."""
    info, judged = repeated(cold(recovered_s=3.1, end_s=10.0), 1)
    found = next(overview.margins(run_of(judged)))
    assert ("restart-1-cold", "Live reads") == (info.name, found.what)
    assert ("restart-1-cold adopted", 1.123) == (found.where, pytest.approx(found.worst_s))


def test_fault_that_a_cell_cannot_meet_is_no_reference_to_read() -> None:
    """An idle pool sleeps through a freeze: it is shown apart."""
    assert "not met" == states([judged("adopted", fault="freeze")])["adopted", "idle"].word


@pytest.mark.parametrize(
    ("after_s", "word", "limit_s"),
    [(0.8, "passed", 120.0), (61.0, "late", 120.0), (7.0, "failed", 6.0), (NEVER, "failed", 5.0)],
)
def test_margin_is_that_of_the_worst_outage(after_s: float, word: str, limit_s: float) -> None:
    """What never came back is the worst of all, wherever in the run it was."""
    verdict = run_of(recovered(0.1), recovered(after_s, limit_s=limit_s))
    reads, health = overview.margins(verdict)
    back_s = None if after_s == NEVER else pytest.approx(after_s, abs=0.06)
    assert ("Live reads", word, back_s) == (reads.what, reads.word, reads.worst_s)
    assert "restart-1 adopted" == reads.where
    assert ("System Health", "passed") == (health.what, health.word)


def test_controls_and_references_have_no_margin() -> None:
    """Nobody promised anything for them; idle pools have no lag."""
    verdict = run_of(judged("naive", "pinned", capabilities=["contenders", "server log"]))
    assert [] == list(overview.margins(verdict))


def test_median_counts_what_never_came_back() -> None:
    """It is the longest, and does not drop out."""
    assert 0.5 == overview.middle([0.1, 0.5, None])
    assert overview.middle([0.1, None, None]) is None


def test_doubts_are_told_once_with_their_places() -> None:
    """An outage's own doubt is not repeated for each of its cells."""
    verdict = run_of(judged("adopted", "naive", complete=False))
    assert ["restart-1"] == overview.doubts(verdict)["the outage was not recorded to its end"]


def test_waived_and_unjudged_rules_are_told_by_name() -> None:
    """With whose they are."""
    told = overview.unjudged(run_of(judged("adopted", "pinned", waived=["no relapse"])))
    assert {"waived by the plan, kept (no relapse)": ["adopted steady", "adopted idle"]} == told


def test_bad_outages_come_first_where_not_all_are_shown() -> None:
    """What failed is the last that a small page leaves out."""
    outages = [judged("adopted", "pinned"), recovered(NEVER, limit_s=5.0)]
    assert ["failed", "passed"] == [one.verdict for one in overview.worst_first(run_of(*outages))]

"""A run's page in short: what counts first is cut last."""

import msgspec
import pytest

from recovery_lab.judge.verdict import Failure, OutageVerdict, RunVerdict, judge_run
from recovery_lab.report.markdown import LIMIT, LONGEST, summary
from tests.unit.recovery_lab.report.played import Played
from tests.unit.recovery_lab.test_folder import INFO

PASSED = Played(fault="restart").judged()
FAILED = Played(fault="kill", recovered_s=99.0, limit_s=5.0).judged()
AT_MOST = 64 * 1024


def many(outage: OutageVerdict, count: int, faults: int = 1) -> list[OutageVerdict]:
    """Return an outage again and again, under other names, each of so many faults in turn."""
    return [
        msgspec.structs.replace(
            outage,
            name=f"{outage.name}-{number}",
            info=msgspec.structs.replace(
                outage.info, repeat=number, fault=f"{outage.info.fault}-{number % faults}"
            ),
        )
        for number in range(count)
    ]


def saying(said: str) -> OutageVerdict:
    """Return a failed outage with such a reason."""
    failures = [Failure(rule="recovers", said=said)]
    cell = msgspec.structs.replace(FAILED.cells[0], failures=failures)
    return msgspec.structs.replace(FAILED, cells=[cell])


def of(*outages: OutageVerdict, missing: tuple[str, ...] = ()) -> str:
    """Return the summary of a run."""
    verdict: RunVerdict = judge_run(outages, [*(one.name for one in outages), *missing])
    return summary(INFO, verdict)


def test_summary_has_verdict_what_is_red_matrix_and_figures() -> None:
    """In the order in which they count."""
    text = of(PASSED, FAILED, missing=("drop-1",))
    parts = [
        "# restart, 2026-01-01T00:00:00Z",
        "**FAILED: 1 passed, 1 failed, 0 inconclusive of 2 cells, 0 references**",
        "## Not passed",
        "- missing drop-1: planned, never begun",
        "- failed kill-1 dashboard steady: recovers: no recovery, censored 8.4 s after ready",
        "## Verdicts",
        "| fault | dashboard |",
        "| restart | steady: passed (uncontrolled) (1) |",
        "| kill | steady: failed (1) |",
        "## After the server was ready",
        "| restart | dashboard | steady | 1 | 1 of 1 outages |",
    ]
    places = [text.find(part) for part in parts]
    assert -1 not in places
    assert sorted(places) == places
    assert "cut here" not in text


def test_passed_run_lists_nothing_red() -> None:
    """And has no heading for it."""
    assert "## Not passed" not in of(PASSED)


def test_run_without_outages_has_a_summary() -> None:
    """Nothing was proven, and it says so."""
    assert "**INCONCLUSIVE: 0 passed, 0 failed, 0 inconclusive of 0 cells" in of()


@pytest.mark.parametrize("red", [0, 100, 3000])
def test_huge_run_is_cut_by_whole_rows_from_the_green_end(red: int) -> None:
    """Below 64 KB: the verdict stays, and not a red row is cut while a green one stands."""
    text = of(*many(PASSED, 3000, faults=3000), *many(FAILED, red))
    assert len(text.encode()) < AT_MOST
    assert "**" in text.splitlines()[2]
    reds = text.count("\n- failed ")
    assert red == reds or (0 < reds < red and "## Verdicts" not in text)
    cut = int(text.splitlines()[-1].split()[0])
    greens = text.count("\n| restart-") + text.count("\n| kill-")
    assert red + 2 * (3000 + min(red, 1)) == reds + greens + cut
    assert all(line.endswith("|") for line in text.splitlines() if line.startswith("|"))


def test_short_green_row_is_not_kept_where_a_long_red_one_was_cut() -> None:
    """Whatever room is left: who reads on would take what is missing for green."""
    text = of(*many(saying("word " * 150), 200), *many(PASSED, 1))
    assert LIMIT - LONGEST < len(text.encode()) < AT_MOST
    assert "## Verdicts" not in text


def test_long_message_leaves_room_for_others() -> None:
    """A row is one line of bounded length, whatever a driver said in how many."""
    text = of(saying("word\nword " * LIMIT))
    (row,) = [line for line in text.splitlines() if line.startswith("- ")]
    assert len(row) <= LONGEST + 2
    assert row.endswith("…")

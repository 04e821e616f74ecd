"""The demo's words are those of the reads that it counted."""

from pathlib import Path

import msgspec
import pytest

from recovery_lab.judge.account import Read
from recovery_lab.report.demo import counted_words, demo_table
from recovery_lab.target import Target, load_target
from tests.unit.recovery_lab.report.played import LOG, Played, keep

TARGET = load_target(Path(__file__).parents[4] / "target.toml")
LINE = TARGET.application.driver_line
CLOSED = "OperationalError: server closed the connection unexpectedly"
OF_THE_START = LOG.format("start", "OperationalError: connection refused")


def failed(operation_id: str) -> Read:
    """Return a first read that failed."""
    return Read(
        due_at=1.0,
        started_at=1.0,
        ended_at=1.1,
        outcome="failed",
        kind="connection_lost",
        message="The connection was lost.",
        operation_id=operation_id,
    )


def test_words_are_never_those_of_the_stacks_own_start() -> None:
    """Eleven times of eleven the log's first failed read was from before the outage."""
    log = OF_THE_START + LOG.format("id1", CLOSED) + LOG.format("id2", CLOSED)
    assert CLOSED == counted_words([failed("id1"), failed("id2")], log, LINE)


def test_an_id_is_matched_whole() -> None:
    """Id 1 is not id 11."""
    assert "The connection" in counted_words([failed("id1")], LOG.format("id11", CLOSED), LINE)


@pytest.mark.parametrize(("log", "line"), [(OF_THE_START, LINE), (LOG.format("id1", CLOSED), "")])
def test_answer_stands_in_where_the_log_has_no_word_of_it(log: str, line: str) -> None:
    """Its own kind and message, never another read's."""
    expected = "connection_lost: The connection was lost."
    assert expected == counted_words([failed("id1")], log, line)


def test_good_reads_have_no_words() -> None:
    """Whatever the log says."""
    assert not counted_words([], OF_THE_START, LINE)


def test_table_has_both_policies(tmp_path: Path) -> None:
    """The control's first reads failed, the subject's did not."""
    naive = Played(
        job="idle",
        policy="naive",
        part="control: first reads",
        first_failed=2,
        log=OF_THE_START + LOG.format("id1", CLOSED) + LOG.format("id2", CLOSED),
    )
    adopted = Played(job="idle", policy="adopted", part="subject", log=OF_THE_START)
    verdict = keep(tmp_path, [naive, adopted])
    table = demo_table(tmp_path, verdict, TARGET)
    assert "passed" == verdict.verdict
    assert [
        ["naive (plan 18-03)", "adopted (plan 18-03)"],
        [
            "3 ok · 2 failed · 0 hung · 0 missed · 0 unfinished",
            "5 ok · 0 failed · 0 hung · 0 missed · 0 unfinished",
        ],
        [CLOSED, "-"],
    ] == [list(column.cells) for column in table.columns]


def test_table_needs_no_application_of_the_targets(tmp_path: Path) -> None:
    """Without a pattern for its log the answers' own words stand."""
    bare = msgspec.structs.replace(TARGET, application=None, health=None, pool=None)
    verdict = keep(tmp_path, [Played(job="idle", first_failed=1)])
    assert isinstance(bare, Target)
    said = list(demo_table(tmp_path, verdict, bare).columns[2].cells)
    assert said == ["connection_lost: The connection was lost."]

"""Tables that documents repeat from code and from recorded runs are current."""

from pathlib import Path

import pytest

from recovery_lab.report.words import table
from tests.tables import documents, made, rewritten
from tests.unit.recovery_lab.report.played import Played, keep


@pytest.mark.parametrize("page", documents(), ids=lambda page: page.name)
def test_tables_are_current(page: Path) -> None:
    """`make docs` would change nothing."""
    text = page.read_text()
    assert rewritten(text, made) == text


def test_only_what_stands_between_marks_is_made_anew() -> None:
    """A changed registry is found, prose is left alone."""
    text = "a\n<!-- table: x -->\n| old |\n<!-- end -->\nb <!-- end -->\n"
    assert "a\n<!-- table: x -->\nnew x\n<!-- end -->\nb <!-- end -->\n" == rewritten(
        text, "new {}".format
    )


def test_unknown_table_is_no_silence() -> None:
    """A misspelt name is an error, not an old table."""
    with pytest.raises(KeyError, match="falts"):
        made("falts")


def test_recorded_run_makes_its_tables(tmp_path: Path) -> None:
    """From run.json and verdict.json alone: histories are not committed."""
    keep(tmp_path / "restart-db", [Played(repeat=1), Played(repeat=2, recovered_s=1.7)])
    for path in (tmp_path / "restart-db").rglob("outages/**/*"):
        if path.is_file():
            path.unlink()
    page = "<!-- table: restart-db: ticket -->\n<!-- end -->\n"
    found = rewritten(page, lambda name: made(name, tmp_path))
    assert "| ours (recovery lag) | 0.623 / 1.123 (2) |" in found
    assert found == rewritten(found, lambda name: made(name, tmp_path))


def test_several_runs_make_one_table(tmp_path: Path) -> None:
    """Of all their outages: a length that was asked for apart is a run of its own."""
    keep(tmp_path / "one", [Played()])
    keep(tmp_path / "other", [Played(), Played(repeat=2)])
    assert "| 0.480 / 0.480 (3) |" in made("one+other: during", tmp_path)


def test_cells_cannot_break_a_table() -> None:
    """A bar inside a cell is escaped, an empty cell stays one."""
    assert "| a | b |\n| --- | --- |\n| x\\|y | |" == table("ab", [("x|y", "")])

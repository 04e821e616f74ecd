"""Each cell of the matrix: a subject passes, a control fails just its named assertion."""

from lab.judge.cell import Cell


def test_cell(cell: Cell, proves) -> None:
    """The cell's verdict is passed; what is in doubt is an error before this line."""
    seen = cell.figures
    proves(
        f"{cell.label} · {seen.ok} of {seen.operations} ok, {seen.errors_after_ready} errors after "
        f"ready, recovery lag {seen.recovery_lag_s} s"
    )
    assert cell.verdict == "passed", "; ".join(cell.reasons)

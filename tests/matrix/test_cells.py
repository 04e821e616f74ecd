"""Each cell of the matrix: a subject passes, a control fails just its named assertion."""

from recovery_lab.judge.cell import Cell


def test_cell(cell: Cell, proves) -> None:
    """The cell's verdict is passed; what is in doubt is an error before this line."""
    seen, steady = cell.figures, cell.job == "steady"  # an idle pool is asked late: it has no lag
    lag = f", recovery lag {seen.recovery_lag_s} s" if steady else ""
    counted = f"{seen.ok} of {seen.operations} ok, {seen.errors_after_ready} errors after ready"
    proves(f"{cell.label} · {counted}{lag}")
    assert cell.verdict == "passed", "; ".join(cell.reasons)

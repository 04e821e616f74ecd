"""Each cell of the matrix: a subject keeps its promises, a control breaks just its named one."""

from recovery_lab.judge.verdict import Cell, reasons


def test_cell(cell: Cell, proves) -> None:
    """The cell's verdict is passed; what is in doubt has proven nothing, so it is no pass."""
    seen = cell.figures
    lag = f", recovery lag {seen.recovery_lag_s} s" if cell.job == "steady" else ""
    bad = seen.after_ready.failed + seen.after_ready.hung
    proves(f"{cell.label} · {seen.reads.ok} of {seen.reads.due} ok, {bad} bad after ready{lag}")
    assert not cell.deciding or cell.verdict == "passed", "; ".join(reasons(cell))

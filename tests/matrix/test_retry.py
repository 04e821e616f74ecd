"""The file to paste: no reader of it meets an error in an outage that it outlasts."""

from recovery_lab.judge.verdict import Cell, OutageVerdict

PROMISED_S = 4.0  # of the 4.5 s in which it begins attempts (dashboard/retry.py)


def reads_of(outages: dict[str, OutageVerdict], contender: str) -> Cell:
    """Return a contender's steady reads through the matrix' restart."""
    cells = outages["restart-1"].cells
    return next(c for c in cells if (c.contender, c.job) == (contender, "steady"))


def test_retry_lets_no_reader_see_a_restart(outages: dict[str, OutageVerdict], proves) -> None:
    """None failed or hung while the server was away, and none after it."""
    away_s, cell = outages["restart-1"].server_share_s, reads_of(outages, "retry")
    during, after = cell.figures.in_outage, cell.figures.after_ready
    assert away_s <= PROMISED_S
    assert (0, 0) == (during.bad, after.bad), cell
    assert during.due > 0
    longest_s = cell.figures.waits_in_outage.longest_s
    proves(f"server away {away_s:.1f} s: no read of `retry` failed, longest wait {longest_s:.1f} s")


def test_plans_options_alone_let_readers_see_it(outages: dict[str, OutageVerdict]) -> None:
    """Control: in the same outage, without the retry, reads fail while the server is away."""
    cell = reads_of(outages, "adopted")
    assert cell.figures.in_outage.failed > 0, cell

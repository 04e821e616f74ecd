"""Idle sessions left silent: an idle pool is asked while they are, and waits as it declares."""

import pytest

from recovery_lab.judge.verdict import Cell
from tests.unit.recovery_lab.histories import TRAITS, Script, forgotten, with_read


def said(cell: Cell) -> list[str]:
    """Return what is in doubt about a cell."""
    return [doubt.said for doubt in cell.doubts]


def broken(script: Script) -> set[str]:
    """Return the rules that a script's first cell broke."""
    return {failure.rule for failure in script.cell().failures}


def test_bounded_wait_keeps_its_promise() -> None:
    """Its first reads are asked in the fault, and each is good by the bound and a second."""
    cell = forgotten().cell()
    assert ("passed", "subject", 5) == (cell.verdict, cell.role, cell.figures.first_reads.ok)


@pytest.mark.parametrize(("took_s", "kept"), [(3.99, True), (4.01, False)])
def test_first_reads_wait_as_long_as_is_declared(took_s: float, kept: bool) -> None:
    """And a second more."""
    script = forgotten(first_took_s=took_s)
    assert (set() if kept else {"first reads"}) == broken(script)
    if not kept:
        [failure] = script.cell().failures
        assert failure.said.endswith("5 waited over 4 s, longest wait 4.010 s")


@pytest.mark.parametrize(
    ("at_s", "took_s", "kept"), [(7.45, 3.9, True), (7.45, 4.1, False), (7.55, 1.1, False)]
)
def test_later_reads_may_wait_so_long_only_while_it_is_in(at_s, took_s, kept) -> None:
    """What was silent lives again, or is known to be gone."""
    script = with_read(forgotten(), at_s, "ok", took_s)
    assert (set() if kept else {"no relapse"}) == broken(script)


def test_wait_without_a_bound_breaks_its_rule() -> None:
    """However good its ping is: this is what the fault is for."""
    cell = forgotten(contender="adopted", traits=TRAITS["adopted"]).cell()
    assert ("control failed, as it must", "first reads") == (cell.label, cell.breaks)
    easy = forgotten(contender="adopted", traits=TRAITS["adopted"], first_took_s=0.9).cell()
    assert ["the control did not break its rule: first reads"] == said(easy)


@pytest.mark.parametrize(
    ("released_s", "doubt"),
    [
        (3.15, "the idle pool was left alone for 2.95 s after the fault was in, wanted 3 s"),
        (0.15, "the idle pool was not asked after the fault was in: 0 of its first 5 reads"),
        (7.25, "the idle pool was asked when nothing was silent any more"),
    ],
)
def test_idle_pool_is_asked_in_time(released_s: float, doubt: str) -> None:
    """Neither before its sessions are silent nor after."""
    assert doubt in said(forgotten(released_s=released_s).cell())


def test_idle_pool_whose_sessions_answer_was_not_cut() -> None:
    """A fault that others met is no evidence for it."""
    told = "established sessions read on through the fault: adopted"
    assert told in said(forgotten(keeps_session_s=5.0).cell())
    assert told not in said(forgotten(keeps_session_s=0.0).cell())

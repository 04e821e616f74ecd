"""Silence is a suspicion: what a wait asks, when, and what it makes of the verdict."""

import pytest
from psycopg.waiting import Ready, Wait

from steadypool.doubt import Doubt, Line, Question
from steadypool.waits import Waits

LIMITS = Waits()


class Prober:
    """Keeps the questions, and answers when it is told to."""

    def __init__(self) -> None:
        self.open: list[Question] = []
        self.asked = 0

    def ask(self, pid: int) -> Question:
        """Keep a question."""
        self.asked += 1
        self.open.append(Question(pid))
        return self.open[-1]

    def withdraw(self, question: Question) -> None:
        """Forget one."""
        self.open.remove(question)


@pytest.fixture
def prober() -> Prober:
    """One that is silent so far."""
    return Prober()


@pytest.fixture
def doubt(prober: Prober) -> Doubt:
    """Of one wait whose patience is over."""
    return Doubt(prober, 7, LIMITS, grace_s=0.05)


def test_question_is_asked_once_and_silence_alone_kills_nobody(prober, doubt) -> None:
    """No verdict, no cut: however long the prober finds nobody to ask."""
    for tenth in range(1000):
        assert not doubt.is_dead(tenth / 10, heard=False)
    assert 1 == prober.asked
    assert 7 == prober.open[0].pid


def test_working_process_is_waited_for_and_asked_about_again(prober, doubt) -> None:
    """A slow query is not cut; a second question comes after a second, not at once."""
    doubt.is_dead(0.0, heard=False)
    prober.open[0].verdict = "working"
    assert not doubt.is_dead(0.1, heard=False)
    assert [] == prober.open
    assert not doubt.is_dead(1.0, heard=False)
    assert [] == prober.open
    assert not doubt.is_dead(1.1, heard=False)
    assert 2 == prober.asked


def test_dead_verdict_has_its_grace(prober, doubt) -> None:
    """The answer may have been under way while the prober asked."""
    doubt.is_dead(0.0, heard=False)
    prober.open[0].verdict, prober.open[0].answered_at = "dead", 1.0
    assert not doubt.is_dead(1.04, heard=False)
    assert doubt.is_dead(1.05, heard=False)


def test_sign_of_life_ends_the_doubt(prober, doubt) -> None:
    """Something came: the verdict is void, and patience begins anew."""
    doubt.is_dead(0.0, heard=False)
    prober.open[0].verdict = "dead"
    assert not doubt.is_dead(2.0, heard=True)
    assert [] == prober.open
    assert not doubt.is_dead(2.0 + LIMITS.patience_s - 0.01, heard=False)
    assert 1 == prober.asked
    doubt.is_dead(2.0 + LIMITS.patience_s, heard=False)
    assert 2 == prober.asked


def test_line_hears_what_comes_and_not_what_goes() -> None:
    """Readiness to send is no sign of life; the generator goes on where it was."""

    def driver():
        got = [(yield Wait.R)]
        got.append((yield Wait.RW))
        got.append((yield Wait.R))
        return got

    generator = driver()
    next(generator)  # a first wait, whose patience is over
    line = Line(generator)
    assert Wait.RW == next(line.waited_on)  # a second begins
    assert Wait.RW == line.waited_on.send(Ready.NONE)
    assert Wait.RW == next(line.waited_on)  # a third
    assert Wait.R == line.waited_on.send(Ready.W)
    assert not line.heard
    with pytest.raises(StopIteration) as end:
        line.waited_on.send(Ready.R)
    assert line.heard
    assert [Ready.NONE, Ready.W, Ready.R] == end.value.value

"""What the soak calls wrong: a control for each of its verdicts."""

from collections import Counter

from soak import Account, Rest


def account(**differs: object) -> Account:
    """A soak of ten outages with nothing wrong, but for what differs at its end."""
    rests = [Rest(outages, 11, 17, 60_000 + outages % 2) for outages in range(11)]
    last = {"threads": 11, "files": 17, "memory_kb": 60_000} | differs
    rests[-1] = Rest(10, last["threads"], last["files"], last["memory_kb"])
    return Account(right=1000, rests=rests)


def test_a_soak_in_which_nothing_grew_is_right() -> None:
    """No verdict."""
    assert [] == account().verdicts(10)


def test_whatever_grew_is_told() -> None:
    """One thread, one open file; memory by its rise in the second half alone."""
    assert ["threads grew from 11 to 12"] == account(threads=12).verdicts(10)
    assert ["open files grew from 17 to 18"] == account(files=18).verdicts(10)
    assert ["memory grew by"] == [one[:14] for one in account(memory_kb=61_000).verdicts(10)]
    early = account()
    early.rests[0] = Rest(0, 11, 17, 40_000)
    assert [] == early.verdicts(10)


def test_wrong_answers_and_too_few_are_told() -> None:
    """Each kind of error by its words, and how many right answers there were."""
    bad = account()
    bad.bad = Counter({"drop: wrong: 1 for 2": 3})
    bad.right = 999
    assert ["3 reads: drop: wrong: 1 for 2", "999 right answers: expected 1000"] == bad.verdicts(10)

"""The shared result of the latest object."""

from dashboard.latest import Latest


def test_latest_makes_once_for_each_choice() -> None:
    """Twenty pages that show one sample build one table."""
    calls: list[tuple[object, int]] = []
    latest: Latest[object, int] = Latest(lambda subject, n: calls.append((subject, n)) or n)
    first, second = object(), object()
    assert [1, 1, 2, 1] == [latest(first, 1), latest(first, 1), latest(first, 2), latest(second, 1)]
    assert [(first, 1), (first, 2), (second, 1)] == calls


def test_latest_forgets_the_object_before() -> None:
    """Only the latest is held: memory does not grow with every sample."""
    latest: Latest[object, int] = Latest(lambda subject: 1)
    for _ in range(3):
        latest(object())
    assert 1 == len(latest._made)

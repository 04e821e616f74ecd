"""What an outage cost beside its reads: each figure from a scripted history."""

import pytest

from recovery_lab.judge.beside import Beside
from recovery_lab.record.history import Probe, Usage
from tests.unit.recovery_lab.histories import ORIGIN, Script, application, idle, outage


def beside(script: Script) -> Beside:
    """Judge a script, and return what stands beside its first cell's reads."""
    return script.judged().beside[script.cells[0].contender]


def test_connections_are_counted_from_the_loss_to_five_seconds_after_ready() -> None:
    """Lost at 0.05 s, ready at 2.0 s: not what was begun before, nor what comes later."""
    opens = [(-1.0, 100), (0.3, 2), (1.5, 3), (6.5, 4), (7.5, 100)]
    assert 9 == beside(outage(opens=opens)).opens


def test_nobody_connects_where_nobody_does() -> None:
    """A session that is given up for good is not asked for again: a known nought."""
    assert (0, 0) == (beside(outage()).opens, beside(outage()).opens_worst_s)


@pytest.mark.parametrize(
    ("opens", "worst"),
    [
        ([(0.5, 3), (1.4, 4)], 7),  # within a second
        ([(0.5, 3), (1.8, 4)], 4),
        ([(0.5, 3), (1.8, 4), (2.2, 4), (2.6, 4), (5.0, 1)], 12),  # across ready
        ([(0.5, 30), (-0.9, 90)], 30),
    ],
)
def test_worst_second_is_anywhere_between(opens: list[tuple[float, int]], worst: int) -> None:
    """It need not begin with the loss, nor on a whole second."""
    assert worst == beside(outage(opens=opens)).opens_worst_s


def test_log_lines_of_the_worst_second() -> None:
    """From the loss to 5 s after ready."""
    logs = [(-0.5, 90), (0.1, 2), (1.0, 1), (1.1, 2), (7.3, 90)]
    assert 3 == beside(outage(logs=logs)).log_worst_s
    assert 0 == beside(outage()).log_worst_s


def test_cost_is_told_before_during_and_after() -> None:
    """Processors, the most memory, and what was logged in each second."""
    logs = [(-0.5, 90), (0.5, 3), (1.9, 3), (2.5, 5), (7.3, 90)]
    found = beside(outage(logs=logs))
    assert [pytest.approx(0.1, abs=1e-5)] * 3 == [
        found.before.cpu,
        found.during.cpu,
        found.after.cpu,
    ]
    assert 49_900_000 == found.before.memory
    assert 51_900_000 == found.during.memory
    assert found.during.log_lines_per_s == pytest.approx(6 / 1.955, abs=1e-3)
    assert found.during.log_bytes_per_s == pytest.approx(600 / 1.955, abs=0.1)
    assert (1.0, 100.0) == (found.after.log_lines_per_s, found.after.log_bytes_per_s)
    assert 90.0 == found.before.log_lines_per_s


def test_what_was_not_counted_throughout_is_not_known() -> None:
    """A part of a census is none; what was logged is known all the same."""
    script = outage(opens=[(0.3, 2)], logs=[(0.5, 3)], uncounted=(1.0, 3.3))
    found = beside(script)
    assert (None, None, None) == (found.opens, found.opens_worst_s, found.during.cpu)
    assert 3 == found.log_worst_s


def test_one_container_plays_all_jobs_of_a_contender() -> None:
    """It is counted once, under its name."""
    script = outage(opens=[(0.3, 2)], end_s=10.5)
    script.cells += idle().cells
    assert {"adopted": 2} == {name: one.opens for name, one in script.judged().beside.items()}


def test_application_has_its_own_too() -> None:
    """Under the name of the contender that stands for it."""
    assert 8 == beside(application(opens=[(0.3, 8)])).opens


@pytest.mark.parametrize(
    "script",
    [
        outage(metered=False, without=(Usage,)),  # an older run
        outage(ready_s=99.0),  # never ready: there is no end to count to
        outage(steps=()),
    ],
)
def test_without_bounds_or_a_meter_there_are_no_figures(script: Script) -> None:
    """And the judge does not break."""
    assert {} == script.judged().beside


def test_record_that_ends_sooner_is_counted_to_its_end() -> None:
    """A control is watched for less: rates are of what was seen."""
    script = outage(end_s=4.0, closed_s=4.0, logs=[(3.0, 2)])
    end_s = max(one.ended_at for one in script.history().of(Probe)) - ORIGIN
    assert pytest.approx(2 / (end_s - 2.005), abs=1e-4) == beside(script).after.log_lines_per_s

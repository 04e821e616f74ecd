"""Green while users wait: what counts as waiting, as green, and as one loss."""

import pytest

from recovery_lab.faults import FAULTS
from recovery_lab.judge.case import Case, Seen
from recovery_lab.judge.green import losses
from recovery_lab.judge.measures import ASKED
from recovery_lab.record.history import Health, History, Mark
from tests.unit.recovery_lab.histories import (
    NEVER,
    ORIGIN,
    Script,
    application,
    outage,
    probe,
    steps,
    untouched,
    with_read,
)


def green_s(script: Script) -> float | None:
    """Judge a script, and return the figure of its first cell."""
    return script.cell().figures.green_s


def between(script: Script, begin_s: float, end_s: float) -> float:
    """Return the seconds that count between two instants."""
    [cast] = script.info().cast
    case = Case(Seen(script.info(), script.history()), cast, "steady")
    return case.green_s(ORIGIN + begin_s, ORIGIN + end_s)


def alone(at_s: float, outcome: str, took_s: float = 0.003) -> Script:
    """Return an application whose health is green throughout, with one read that is not good.

    The others are 50 ms apart, on whole twentieths of a second.
    """
    return with_read(untouched(contender="dashboard"), at_s, outcome, took_s)


@pytest.mark.parametrize(
    ("outcome", "took_s", "waited_s"),
    [
        ("ok", 0.9, 0.0),  # nobody waited long
        ("ok", 1.5, 1.5),
        ("failed", 1.5, 1.5),
        ("failed", 0.003, 0.025),  # until the next is due nobody is served either
        ("missed", 0.0, 0.0),  # the next good read served it soon
        ("endless", 0.0, 3.975),
    ],
)
def test_user_waits_from_the_due_instant_to_the_end(
    outcome: str, took_s: float, waited_s: float
) -> None:
    """Where it did not end well within 1 s."""
    assert waited_s == between(alone(3.025, outcome, took_s), 0.0, 7.0)


def test_time_is_counted_once_however_many_wait() -> None:
    """Two reads that wait side by side, and one after a while in which nobody does."""
    script = alone(2.025, "ok", 2.0)
    for at_s, took_s in ((2.525, 2.0), (2.725, 1.2), (5.025, 1.1)):
        with_read(script, at_s, "ok", took_s)
    assert pytest.approx(2.5 + 1.1) == between(script, 0.0, 7.0)


def test_only_what_lies_in_the_span_counts() -> None:
    """A read that was under way before it, or is so still after it."""
    script = alone(2.025, "ok", 4.0)
    assert (4.0, 1.0) == (between(script, 0.0, 9.0), between(script, 3.0, 4.0))
    assert pytest.approx(0.975) == between(script, 1.0, 3.0)
    assert pytest.approx(1.025) == between(script, 5.0, 9.0)


def test_green_is_what_was_last_answered() -> None:
    """From each question that was answered `up` to the next; the first red ends it."""
    script = alone(2.025, "ok", 4.0)
    script.health_red_s, script.health_up_s = 2.95, 5.0
    assert pytest.approx(0.975 + 1.025) == between(script, 0.0, 9.0)
    script.green_again = (3.45, 3.65)
    assert pytest.approx(0.975 + 0.2 + 1.025) == between(script, 0.0, 9.0)
    script.health_red_s = -3.0
    script.health_up_s = NEVER
    script.green_again = (NEVER, NEVER)
    assert 0.0 == between(script, 0.0, 9.0)


def test_figure_is_of_the_loss_and_of_the_application() -> None:
    """Lost at 0.05 s, red from 0.6 s, green again at 2.5 s; all reads fail until 2.1 s."""
    assert 0.55 == green_s(application())
    assert 2.105 - 0.05 - 0.1 == pytest.approx(green_s(application(health_red_s=NEVER)), abs=1e-6)
    assert green_s(outage()) is None
    assert green_s(application(ready_s=99.0)) is None
    assert green_s(application(job="idle", end_s=10.5)) is None
    blind = application()
    blind.capabilities.remove("health")
    assert green_s(blind) is None


@pytest.mark.parametrize("fault", ["none", "slow", "terminate"])
def test_where_fresh_sessions_work_it_is_a_figure_and_no_promise(fault: str) -> None:
    """A slow query, a lock, sessions that were ended: a check that is green tells the truth."""
    make = application if FAULTS[fault].effects.cuts == "established" else untouched
    script = with_read(make(fault=fault, contender="dashboard", health_red_s=NEVER), 1.025, "ok", 3)
    assert "no false green" not in script.cell().rules
    assert green_s(script) > 0.4


def test_one_slow_query_in_a_short_loss_breaks_nothing() -> None:
    """It goes on long after new sessions work again: only the loss counts."""
    script = application(start_event_s=0.9, ready_s=1.0, recovered_s=1.2, health_red_s=NEVER)
    with_read(script, 0.525, "ok", 4.0)
    broken = {one.rule for one in script.cell().failures}
    assert "no false green" in script.cell().rules
    assert "no false green" not in broken


def test_control_and_reference_keep_no_such_promise() -> None:
    """Nor does a contender that has no System Health."""
    assert "no false green" not in outage().cell().rules
    assert "no false green" not in application(part="reference").cell().rules
    assert "no false green" not in application(job="idle", end_s=10.5).cell().rules


def lost(script: Script, until_s: float) -> list[tuple[float, float]]:
    """Return a script's losses, in s after the fault."""
    found = losses(script.history(), ORIGIN + script.lost_s, ORIGIN + until_s)
    return [(round(begin - ORIGIN, 3), round(end - ORIGIN, 3)) for begin, end in found]


def test_losses_are_parted_by_two_good_seconds() -> None:
    """Shorter than that it was never back."""
    assert [(0.05, 2.005)] == lost(outage(), 2.005)
    assert [(0.05, 1.005), (3.905, 4.905)] == lost(outage(ready_s=1.0, again=(4.0, 4.9)), 4.905)
    assert [(0.05, 3.905)] == lost(outage(ready_s=1.0, again=(2.5, 3.9)), 3.905)


def test_loss_that_no_probe_met_lasts_until_ready() -> None:
    """Sessions were ended, and fresh ones worked all the time."""
    history = untouched(contender="dashboard").history()
    whole = (ORIGIN + 0.05, ORIGIN + 0.2)
    assert [whole] == losses(history, *whole)


def test_server_that_never_came_back_is_watched_to_the_end() -> None:
    """Green for ever while nobody can read is seen, though the outage has no ready."""
    script = application(ready_s=99.0, recovered_s=NEVER, health_red_s=NEVER, end_s=9.0)
    said = [one.said for one in script.cell().failures if one.rule == "no false green"]
    assert ["green for 8.950 s while reads could not end, bound 2.5 s"] == said


def test_reads_are_taken_in_the_order_of_their_due_instants() -> None:
    """Each stands for the time to the next one."""
    script = alone(3.025, "failed")
    for at_s in steps(3.025, 3.525, 0.05)[1:]:
        with_read(script, at_s, "failed")
    waited_s = between(script, 0.0, 7.0)
    assert pytest.approx(10 * 0.025) == waited_s


@pytest.mark.parametrize("status", ["down", "stale", "starting", "unreachable"])
def test_only_up_is_green(status: str) -> None:
    """Whatever else it says, nobody is told that all is well."""
    script = alone(2.025, "ok", 4.0)
    script.drop = lambda record: isinstance(record, Health) and bool(record.policy)
    said = {"started_at": ORIGIN + 1.0, "ended_at": ORIGIN + 1.1}
    script.extra = [Health(status=status, **said)]
    assert 0.0 == between(script, 0.0, 7.0)
    script.extra = [Health(status="up", **said)]
    assert 4.0 == between(script, 0.0, 7.0)


def test_two_good_seconds_part_two_losses() -> None:
    """Exactly so many are enough."""
    met = {0.125: "refused", 0.5: "ok", 1.5: "ok", 2.5: "ok", 4.0: "refused"}
    probes = [probe(at_s, result, took_s=0.0) for at_s, result in met.items()]
    history = History([Mark(at=ORIGIN, name=ASKED), *probes])
    found = losses(history, ORIGIN + 0.125, ORIGIN + 5.0)
    assert [(0.125, 0.5), (2.5, 5.0)] == [(a - ORIGIN, b - ORIGIN) for a, b in found]

"""One cell's case: what it met, what it could meet, and which of its reads count where."""

import pytest

from recovery_lab.faults.base import Effects
from recovery_lab.judge.account import bad_kinds
from recovery_lab.judge.case import Case, Seen
from tests.unit.recovery_lab.histories import (
    NEVER,
    ORIGIN,
    Script,
    application,
    idle,
    outage,
    untouched,
    with_read,
)

IDLE = Effects(cuts="idle", ends_sessions=True, explains=("57P05",))


def case(script: Script) -> Case:
    """Return a script's first cell as a case."""
    seen = Seen(script.info(), script.history())
    cast, job = script.info().cells[0]
    return Case(seen, cast, job)


@pytest.mark.parametrize(
    ("script", "could", "met"),
    [
        (outage(), True, True),
        (outage(begin_s=3.0), True, True),  # its sessions were cut
        (outage(begin_s=3.0, backends=()), True, False),
        (outage(fault="freeze"), True, True),
        (outage(fault="freeze", begin_s=3.0), True, False),  # no session ended, no read due in it
        (outage(fault="freeze", begin_s=1.95), True, True),  # due while the fault was in
        (idle(), True, True),
        (idle(fault="freeze"), False, False),
        (idle(fault="freeze", extra=[outage().log("FATAL", "57P01", 71)]), False, True),
        (idle(fault="freeze", extra=[outage().log("FATAL", "57P01", 99)]), False, False),
        (outage(fault="slots"), False, True),  # its sessions are warm
        (outage(fault="slots", contender="visitor", backends=()), True, True),
        (application(fault="slots"), True, True),  # by its checks
        (outage(effects=IDLE), True, True),  # a busy pool's spare sessions idle as well
        (outage(effects=IDLE, lost_s=NEVER, recovered_s=NEVER), False, True),
        (idle(effects=IDLE, begin_s=NEVER), True, True),
        (untouched(), True, True),
        (untouched(begin_s=NEVER), True, False),
    ],
)
def test_met_is_a_read_due_in_the_fault_or_a_session_cut(script, could, met) -> None:
    """Where a fault cuts nobody, everyone who read met it."""
    assert (could, met) == (case(script).could_meet, case(script).met)


def test_first_reads_are_as_many_as_the_idle_pool_held() -> None:
    """No more, none before the release, and a steady job has none."""
    assert 5 == len(case(idle()).first_reads)
    assert 3 == len(case(idle(backends=(71, 72, 73))).first_reads)
    assert [] == case(idle(released_s=1.9)).first_reads
    assert [] == case(outage()).first_reads


def test_reads_of_before_during_and_after_add_up() -> None:
    """Every due read stands in exactly one of the three."""
    one = case(outage())
    parts = [one.before(), one.in_outage(), one.after_ready()]
    assert len(one.reads) == sum(map(len, parts))


def test_hurt_before_are_those_that_were_hurt_before_the_fault() -> None:
    """Not one that was under way as it came in."""
    assert 1 == len(case(with_read(outage(), -0.51, "failed", 0.5)).hurt_before())
    assert 0 == len(case(with_read(outage(), -0.51, "failed", 0.6)).hurt_before())
    assert 1 == len(case(with_read(outage(), -1.01, "endless")).hurt_before())
    assert 0 == len(case(with_read(outage(), -0.99, "endless")).hurt_before())


def test_servers_share_is_from_the_loss_to_ready() -> None:
    """And nothing where one of them is not known."""
    seen = case(outage()).seen
    assert 1.93 == pytest.approx(seen.away_s)
    assert None is case(outage(ready_s=NEVER)).seen.away_s
    assert 1.02 == pytest.approx(seen.after_ready_s(ORIGIN + 3.0))


def test_control_is_watched_shorter_than_a_subject() -> None:
    """It is known earlier that it does not come back."""
    limits = [
        case(outage(contender=name)).watch_s for name in ("adopted", "pinned", "quitter", "naive")
    ]
    assert [120.0, 15.0, 5.0, 120.0] == limits


def test_application_is_the_one_that_the_outage_names() -> None:
    """Only it has probes and a process."""
    assert (True, False) == (case(application()).is_application, case(outage()).is_application)


def test_kinds_are_counted_by_kind_else_by_outcome() -> None:
    """For people, in a stable order."""
    script = with_read(with_read(outage(closed_s=19.0), 7.3, "failed"), 7.4, "endless")
    late = case(script).due_from(ORIGIN + 7.0)
    assert {"connection_lost": 1, "hung": 1} == bad_kinds(late)

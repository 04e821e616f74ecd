"""What the promises let pass though a user suffers: known, and not to widen unseen.

Each is a decision of the promises' own words (docs/measuring.md). Whoever tightens a promise moves
its history to test_promises.py; the second table are the nearest histories that are red.
"""

from collections.abc import Callable

import pytest

from tests.unit.recovery_lab.histories import (
    ORIGIN,
    Script,
    application,
    outage,
    steps,
    untouched,
    with_read,
)

Make = Callable[[], Script]


def flapping(every_s: float) -> Script:
    """Return an outage after which one read fails every so often, for a minute."""
    script = outage(end_s=75.0, every_s=0.1)
    for at_s in steps(2.15, 65.0, every_s):
        with_read(script, at_s, "failed")
    return script


def slower(took_s: float) -> Script:
    """Return an outage from which on each read takes long."""
    script = outage(gap=(2.1, 9.0))
    for at_s in steps(2.1, 9.0, 0.05):
        with_read(script, at_s, "ok", took_s)
    return script


def missing(wait_s: float) -> Script:
    """Return an outage from 2 s after which most reads are missed, each for a while."""
    script = outage(gap=(4.3, 9.0), end_s=9.2)
    for begin_s in steps(4.3, 9.0, wait_s):
        with_read(script, begin_s, "ok")
        for at_s in steps(begin_s + 0.05, min(begin_s + wait_s, 9.0), 0.05):
            with_read(script, at_s, "missed")
    return script


def health_falls(script: Script, begin_s: float) -> Script:
    """Let System Health say `down` from an instant on."""
    script.drop = lambda r: (
        type(r).__name__ == "Health" and r.status == "up" and r.started_at > ORIGIN + begin_s
    )
    down = application(health_red_s=-3.0, health_up_s=99.0)._health()
    script.extra += [sample for sample in down if sample.started_at > ORIGIN + begin_s]
    return script


PASSED: dict[str, Make] = {
    "a read due in the outage hangs for good": lambda: with_read(
        outage(closed_s=19.0), 1.02, "endless"
    ),
    "a read due 0.5 s after ready hangs for good, for which recovery is counted later": lambda: (
        with_read(outage(closed_s=19.0), 2.52, "endless")
    ),
    "a read due in the outage waits 7 s": lambda: with_read(outage(), 1.02, "ok", 7.0),
    "every read fails for 58 s after ready": lambda: outage(
        recovered_s=60.0, end_s=66.0, every_s=0.1
    ),
    "one read fails every 1.9 s for a minute, which is a long recovery": lambda: flapping(1.9),
    "every read takes 0.95 s where it took 0.003": lambda: slower(0.95),
    "nine reads of ten are missed for 0.5 s": lambda: missing(0.5),
    "System Health is up while reads still fail": lambda: application(
        recovered_s=30.0, end_s=36.0, every_s=0.1
    ),
    "System Health is up for 2 s and then down for good": lambda: health_falls(application(), 5.0),
    "System Health is down where nothing is wrong": lambda: health_falls(
        untouched(contender="dashboard"), 4.0
    ),
    "liveness takes 2.9 s each time": lambda: application(live_took_s=2.9),
    "an error comes before a user's command takes the database down": lambda: with_read(
        outage(fault="command", moves=True, lost_s=1.0), 0.52, "failed"
    ),
}

FAILED: dict[str, Make] = {
    "a read due 2.2 s after ready hangs for good": lambda: with_read(
        outage(closed_s=19.0), 4.21, "endless"
    ),
    "one read fails every 2.2 s for a minute": lambda: flapping(2.2),
    "every read takes 1.05 s where it took 0.003": lambda: slower(1.05),
    "nine reads of ten are missed for 1.2 s": lambda: missing(1.2),
    "an error comes where there is no outage": lambda: with_read(untouched(), 0.52, "failed"),
}


@pytest.mark.parametrize("told", PASSED)
def test_promises_let_pass(told: str) -> None:
    """A user suffers, and no promise is broken."""
    cell = PASSED[told]().cell()
    assert ("passed", [], []) == (cell.verdict, cell.failures, cell.doubts)


@pytest.mark.parametrize("told", FAILED)
def test_promises_do_not_let_pass(told: str) -> None:
    """The nearest history that breaks one."""
    assert "failed" == FAILED[told]().cell().verdict

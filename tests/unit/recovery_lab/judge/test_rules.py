"""Each promise: a history that keeps it, and its neighbour that differs in one thing."""

from collections.abc import Callable, Iterator

import pytest

from recovery_lab.faults.base import Effects
from recovery_lab.judge import rule as making
from recovery_lab.judge.rules import RULES, Rule
from recovery_lab.record.history import Event, Look
from tests.unit.recovery_lab.histories import (
    NEVER,
    ORIGIN,
    Script,
    application,
    cold,
    crowd,
    fresh,
    idle,
    outage,
    steps,
    untouched,
    with_read,
)

RETURNS = ["readiness returns"]  # waived, where it would be broken as well
Make = Callable[[], Script]


def short(**changed: object) -> Script:
    """Return a loss of 0.95 s, shorter than readiness needs to turn red."""
    return application(
        start_event_s=0.9, ready_s=1.0, recovered_s=1.2, health_red_s=NEVER, **changed
    )


def flap(back_s: float = 4.9, **changed: object) -> Script:
    """Return a loss of 0.95 s and, after 3 s without one, another that ends with a start."""
    start = Event(at=ORIGIN + back_s - 0.2, action="start")
    return short(again=(4.0, back_s), extra=[start], end_s=12.0, **changed)


def flap_of_users(back_s: float) -> Script:
    """Return the same as users meet it who are refused all the time, health green throughout."""
    return flap(back_s, gap=(4.0, back_s), added=failed(4.0, back_s))


def only_new(**changed: object) -> Script:
    """Return 6 s in which new sessions are refused and the old ones work."""
    effects = outage().seen_effects
    cut = {"cuts": "new", "ends_sessions": False, "restarts": False}
    return application(
        **{
            "effects": type(effects)(**cut),
            "ready_s": 6.0,
            "recovered_s": 0.0,
            "health_up_s": 6.9,
            "health_names_s": NEVER,
            "end_s": 13.0,
            **changed,
        }
    )


def long(**changed: object) -> Script:
    """Return a loss of 6 s, of which readiness tells after half a second."""
    return application(
        **{"ready_s": 6.0, "recovered_s": 6.1, "health_up_s": 6.5, "end_s": 13.0, **changed}
    )


def frozen(**changed: object) -> Script:
    """Return the same, in which every read hangs for as long as its deadline."""
    return long(
        fault="freeze", start_event_s=None, gap=(0.05, 6.1), added=hung(0.05, 6.05), **changed
    )


def hung(begin_s: float, end_s: float) -> list[tuple[float, str, float]]:
    """Return reads that all take 5 s and fail."""
    return [(at_s, "failed", 5.0) for at_s in steps(begin_s, end_s, 0.1)]


def failed(begin_s: float, end_s: float) -> list[tuple[float, str, float]]:
    """Return reads that fail at once."""
    return [(at_s, "failed", 0.003) for at_s in steps(begin_s, end_s, 0.05)]


SLOWED = Effects(cuts="none", delays_s=0.05)


def locked(**changed: object) -> Script:
    """Return a table's lock of 1.5 s, for which a read waits."""
    return with_read(untouched(fault="lock", **changed), 0.22, "ok", 1.3)


def slowed(**changed: object) -> Script:
    """Return some seconds in which each read takes 0.05 s longer."""
    return untouched(effects=SLOWED, **changed)


# The rule, what it is about, the history that keeps it, the one that breaks it, what is said.
TABLE: dict[str, tuple[str, Make, Make, str]] = {
    "a subject recovers": (
        "recovers",
        lambda: outage(limit_s=5.0),
        lambda: outage(limit_s=5.0, recovered_s=NEVER),
        "no recovery, censored 7.0 s after ready",
    ),
    "readers of new sessions recover": (
        "recovers",
        lambda: fresh(limit_s=5.0),
        lambda: fresh(limit_s=5.0, recovered_s=NEVER),
        "no recovery, censored 7.0 s after ready",
    ),
    "a cold client comes up": (
        "recovers",
        lambda: cold(limit_s=5.0),
        lambda: cold(limit_s=5.0, recovered_s=NEVER),
        "no recovery, censored 7.0 s after ready",
    ),
    "a cold client comes up within the limit": (
        "recovers",
        lambda: cold(recovered_s=6.0, limit_s=5.0, end_s=12.0),
        lambda: cold(recovered_s=6.0, limit_s=3.0, end_s=12.0),
        "back 4.023 s after ready, limit 3 s",
    ),
    "a crowd recovers": (
        "recovers",
        lambda: crowd(limit_s=5.0),
        lambda: crowd(limit_s=5.0, recovered_s=NEVER),
        "no recovery, censored 7.0 s after ready",
    ),
    "a subject recovers within the limit": (
        "recovers",
        lambda: outage(recovered_s=6.0, limit_s=5.0, end_s=12.0),
        lambda: outage(recovered_s=6.0, limit_s=3.0, end_s=12.0),
        "back 4.023 s after ready, limit 3 s",
    ),
    "the application recovers with its System Health": (
        "recovers",
        lambda: application(limit_s=5.0),
        lambda: application(limit_s=5.0, health_up_s=NEVER),
        "System Health not back, censored 7.0 s after ready",
    ),
    "System Health is back within the limit": (
        "recovers",
        lambda: application(limit_s=5.0, health_up_s=6.5, end_s=13.0, waived=RETURNS),
        lambda: application(limit_s=5.0, health_up_s=7.5, end_s=13.0, waived=RETURNS),
        "both back 5.522 s after ready, limit 5 s",
    ),
    "no read fails after recovery": (
        "no relapse",
        outage,
        lambda: with_read(outage(), 7.31, "failed"),
        "1 reads relapsed after recovery: connection_lost 1",
    ),
    "no read in a new session fails after recovery": (
        "no relapse",
        fresh,
        lambda: with_read(fresh(), 7.31, "failed"),
        "1 reads relapsed after recovery: connection_lost 1",
    ),
    "no read of a cold client fails after recovery": (
        "no relapse",
        cold,
        lambda: with_read(cold(), 7.31, "failed"),
        "1 reads relapsed after recovery: connection_lost 1",
    ),
    "no read of a crowd waits over 1 s after recovery": (
        "no relapse",
        lambda: with_read(crowd(), 7.31, "ok", 0.99),
        lambda: with_read(crowd(), 7.31, "ok", 1.01),
        "1 reads relapsed after recovery: 1 waited over 1 s, longest wait 1.010 s",
    ),
    "no read hangs after recovery": (
        "no relapse",
        lambda: outage(closed_s=19.0),
        lambda: with_read(outage(closed_s=19.0), 7.31, "endless"),
        "1 reads relapsed after recovery: hung 1",
    ),
    "no read waits over 1 s after recovery": (
        "no relapse",
        lambda: with_read(outage(), 7.31, "ok", 0.99),
        lambda: with_read(outage(), 7.31, "ok", 1.01),
        "1 reads relapsed after recovery: 1 waited over 1 s, longest wait 1.010 s",
    ),
    "no read is missed for over 1 s after recovery": (
        "no relapse",
        lambda: with_read(outage(gap=(7.3, 8.2)), 7.3, "missed"),
        lambda: with_read(outage(gap=(7.3, 8.4)), 7.3, "missed"),
        "1 reads relapsed after recovery: 1 waited over 1 s, longest wait 1.103 s",
    ),
    "no read of an idle pool fails later": (
        "no relapse",
        idle,
        lambda: with_read(idle(), 8.01, "failed"),
        "1 reads relapsed after recovery: connection_lost 1",
    ),
    "an idle pool's first reads do not fail": (
        "first reads",
        idle,
        lambda: idle(first_outcome="failed"),
        "5 of the first 5 reads not good: connection_lost 5",
    ),
    "an idle pool's first reads do not hang": (
        "first reads",
        lambda: idle(closed_s=16.0),
        lambda: idle(closed_s=16.0, first_outcome="endless"),
        "5 of the first 5 reads not good: hung 5",
    ),
    "an idle pool's first reads do not wait over 1 s": (
        "first reads",
        lambda: idle(first_took_s=0.99),
        lambda: idle(first_took_s=1.01),
        "5 of the first 5 reads not good: 5 waited over 1 s, longest wait 1.010 s",
    ),
    "no error where nobody is cut": (
        "undisturbed",
        untouched,
        lambda: with_read(untouched(), 1.02, "failed"),
        "1 reads disturbed, though nobody was cut: connection_lost 1",
    ),
    "no long wait where nobody is cut": (
        "undisturbed",
        lambda: with_read(untouched(), 1.02, "ok", 0.9),
        lambda: with_read(untouched(), 1.02, "ok", 1.1),
        "1 reads disturbed, though nobody was cut: 1 waited over 1 s, longest wait 1.100 s",
    ),
    "nor of a read that was under way as the fault came in": (
        "undisturbed",
        untouched,
        lambda: with_read(untouched(), -0.01, "failed", 0.5),
        "1 reads disturbed, though nobody was cut: connection_lost 1",
    ),
    "no read fails where a fault delays": (
        "only delayed",
        locked,
        lambda: with_read(locked(), 1.02, "failed"),
        "1 reads more than delayed: connection_lost 1",
    ),
    "no read hangs where a fault delays": (
        "only delayed",
        lambda: locked(closed_s=19.0),
        lambda: with_read(locked(closed_s=19.0), 1.02, "endless"),
        "1 reads more than delayed: hung 1",
    ),
    "a read waits as long as the fault does, and 1 s": (
        "only delayed",
        lambda: with_read(locked(), 0.52, "ok", 1.97),
        lambda: with_read(locked(), 0.52, "ok", 1.99),
        "1 reads more than delayed: 1 waited over the delay and 1 s, longest wait 1.990 s",
    ),
    "a read does not wait for 3 s once the fault is over": (
        "only delayed",
        lambda: with_read(locked(), 1.48, "ok", 1.01),
        lambda: with_read(locked(), 1.48, "ok", 3.01),
        "1 reads more than delayed: 1 waited over the delay and 1 s, longest wait 3.010 s",
    ),
    "a read waits no longer than it is delayed by, and 1 s": (
        "only delayed",
        lambda: with_read(slowed(), 0.32, "ok", 1.04),
        lambda: with_read(slowed(), 0.32, "ok", 1.06),
        "1 reads more than delayed: 1 waited over the delay and 1 s, longest wait 1.060 s",
    ),
    "nobody is disconnected where a fault delays": (
        "sessions kept",
        lambda: locked(extra=[outage().log("FATAL", "57P01", pid=99)], waived=["server sound"]),
        lambda: locked(extra=[outage().log("FATAL", "57P01", pid=72)]),
        "1 of 5 sessions ended, though nobody was to be cut",
    ),
    "liveness stays green": (
        "liveness",
        application,
        lambda: application(live_ok=False),
        "10 of 10 liveness probes not good, the first at 0.000 s",
    ),
    "liveness answers within 3 s": (
        "liveness",
        lambda: application(live_took_s=2.9),
        lambda: application(live_took_s=3.1),
        "12 of 12 liveness probes not good, the first at -2.000 s",
    ),
    "nothing restarts": (
        "nothing restarts",
        application,
        lambda: application(starts=("one", "two")),
        "the application's process was restarted",
    ),
    "readiness is red in time": (
        "readiness falls",
        lambda: application(
            ready_s=6.0, recovered_s=6.1, health_red_s=2.4, health_up_s=6.5, end_s=13.0
        ),
        lambda: application(
            ready_s=6.0, recovered_s=6.1, health_red_s=2.7, health_up_s=6.5, end_s=13.0
        ),
        "readiness red 2.652 s after the loss, bound 2.5 s",
    ),
    "readiness is red at all": (
        "readiness falls",
        lambda: application(ready_s=6.0, recovered_s=6.1, health_up_s=6.5, end_s=13.0),
        lambda: application(
            ready_s=6.0, recovered_s=6.1, health_red_s=NEVER, health_up_s=6.5, end_s=13.0
        ),
        "readiness red never, bound 2.5 s",
    ),
    "refused new sessions turn it red within three intervals": (
        "readiness falls",
        lambda: only_new(health_red_s=4.4),
        lambda: only_new(health_red_s=4.8),
        "readiness red 4.737 s after the loss, bound 4.5 s",
    ),
    "a server that was back for 2 s was lost once more": (
        "readiness falls",
        lambda: flap(last_outage_s=1.5),
        lambda: flap(last_outage_s=NEVER),
        "a loss of 0.950 s stands in no last outage, and readiness was not red within 2.5 s",
    ),
    "a short loss stands in the last outage": (
        "readiness falls",
        short,
        lambda: short(last_outage_s=NEVER),
        "a loss of 0.930 s stands in no last outage, and readiness was not red within 2.5 s",
    ),
    "a last outage known before tells nothing of this one": (
        "readiness falls",
        short,
        lambda: short(last_outage_s=-2.0),
        "a loss of 0.930 s stands in no last outage, and readiness was not red within 2.5 s",
    ),
    "red long after a short loss does not stand for it": (
        "readiness falls",
        short,
        lambda: application(
            start_event_s=0.9,
            ready_s=1.0,
            recovered_s=1.2,
            health_red_s=5.0,
            health_up_s=5.5,
            last_outage_s=NEVER,
            end_s=12.0,
        ),
        "a loss of 0.930 s stands in no last outage, and readiness was not red within 2.5 s",
    ),
    "health is green for 6 s in which reads hang": (
        "no false green",
        lambda: frozen(health_red_s=2.4),
        lambda: frozen(health_red_s=NEVER),
        "green for 5.940 s while reads could not end, bound 2.5 s",
    ),
    "health is green again for 3 s in the middle": (
        "no false green",
        lambda: frozen(green_again=(2.5, 4.4)),
        lambda: frozen(green_again=(2.5, 5.5)),
        "green for 3.535 s while reads could not end, bound 2.5 s",
    ),
    "health is green while reads fail at once": (
        "no false green",
        lambda: long(green_again=(2.5, 4.4)),
        lambda: long(green_again=(2.5, 5.5)),
        "green for 3.550 s while reads could not end, bound 2.5 s",
    ),
    "each loss has its own bound": (
        "no false green",
        lambda: flap_of_users(6.0),
        lambda: flap_of_users(6.7),
        "green for 2.700 s while reads could not end, bound 2.5 s",
    ),
    "refused new sessions may be green for three intervals": (
        "no false green",
        lambda: only_new(recovered_s=6.1, health_red_s=4.4),
        lambda: only_new(recovered_s=6.1, health_red_s=4.8),
        "green for 4.735 s while reads could not end, bound 4.5 s",
    ),
    "readiness is green in time": (
        "readiness returns",
        lambda: application(health_up_s=4.4, end_s=10.0),
        lambda: application(health_up_s=4.7, end_s=10.0),
        "readiness green 2.697 s after ready, bound 2.5 s",
    ),
    "a green that speaks of the server before does not count": (
        "readiness returns",
        lambda: application(health_up_s=2.1, health_names_s=4.4, end_s=10.0),
        lambda: application(health_up_s=2.1, health_names_s=4.8, end_s=10.0),
        "readiness green 2.797 s after ready, bound 2.5 s",
    ),
    "a pool gives all connections back": (
        "pool whole",
        outage,
        lambda: outage(looks=((5, 0), (5, 1))),
        "1 connections still checked out at the end",
    ),
    "a crowd's pool has everything back": (
        "pool whole",
        crowd,
        lambda: crowd(looks=((5, 0), (5, 15))),
        "15 connections still checked out at the end",
    ),
    "a pool keeps its size": (
        "pool whole",
        outage,
        lambda: outage(looks=((5, 0), (4, 0))),
        "the pool's size was 5 and is 4",
    ),
    "the server's log has no PANIC": (
        "server sound",
        outage,
        lambda: outage(extra=[outage().log("PANIC", "XX000")]),
        "server log: [71] PANIC XX000: told by the server",
    ),
    "the server's log has no FATAL that the fault does not explain": (
        "server sound",
        lambda: outage(extra=[outage().log("FATAL", "57P01")]),
        lambda: outage(extra=[outage().log("FATAL", "53200")]),
        "server log: [71] FATAL 53200: told by the server",
    ),
    "of one's own engine no read that met the outage waits on": (
        "waits end",
        lambda: with_read(outage(daemon=False), 0.5, "ok", 2.4),
        lambda: with_read(outage(daemon=False), 0.5, "ok", 2.7),
        "1 reads waited on after ready, the longest for 1.195 s",
    ),
    "a client that hung up is no fault of the server's, whatever was done": (
        "server sound",
        lambda: untouched(extra=[outage().log("FATAL", "08006")]),
        lambda: untouched(extra=[outage().log("FATAL", "57P01")]),
        "server log: [71] FATAL 57P01: told by the server",
    ),
}


@pytest.mark.parametrize("told", TABLE)
def test_rule_is_kept(told: str) -> None:
    """The history that keeps a rule is held to it, and passed."""
    rule, keeps, _, _ = TABLE[told]
    cell = keeps().cell()
    assert rule in cell.rules
    assert ("passed", []) == (cell.verdict, cell.failures), (cell.failures, cell.doubts)


@pytest.mark.parametrize("told", TABLE)
def test_rule_is_broken(told: str) -> None:
    """Its neighbour is failed, for that rule, in words that say how."""
    rule, _, breaks, said = TABLE[told]
    cell = breaks().cell()
    assert "failed" == cell.verdict, (cell.failures, cell.doubts)
    assert [said] == [one.said for one in cell.failures if one.rule == rule], cell.failures


@pytest.mark.parametrize(
    ("declared", "holds"),
    [
        ({"heal_cuts": "both"}, False),
        ({"delays_s": 0.5}, False),
        ({"denies": ("reads",)}, False),
        ({"denies": ("writes",)}, True),
    ],
)
def test_reads_are_undisturbed_only_where_the_fault_leaves_them_alone(
    declared: dict[str, object], holds: bool
) -> None:
    """Not those that it cuts as it heals, delays or denies; a contender writes nothing."""
    script = with_read(untouched(effects=Effects(cuts="none", **declared)), 1.02, "failed")
    assert holds == ("undisturbed" in {one.rule for one in script.cell().failures})


@pytest.mark.parametrize(
    ("declared", "holds"),
    [
        ({"cuts": "none", "delays_s": 0.5}, True),
        ({"cuts": "none"}, False),
        ({"cuts": "new", "delays_s": 0.5}, False),
        ({"cuts": "none", "delays_s": 0.5, "heal_cuts": "established"}, False),
        ({"cuts": "none", "delays_s": 0.5, "denies": ("reads",)}, False),
    ],
)
def test_reads_are_only_delayed_where_the_fault_does_nothing_else(
    declared: dict[str, object], holds: bool
) -> None:
    """Who is cut or denied as well has reason to fail; where nothing is delayed, none to wait."""
    script = with_read(untouched(effects=Effects(**declared)), 1.02, "failed")
    assert holds == ("only delayed" in {one.rule for one in script.cell().failures})


@pytest.mark.parametrize(("cuts", "asked"), [("idle", False), ("established", True)])
def test_readiness_is_asked_where_the_checks_own_session_is_cut(cuts: str, asked: bool) -> None:
    """What checks every second idles not: nothing is lost that it could see."""
    rules = application(effects=Effects(cuts=cuts)).cell().rules
    assert [asked, asked] == [rule in rules for rule in ("readiness falls", "readiness returns")]


def test_who_does_not_wait_for_a_lock_has_not_met_it() -> None:
    """His reads touch another table, or none: that all were good proves nothing."""
    script = locked()
    assert "passed" == script.cell().verdict
    script.cells[0].added.clear()
    cell = script.cell()
    assert "inconclusive" == cell.verdict
    assert [one.said for one in cell.doubts if one.said.startswith("it met nothing")]
    assert "passed" == slowed().cell().verdict  # so little is no wait that could be told


def test_every_rule_has_its_two_histories() -> None:
    """A new rule comes with its own."""
    assert set(RULES) == {rule for rule, *_ in TABLE.values()}


def test_rule_says_what_its_function_says(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its docstring is its promise, as the table of docs/measuring.md has it; it binds everyone."""
    monkeypatch.setattr(making, "RULES", {})

    def broken(case: object) -> Iterator[str]:
        """All XIDs keep their X."""
        yield f"{case} is not"

    assert broken is making.rule("kept", "0 lost", needs="pool")(broken)
    rule = making.RULES["kept"]
    assert rule == Rule(
        name="kept",
        says="all XIDs keep their X",
        bound="0 lost",
        applies=rule.applies,
        broken=broken,
        needs="pool",
    )
    assert rule.applies(None)
    making.rule("free", "none", lambda case: case == "mine")(lambda _: iter(()))
    free = making.RULES["free"]
    assert ("", "", [True, False]) == (free.says, free.needs, [*map(free.applies, ("mine", ""))])


NEEDS = {rule.name: rule.needs for rule in RULES.values() if rule.needs}


@pytest.mark.parametrize("name", NEEDS)
def test_rule_without_its_capability_is_not_judged_by_name(name: str) -> None:
    """It neither fails nor passes by silence: the capability that is missing is named."""
    script = application(**({"effects": SLOWED} if name == "sessions kept" else {}))
    script.capabilities.remove(NEEDS[name])
    if NEEDS[name] == "application":
        script.cells[0].contender = "dashboard"
        return  # without an application no cell is one
    cell = script.cell()
    assert name not in cell.rules
    assert any(said.startswith(f"{name}: no ") for said in cell.not_judged), cell.not_judged


def test_missing_health_probe_is_named() -> None:
    """The words of the report."""
    script = application()
    script.capabilities.remove("health")
    assert "readiness falls: no health probe declared" in script.cell().not_judged


def test_application_without_a_health_probe_recovers_by_its_reads_alone() -> None:
    """System Health is not waited for where none is declared."""
    script = application(health_up_s=NEVER)
    script.capabilities.remove("health")
    script.capabilities.remove("liveness")
    assert "passed" == script.cell().verdict


def test_waived_promise_is_shown_and_decides_nothing() -> None:
    """The same broken history, with and without the waiver."""
    broken = outage(looks=((5, 0), (4, 0)))
    assert "failed" == broken.cell().verdict
    broken.waived = ["pool whole", "no relapse"]
    cell = broken.cell()
    told = [
        "no relapse: waived by the plan, kept",
        "pool whole: waived by the plan, broken: the pool's size was 5 and is 4",
    ]
    assert ("passed", told) == (cell.verdict, cell.not_judged)
    assert not {"pool whole", "no relapse"} & set(cell.rules)


def test_waiver_is_of_promises_which_a_control_makes_none_of() -> None:
    """It must still break its named rule; and what was not promised is not shown as waived."""
    control = outage(contender="pinned", recovered_s=NEVER, end_s=17.5, waived=["recovers"])
    cell = control.cell()
    assert ("passed", ["recovers"], []) == (cell.verdict, cell.rules, cell.not_judged)
    assert [] == outage(contender="dispose", waived=["recovers"]).cell().not_judged
    assert [] == outage(waived=["first reads"]).cell().not_judged


def test_pool_is_judged_by_its_last_look() -> None:
    """A connection that comes back a moment later is whole."""
    script = outage()
    who = {"contender": "adopted", "job": "steady", "size": 5}
    script.cells[0].looks = ((5, 0), (5, 2))
    script.extra.append(Look(at=0.0, checked_in=5, checked_out=0, **who))
    assert "passed" == script.cell().verdict


def test_waits_without_an_end_are_said() -> None:
    """Missed reads after which none was good: how long at the least, and that it has no end."""
    script = outage(gap=(7.0, 9.0))
    for at_s in (7.0, 8.9):
        with_read(script, at_s, "missed")
    said = next(one.said for one in script.cell().failures)
    assert "1 waited over 1 s" in said
    assert "some without end" in said

"""What was lost where the server's start stands: a crash, ended sessions, a smart shutdown."""

from collections.abc import Callable

import pytest

from recovery_lab.faults import FAULTS
from recovery_lab.faults.base import Effects
from recovery_lab.judge import loss
from recovery_lab.record.history import Ended, Event, LogLine
from tests.unit.recovery_lab.histories import (
    NEVER,
    ORIGIN,
    Reads,
    Script,
    application,
    idle,
    outage,
    steps,
    untouched,
)

Make = Callable[..., Script]
CRASH = "terminating any other active server processes"
NOTHING = "no outage was seen: no start of the server, no session ended, none refused"
COMMAND = FAULTS["command"].effects
IDLE = Effects(cuts="idle", ends_sessions=True, explains=("57P05",))
BOTH_JOBS = [(application, "dashboard"), (idle, "adopted")]


def unmoved(make: Make = outage, **changed: object) -> Script:
    """Return a command's outage whose server goes on: no new session is refused, reads are back."""
    words = {"fault": "command", "ready_s": 0.0, "recovered_s": 0.3, "released_s": 4.6, **changed}
    return make(**words)


def crashed(make: Make = outage, at_s: float = 0.05, **changed: object) -> Script:
    """Return an outage in which one backend was killed: no line names a session that was ended."""
    return unmoved(make, extra=[outage().log("LOG", "00000", 1, at_s, CRASH)], **changed)


def terminated(make: Make = outage, sqlstate: str = "57P01", **changed: object) -> Script:
    """Return an outage in which sessions were ended by name."""
    lines = [outage().log("FATAL", sqlstate, pid) for pid in range(71, 76)]
    return unmoved(make, extra=lines, **changed)


def told(sqlstate: str, at_s: float = 0.2) -> Ended:
    """Return a read that failed in the server's own words."""
    who = {"contender": "adopted", "job": "steady"}
    return Ended(op=2, at=ORIGIN + at_s, outcome="error", sqlstate=sqlstate, **who)


def smart(ends_s: float = 3.5, **changed: object) -> Script:
    """Return a command's outage that refused new sessions, and ended the others some time later."""
    lines = [outage().log("FATAL", "57P01", pid, ends_s) for pid in range(71, 76)]
    script = outage(
        fault="command",
        moves=True,
        named=False,
        start_event_s=ends_s + 0.5,
        ready_s=ends_s + 1.0,
        health_up_s=ends_s + 1.5,
        health_names_s=ends_s + 1.3,
        last_outage_s=ends_s + 1.4,
        end_s=ends_s + 9.0,
        extra=[*lines, Event(at=ORIGIN + ends_s, action="die")],
        drop=lambda r: isinstance(r, Event) and r.action == "die" and r.at < ORIGIN + ends_s,
        keeps_session_s=ends_s,
        recovered_s=ends_s + 1.1,
        gap=(0.05, ends_s),
        **changed,
    )
    script.cells[0].added = [(at_s, "ok", 0.003) for at_s in steps(0.05, ends_s, 0.05)]
    return script


@pytest.mark.parametrize(("make", "contender"), BOTH_JOBS)
@pytest.mark.parametrize("outage_of", [crashed, terminated])
def test_sessions_that_a_command_ended_are_an_outage(outage_of, make: Make, contender: str) -> None:
    """Though the server's start stands and new sessions always worked: judged, and passed."""
    judged = outage_of(make).judged()
    assert ("passed", 5) == (judged.verdict, judged.sessions_lost)
    assert contender == judged.cells[0].contender


@pytest.mark.parametrize("sqlstate", ["57P01", "57P02", "57P05"])
def test_sessions_are_ended_by_an_operator_a_crash_or_idleness(sqlstate: str) -> None:
    """Whichever it was, the server's line about it is the command's own."""
    assert "passed" == terminated(sqlstate=sqlstate).judged().verdict


@pytest.mark.parametrize("outage_of", [crashed, terminated])
def test_who_does_not_come_back_from_it_is_failed(outage_of) -> None:
    """What users suffered counts, not whether the server restarted."""
    script = outage_of(recovered_s=NEVER, end_s=18.0, limit_s=15.0)
    assert "failed" == script.cell().verdict


@pytest.mark.parametrize(
    "script",
    [
        untouched(fault="command"),
        crashed(at_s=-0.05, lost_s=NEVER),
        terminated(sqlstate="40001", lost_s=NEVER),
        unmoved(lost_s=NEVER, extra=[outage().log("LOG", "00000", 1, 0.05, "checkpoint starting")]),
        unmoved(lost_s=NEVER, extra=[outage().log("FATAL", "57P01", 999)]),
    ],
    ids=["nothing", "a crash before it", "another error", "another line", "a stranger's session"],
)
def test_command_that_ended_nothing_proves_nothing(script: Script) -> None:
    """Control: it stays inconclusive, whatever else the server writes."""
    cell = script.cell()
    assert "inconclusive" == cell.verdict
    assert [NOTHING] == [doubt.said for doubt in cell.doubts if doubt.kind == "void"]


@pytest.mark.parametrize(
    ("sqlstate", "at_s", "cuts"),
    [
        ("57P01", 0.2, "established"),
        ("57P02", 0.2, "established"),
        ("57P05", 0.2, "established"),
        ("57P01", -0.2, "none"),
        ("57014", 0.2, "none"),
        ("", 0.2, "none"),
    ],
)
def test_client_that_was_told_of_its_end_is_believed(sqlstate: str, at_s: float, cuts: str) -> None:
    """A target need not show its server's log."""
    script = unmoved(lost_s=NEVER, without=(LogLine,), extra=[told(sqlstate, at_s)])
    assert cuts == loss.effects_seen(script.history(), COMMAND).cuts


def test_crash_is_lost_at_the_servers_own_word() -> None:
    """Not at the next probe, which may come when it has recovered; and all sessions are."""
    history = crashed(at_s=0.031).history()
    assert ORIGIN + 0.031 == loss.lost(history, COMMAND)
    assert {71, 72, 73, 74, 75} == loss.lost_sessions(history, COMMAND)


def test_session_that_ends_after_the_silence_began_is_no_loss() -> None:
    """As one that its own client ends when packets are dropped no more: it was gone long before."""
    drop = {"fault": "drop", "start_event_s": None, "bad_probe": "timed out"}
    silent = outage(**drop)
    lost_at = loss.lost(silent.history(), FAULTS["drop"].effects)
    assert lost_at == pytest.approx(ORIGIN + 0.05, abs=0.1)
    later = outage(**drop, extra=[silent.log("FATAL", "57P01", at_s=3.0)])
    assert lost_at == loss.lost(later.history(), FAULTS["drop"].effects)
    at_once = outage(**drop, extra=[silent.log("FATAL", "57P01", at_s=0.03)])
    assert ORIGIN + 0.03 == pytest.approx(loss.lost(at_once.history(), FAULTS["drop"].effects))


def test_smart_shutdown_is_lost_at_the_first_refusal() -> None:
    """Its sessions go on for as long as nobody ends them, and the container runs."""
    script = smart()
    seen = loss.effects_seen(script.history(), COMMAND)
    assert ("new", "established", True) == (seen.cuts, seen.heal_cuts, seen.ends_sessions)
    assert ORIGIN + 0.065 == pytest.approx(loss.lost(script.history(), COMMAND))
    assert "passed" == script.cell().verdict


@pytest.mark.parametrize(("ends_s", "cuts"), [(1.05, "both"), (1.1, "new")])
def test_sessions_outlive_a_refusal_by_a_second(ends_s: float, cuts: str) -> None:
    """A restart ends them at once, on a busy machine a little later."""
    assert cuts == loss.effects_seen(smart(ends_s).history(), COMMAND).cuts


@pytest.mark.parametrize(("red_s", "verdict"), [(4.4, "passed"), (4.8, "failed")])
def test_smart_shutdown_is_noticed_within_three_checks(red_s: float, verdict: str) -> None:
    """Only new sessions are refused, and an outage of one interval would be too strict."""
    script = smart(ends_s=6.5, contender="dashboard", health_red_s=red_s)
    assert verdict == script.cell().verdict


def momentary(fault: str, make: Make = outage, **changed: object) -> Script:
    """Return an outage of one of our own faults, on a target that shows no log of its server."""
    words = {"ready_s": 0.0, "recovered_s": 0.3, "released_s": 4.6, "without": (LogLine,)}
    script = make(fault=fault, **{**words, **changed})
    script.capabilities.remove("server log")
    return script


@pytest.mark.parametrize("fault", ["crash", "terminate"])
@pytest.mark.parametrize("make", [outage, idle])
def test_landed_fault_that_ends_sessions_is_met_by_all(fault: str, make: Make) -> None:
    """Its evidence is that they are gone; without it nothing is known."""
    judged = momentary(fault, make).judged()
    assert ("passed", 5) == (judged.verdict, judged.sessions_lost)
    unproven = momentary(fault, make, steps=("injecting", "injected", "healed", "back")).judged()
    assert ("inconclusive", 0) == (unproven.verdict, unproven.sessions_lost)


@pytest.mark.parametrize("fault", ["crash", "terminate"])
def test_control_fails_where_the_server_goes_on(fault: str) -> None:
    """Who never connects again is not back, and an idle pool hands out what is gone."""
    script = momentary(fault, end_s=18.0)
    script.cells.append(Reads(contender="pinned", recovered_s=NEVER))
    script.cells.append(Reads(contender="naive", job="idle", first_outcome="failed"))
    labels = [cell.label for cell in script.judged().cells]
    assert ["passed", *["control failed, as it must"] * 2] == labels


@pytest.mark.parametrize("fault", ["crash", "terminate"])
def test_session_that_outlives_a_fault_that_ends_all_voids_it(fault: str) -> None:
    """Also seconds later: a pid is not given again under the same postmaster."""
    script = momentary(fault, keeps_session_s=NEVER, gap=(0.05, 1.3))
    said = "established sessions read on through the fault: adopted"
    assert said in [doubt.said for doubt in script.cell().doubts]


@pytest.mark.parametrize(("log", "lost"), [((), 5), ((71, 91), 6)])
def test_landed_fault_that_ends_idle_sessions_has_ended_the_idle_pools(log, lost) -> None:
    """And of the busy ones those that the server's log names; no busy one by silence."""
    script = momentary("terminate", idle, effects=IDLE)
    script.cells.append(Reads(contender="naive", backends=(91, 92), keeps_session_s=NEVER))
    script.extra = [script.log("FATAL", "57P05", pid) for pid in log]
    script.without = ()
    assert lost == script.judged().sessions_lost


@pytest.mark.parametrize(("job", "doubts"), [("steady", 0), ("idle", 1)])
def test_session_that_reads_on_is_a_sign_only_where_it_idled(job: str, doubts: int) -> None:
    """Who reads all the time is not cut; who did not, and answers, was not cut either."""
    script = momentary("terminate", outage, effects=IDLE, job=job, keeps_session_s=NEVER)
    said = [doubt.said for doubt in script.judged().doubts]
    assert doubts == said.count("established sessions read on through the fault: adopted"), said

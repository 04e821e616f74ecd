"""What an operator reads while an outage goes on, and at its end."""

import time

import pytest

from recovery_lab.judge.verdict import judge_outage
from recovery_lab.record.history import Container, Event, History, LogLine, Missed
from recovery_lab.report.closing import closing_lines
from recovery_lab.report.terminal import Screen
from tests.unit.recovery_lab.histories import application
from tests.unit.recovery_lab.report.played import ORIGIN, Played, when


def screen(played: Played, *until_s: float) -> list[str]:
    """Return what is printed when the record is looked at as far as each instant."""
    lines: list[str] = []
    show = Screen(lines.append, "restart (fast)", played.info(), "default (local)")
    history = History()
    records = sorted(played.records(), key=when)
    for end_s in until_s:
        while records and when(records[0]) < ORIGIN + end_s:
            history.append(records.pop(0))
        show.look(history)
    return lines


def test_phases_are_printed_once_when_they_are_known() -> None:
    """Asked and lost while the server is down; the rest 2 s after it has held."""
    early = screen(Played(), -0.5, 0.3)
    assert early == [
        (
            "restart (fast) · postgres 17.6 · policy adopted (plan 18-03)"
            " · docker context: default (local)"
        ),
        "before    System Health up · 5 idle pooled connections (backends 71-75)",
        " 0.000 s  restart asked",
        " 0.100 s  5 of 5 sessions lost: terminating connection due to administrator command",
    ]
    looks = [at / 2 for at in range(-1, 19)]
    assert screen(Played(), *looks) == [
        *early,
        " 0.592 s  server ready (± 12 ms; start time moved 09:00:00 -> 09:14:31)",
        " 0.703 s  first live read through the same pool (backend 102)",
        " 0.902 s  System Health up",
    ]


def test_server_that_ended_without_a_word_is_said_to() -> None:
    """A killed one logs nothing of the sessions that are gone."""
    history = History(r for r in Played().records() if not isinstance(r, LogLine))
    lines: list[str] = []
    Screen(lines.append, "kill", Played().info(), "default").look(history)
    assert " 0.105 s  5 of 5 sessions lost: the server ended without a word" in lines


def test_crash_is_said_in_the_servers_own_words() -> None:
    """It names no session, and all of them are gone."""
    said = "terminating any other active server processes"
    records = [r for r in Played().records() if not isinstance(r, LogLine)]
    line = {"pid": 1, "sqlstate": "00000", "application": "", "severity": "LOG"}
    crash = LogLine(at=ORIGIN + 0.1, message=said, **line)
    lines: list[str] = []
    Screen(lines.append, "crash", Played().info(), "default").look(History([*records, crash]))
    assert f" 0.100 s  5 of 5 sessions lost: {said}" in lines


def test_another_history_is_another_outage() -> None:
    """With repeats each outage has its own header and phases."""
    lines: list[str] = []
    show = Screen(lines.append, "restart", Played().info(), "default")
    for _ in range(2):
        show.look(Played().history())
    assert 2 == sum(line.endswith("restart asked") for line in lines)
    assert 14 == len(lines)


def test_a_look_is_cheap() -> None:
    """At 120 s of record a look takes far less than the second between two."""
    played = Played(end_s=120.0)
    history = played.history()
    show = Screen(lambda _: None, "restart", played.info(), "default")
    began = time.process_time()
    show.look(history)
    assert time.process_time() - began < 0.5


def test_closing_lines_show_all_outcomes_and_end_with_the_verdict() -> None:
    """The outage is its two shares; five outcomes; the window; one verdict."""
    played = Played(missed=(0.3, 0.35, 0.4))
    assert closing_lines(played.judged()) == [
        "outage    0.603 s = server 0.480 s + ours 0.123 s",
        (
            "reads     208 ok · 12 failed · 0 hung · 3 missed · 0 unfinished; "
            "after ready 166 ok · 1 failed · 0 hung · 0 missed · 0 unfinished"
        ),
        "window    both back 0.322 s after ready (target 60 s, limit 120 s)",
        "process   dashboard not restarted",
        "RECOVERED: nobody had to intervene.",
    ]


def test_idle_job_has_first_reads_and_no_lag() -> None:
    """It is asked late on purpose: nothing of that is "ours"."""
    lines = closing_lines(Played(job="idle", first_failed=2).judged())
    assert lines[0] == "outage    server 0.480 s"
    assert lines[1].startswith(
        "first     3 ok · 2 failed · 0 hung · 0 missed · 0 unfinished; longest"
    )
    assert lines[3] == "window    System Health back 0.322 s after ready (target 60 s, limit 120 s)"
    assert lines[-1].startswith("NOT RECOVERED: first reads: 2 of the first 5 reads not good")


def test_broken_rules_are_named_and_doubts_stand_beside() -> None:
    """A failure is no less one for a doubt."""
    gap = Missed(due_at=ORIGIN + 8.9, contender="dashboard", job="steady")
    *_, verdict = closing_lines(
        Played(extra=[gap], recovered_s=99.0, end_s=8.0, limit_s=5.0).judged()
    )
    assert verdict.startswith("NOT RECOVERED: recovers: no recovery, censored 7.4 s after ready; ")
    assert "; in doubt: " in verdict


def test_doubt_alone_is_inconclusive() -> None:
    """Nothing that was not shown is called recovered."""
    played = Played()
    judged = judge_outage(played.info(), History())
    assert closing_lines(judged)[-1].startswith("INCONCLUSIVE: in doubt: no fault was asked for")


def test_rules_without_their_capability_stand_in_one_line() -> None:
    """Not judged, by name: never passed by silence."""
    lines = closing_lines(Played(capabilities=("application",)).judged())
    assert (
        "not judged: no liveness probe declared (liveness); no health probe declared "
        "(readiness falls, no false green, readiness returns); no pool declared (pool whole); "
        "no server log declared (server sound)"
    ) in lines
    assert "window    reads back 0.123 s after ready (target 60 s, limit 120 s)" in lines


def test_waived_promise_is_no_recovery() -> None:
    """It decides nothing, and the last line does not say that all came back."""
    *_, waived, verdict = closing_lines(
        Played(limit_s=5.0, recovered_s=99.0, waived=["recovers"]).judged()
    )
    assert waived == (
        "not judged: waived by the plan, broken: no recovery, censored 8.4 s after ready (recovers)"
    )
    assert verdict == "PASSED, but for what the plan waives: recovers."


@pytest.mark.parametrize(("start", "said"), [("one", "not restarted"), ("two", "RESTARTED")])
def test_restarted_process_is_said(start: str, said: str) -> None:
    """By the container's own start, before and after."""
    starts = [
        Container(at=ORIGIN + at, role="application", id="d", started=started)
        for at, started in ((-1.0, "one"), (8.0, start))
    ]
    assert f"process   dashboard {said}" in closing_lines(Played(extra=starts).judged())


@pytest.mark.parametrize(("end_s", "said"), [(9.0, "back 0.003 s after"), (5.5, "back not at all")])
def test_restart_by_hand_is_said_with_what_it_took(end_s: float, said: str) -> None:
    """From the command to the reads that are good from then on, seen for 2 s."""
    told = Event(at=ORIGIN + 4.0, action="kill", role="application")
    lines = closing_lines(Played(extra=[told], end_s=end_s).judged())
    process = next(line for line in lines if line.startswith("process"))
    assert f"process   dashboard not restarted, told to at 4.000 s; reads {said}" in process


def test_what_was_measured_beside_stands_in_one_line() -> None:
    """Connections and log lines, and how long health was green while nobody was served."""
    played = application(opens=[(0.3, 4), (1.5, 3)], logs=[(0.4, 2)])
    assert (
        "beside    7 connections opened, at most 4 in a second; at most 2 log lines in a second; "
        "green while users wait 0.550 s"
    ) in closing_lines(played.judged())
    uncounted = application(uncounted=(0.0, 99.0))
    uncounted.capabilities.remove("health")
    assert "beside    at most 0 log lines in a second" in closing_lines(uncounted.judged())

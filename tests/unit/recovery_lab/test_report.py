"""What an operator reads: the phases, the closing lines, the page for a ticket."""

from recovery_lab.judge.outage import judge
from recovery_lab.judge.phases import phases
from recovery_lab.report.restart import before_line, closing_lines, markdown
from tests.unit.recovery_lab.histories import BEFORE, Script


def test_phases_are_told_in_the_order_they_happened() -> None:
    """Asked, lost, ready, first read, health: with the pids and start times that prove them."""
    told = list(phases(judge(Script().history(), 120.0), "restart"))
    assert [phase.at_s for phase in told] == sorted(phase.at_s for phase in told)
    words = [phase.text for phase in told]
    assert words[0] == "restart asked"
    assert words[1].startswith("5 of 5 sessions lost: terminating connection")
    assert words[2] == "server ready (start time moved 09:00:00 -> 09:14:31)"
    assert words[3] == "first live read through the same pool (backend 102)"
    assert words[4] == "System Health up · dashboard process not restarted"


def test_phases_of_a_kill_wait_for_the_server_to_tell_what_was_lost() -> None:
    """A killed server leaves no word: its sessions count as lost once its start time moved."""
    killed = Script(fatal_lines=False)
    words = [phase.text for phase in phases(judge(killed.history(), 120.0), "crash")]
    assert words[1] == "5 of 5 sessions lost: the server ended without a word"
    early = Script(fatal_lines=False, end_s=0.4)
    assert [phase.key for phase in phases(judge(early.history(), 120.0), "crash")] == ["asked"]


def test_unmoved_start_time_is_said() -> None:
    """The line about the server never claims a restart that did not happen."""
    told = phases(judge(Script(server_after=BEFORE).history(), 120.0), "restart")
    assert "server ready (start time did not move)" in [phase.text for phase in told]


def test_closing_lines_add_up_and_end_with_the_verdict() -> None:
    """The outage is its two shares; reads by outcome; the window; one verdict."""
    outage, reads, window, verdict = closing_lines(judge(Script().history(), 120.0))
    assert outage == "outage    0.463 s = server 0.420 s + ours 0.043 s"
    assert reads == (
        "reads     151 ok · 9 failed in outage · 0 failed after ready · 0 hung · 0 missed"
    )
    assert window == "window    both back 0.542 s after ready (target 60 s, limit 120 s)"
    assert verdict == "RECOVERED without a hand."


def test_failed_and_doubtful_outages_say_why() -> None:
    """Neither is called recovered, and each names its reason."""
    failed = closing_lines(judge(Script(recovered_s=99.0).history(), 15.0))
    assert failed[-1].startswith("NOT RECOVERED: System Health and a live read were not both")
    doubtful = closing_lines(judge(Script(server_after=BEFORE).history(), 120.0))
    assert doubtful[-1].startswith("INCONCLUSIVE: start time did not move")


def test_pids_that_run_on_are_shown_as_a_range() -> None:
    """71-75, but 71, 73 where one is missing."""
    assert "(backends 71-75)" in before_line(judge(Script().history(), 120.0))
    broken = Script(backends=(71, 73))
    assert "(backends 71, 73)" in before_line(judge(broken.history(), 120.0))


def test_page_has_every_run_median_and_worst() -> None:
    """One table row a run, and the summary's median and worst from the runs."""
    quick, slow = Script(), Script(recovered_s=0.80)
    page = markdown(
        [judge(s.history(), 120.0) for s in (quick, quick, slow)], "restart", {"PostgreSQL": "17.6"}
    )
    assert "| PostgreSQL | 17.6 |" in page
    assert "3 of 3 runs recovered without a hand." in page
    assert "indicative" in page
    assert "| ours (recovery lag) | 0.043 s | 0.343 s |" in page
    assert page.count("| passed |") == 3


def test_page_calls_a_run_that_never_came_back_the_worst() -> None:
    """Median and worst are over all runs: one without recovery does not drop out."""
    good, lost = Script(), Script(recovered_s=99.0)
    page = markdown([judge(s.history(), 15.0) for s in (good, good, lost)], "restart", {})
    assert "| ours (recovery lag) | 0.043 s | never |" in page
    assert "2 of 3 runs recovered" in page

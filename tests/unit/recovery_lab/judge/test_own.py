"""One's own engine or URL: what is judged where neither Docker nor a login tells of the server."""

from recovery_lab.record.history import Container, Probe, Warmed
from tests.unit.recovery_lab.histories import NEVER, ORIGIN, Script, idle, outage

COMMAND = {"fault": "command", "daemon": False, "metered": False}


def own(**changed: object) -> Script:
    """Return an outage by a command that Docker knows nothing of."""
    without = (Container, *changed.pop("without", ()))
    return outage(**{**COMMAND, "start_event_s": None, "without": without, **changed})


def blind(**changed: object) -> Script:
    """Return the same where no fresh session tells."""
    return own(login=False, without=(Probe,), **changed)


def test_docker_need_not_tell() -> None:
    """A server restarted in place has no container; one that has is looked at all the same."""
    assert ("passed", []) == (own().cell().verdict, own().cell().doubts)
    said = [doubt.said for doubt in own(daemon=True).cell().doubts]
    assert any("the containers were not looked at" in one for one in said)


def test_without_a_login_readers_tell_of_the_outage() -> None:
    """From the command's end on; nobody knows when the server was ready."""
    cell = blind().cell()
    assert ("subject", "passed", []) == (cell.role, cell.verdict, cell.doubts)
    assert cell.figures.in_outage.failed > 0


def test_without_a_login_an_outage_that_hurt_nobody_is_none() -> None:
    """No read failed or waited long: the database may have been away, or not."""
    cell = blind(recovered_s=0.0, lost_s=0.0).cell()
    assert "inconclusive" == cell.verdict
    assert "no outage was seen: no read failed or waited long" in [one.said for one in cell.doubts]


def test_without_a_login_readers_that_are_not_back_have_failed() -> None:
    """By the same window."""
    cell = blind(recovered_s=NEVER, limit_s=5.0).cell()
    assert ("subject", "failed") == (cell.role, cell.verdict)
    assert ["recovers"] == [one.rule for one in cell.failures]


def test_application_that_was_left_alone_has_met_a_new_server() -> None:
    """It shows no pool: its sessions are gone with the server that they were with."""
    warmed = Warmed(
        at=ORIGIN - 1.0, wanted=5, checked_in=5, backends=[], contender="dashboard", job="idle"
    )
    quiet = {**COMMAND, "start_event_s": None, "without": (Container,), "extra": [warmed]}
    quiet["drop"] = lambda record: isinstance(record, Warmed) and record.backends
    quiet |= {"contender": "dashboard", "capabilities": ["application"]}
    met = idle(**quiet, moves=True)
    assert ("subject", []) == (met.cell().role, met.cell().doubts)
    same = idle(**quiet, moves=False)
    assert ("reference", "not met") == (same.cell().role, same.judged().cells[0].label)

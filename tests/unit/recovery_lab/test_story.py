"""The server's log, line by line, on the observer's clock."""

from pathlib import Path

import pytest

from recovery_lab import docker
from recovery_lab.docker import Stack
from recovery_lab.record.history import Clock, Container, Logged
from recovery_lab.record.recorder import Recorder
from recovery_lab.record.story import StackStory, log_lines, logged
from recovery_lab.target import load_target

TARGET = load_target(Path(__file__).parents[3] / "target.toml")
FORMAT = TARGET.server_log.line

LINE = (
    "2026-01-01 09:00:00.629 UTC [74] sqlstate=57P01 app=dashboard-pool "
    "FATAL:  terminating connection due to administrator command"
)
NINE = 1767258000.0  # 2026-01-01 09:00:00 UTC
CLOCKS = [Clock(at=100.0, wall=NINE), Clock(at=200.0, wall=NINE + 100.0)]


@pytest.mark.parametrize("before", ["", "\x1b[2K"], ids=["plain", "with an erase sequence"])
def test_line_becomes_a_record_on_the_observers_clock(before: str) -> None:
    """Time, pid, SQLSTATE, application, severity and text; Compose's escape codes hide none."""
    (line,) = log_lines(before + LINE, FORMAT, CLOCKS)
    assert line.at == pytest.approx(100.629)
    assert (line.pid, line.sqlstate, line.application) == (74, "57P01", "dashboard-pool")
    assert line.severity == "FATAL"
    assert line.message == "terminating connection due to administrator command"


def test_line_without_the_prefix_is_left_out() -> None:
    """What the entrypoint or a shell prints is no word of the server."""
    assert log_lines("server started\n\nPostgreSQL init process complete\n", FORMAT, CLOCKS) == []


def test_empty_application_is_read() -> None:
    """The postmaster's own lines have no application name."""
    own = LINE.replace("dashboard-pool", "").replace("FATAL", "LOG")
    assert log_lines(own, FORMAT, CLOCKS)[0].application == ""


def test_another_servers_format_has_fewer_parts() -> None:
    """PostgreSQL's own default prefix knows no SQLSTATE and no application."""
    line = "2026-01-01 09:00:01.000 UTC [7] FATAL:  the database system is starting up"
    plain = r"(?P<at>\S+ \S+) UTC \[(?P<pid>\d+)\] (?P<severity>[A-Z]+):  (?P<message>.*)"
    (found,) = log_lines(line, plain, CLOCKS)
    assert ("", "", "FATAL") == (found.sqlstate, found.application, found.severity)


TIMED = """2026-01-01T09:00:00.620000001Z read failed: kind=connection_lost
2026-01-01T09:00:00.640000001Z   with a word in 한글, and a carriage\rreturn
2026-01-01T09:00:00.700000001Z\x20
2026-01-01T09:00:02.000000001Z 2026-01-01T08:00:00Z in its own words
"""


def test_application_log_is_counted_by_tenths_of_a_second() -> None:
    """Lines and bytes, without the daemon's stamp, on the observer's clock."""
    found = [(one.at, one.lines, one.bytes) for one in logged(TIMED, "app", CLOCKS)]
    with_word = len("  with a word in 한글, and a carriage\rreturn\n".encode())
    assert [
        (100.6, 2, len("read failed: kind=connection_lost\n") + with_word),
        (100.7, 1, 1),
        (102.0, 1, len("2026-01-01T08:00:00Z in its own words\n")),
    ] == found
    assert [] == logged("", "app", CLOCKS)


def test_application_log_is_kept_without_the_daemons_stamps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the application wrote it; what was counted stands in the history, by its name."""
    monkeypatch.setattr(docker, "service_log", lambda *_, **options: TIMED * options["timed"])
    recorder = Recorder(tmp_path / "history.jsonl")
    for clock in CLOCKS:
        recorder.append(clock)
    told = StackStory(Stack(target=TARGET, project="x"), recorder).application_log("app")
    recorder.close()
    assert [line.partition(" ")[2] for line in TIMED.split("\n")] == told.split("\n")
    assert {"app"} == {one.contender for one in recorder.history.of(Logged)}


def test_story_is_kept_as_both_logs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The database's and the application's, beside the history; what was not fetched yet, too."""
    monkeypatch.setattr(docker, "service_log", lambda _, service, *__, **___: f"log of {service}")
    monkeypatch.setattr(docker, "events", lambda *_: [])
    container = {"Id": "x", "State": {"StartedAt": "then"}}
    monkeypatch.setattr(docker, "container", lambda *_: container)
    recorder = Recorder(tmp_path / "history.jsonl")
    for clock in CLOCKS:
        recorder.append(clock)
    StackStory(Stack(target=TARGET, project="x"), recorder).keep(tmp_path)
    recorder.close()
    assert "log of postgres" == (tmp_path / "server.log").read_text()
    assert "log of dashboard" == (tmp_path / "application.log").read_text()
    assert ["database", "application"] == [one.role for one in recorder.history.of(Container)]

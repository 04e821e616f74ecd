"""What all tests share: the table of what was proven, printed before pytest's own summary."""

import signal
from collections.abc import Iterator

import pytest

from recovery_lab import docker
from recovery_lab.stack import private_stack
from recovery_lab.target import load_target
from tests.running import ROOT, Running


def pytest_configure() -> None:
    """Let SIGTERM end a run as Ctrl-C does: with every finalizer, nothing left behind."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)


@pytest.fixture(scope="session")
def private() -> Iterator[Running]:
    """A stack of the tests' own, not started yet; removed at the end, also when a start failed."""
    docker.refuse_remote()
    target = load_target(ROOT / "target.toml")
    environment = {"DB_POOL_POLICY": "adopted"}
    with private_stack(target, "test", environment, started=False) as stack:
        yield Running(stack)


@pytest.fixture
def proves(record_property):
    """Record in one line what this test has shown, with its figures, for the closing table."""

    def prove(text: str) -> None:
        record_property("proven", text)

    return prove


def pytest_terminal_summary(terminalreporter) -> None:
    """Print one line for each claim: its verdict, its test, and what was seen."""
    rows = [
        (report.outcome, report.nodeid.rsplit("::", 1)[-1], value)
        for reports in terminalreporter.stats.values()
        for report in reports
        if getattr(report, "when", "") == "call"
        for name, value in report.user_properties
        if name == "proven"
    ]
    if rows:
        terminalreporter.section("what was proven")
    for outcome, test, text in rows:
        terminalreporter.write_line(f"{outcome:<7} {test.removeprefix('test_')}: {text}")

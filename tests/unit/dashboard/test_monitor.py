"""The sampling thread."""

import logging
import threading
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from dashboard.errors import Trouble
from dashboard.health import Sample, Server
from dashboard.monitor import Monitor

AT = datetime(2026, 1, 1, tzinfo=UTC)


def sample(*, good: bool = True, session_lost: bool = False) -> Sample:
    """Return a sample."""
    return Sample(
        began_s=0.0,
        ended_s=0.0,
        ended_at=AT,
        server=Server(version="17.6", started_at=AT) if good else None,
        trouble=None if good else Trouble(kind="refused"),
        driver_line=None if good else "OperationalError: Connection refused",
        session_lost=session_lost,
    )


class Script:
    """Samples from a list; then the last one again."""

    def __init__(self, *samples: Sample | Exception) -> None:
        self._samples = list(samples)
        self.taken = 0
        self.closed = threading.Event()

    def sample(self) -> Sample:
        """Return the next sample, or raise."""
        self.taken += 1
        now = self._samples.pop(0) if len(self._samples) > 1 else self._samples[0]
        if isinstance(now, Exception):
            raise now
        return now

    def close(self) -> None:
        """Note the end."""
        self.closed.set()


class Heard:
    """What the monitor told the rest."""

    def __init__(self) -> None:
        self.samples: list[Sample] = []
        self.failed_checks = 0

    def failed(self) -> None:
        """Count a failed check."""
        self.failed_checks += 1


def run(script: Script, wait_for, samples: int) -> Heard:
    """Run a monitor until it told of `samples` samples."""
    heard = Heard()
    monitor = Monitor(
        script, interval_s=0.01, on_sample=heard.samples.append, on_failed_check=heard.failed
    )
    assert "starting" == monitor.health().status
    monitor.start()
    wait_for(lambda: len(heard.samples) >= samples)
    monitor.stop()
    assert script.closed.is_set()
    return heard


def test_good_samples_are_told_and_no_hook_called(wait_for) -> None:
    """While all is well, the pool hears nothing of the monitor."""
    heard = run(Script(sample()), wait_for, 3)
    assert 0 == heard.failed_checks


@pytest.mark.parametrize("first", [sample(good=False), sample(session_lost=True)])
def test_failed_check_calls_the_hook(first: Sample, wait_for) -> None:
    """A check failed when the server is down, or when the session kept was lost."""
    heard = run(Script(first, sample()), wait_for, 3)
    assert 1 == heard.failed_checks


def test_monitor_outlives_a_bug(wait_for, caplog: pytest.LogCaptureFixture) -> None:
    """An unforeseen error is logged, and sampling goes on."""
    heard = run(Script(RuntimeError("a bug"), sample()), wait_for, 2)
    assert heard.samples
    assert "check failed in the dashboard" in caplog.text


def test_changes_are_logged_once(wait_for, caplog: pytest.LogCaptureFixture) -> None:
    """The log tells when the state turns, not each sample."""
    with caplog.at_level(logging.INFO):
        run(Script(sample(), sample(good=False), sample(good=False), sample()), wait_for, 6)
    assert [
        "database up: version=17.6",
        "database down: kind=refused driver=OperationalError: Connection refused",
        "database up: version=17.6",
    ] == caplog.messages


def test_absence_between_two_checks_is_logged(wait_for, caplog: pytest.LogCaptureFixture) -> None:
    """With both checks good, the log alone says why the session between them was lost."""
    lost = replace(sample(session_lost=True), driver_line="OperationalError: terminating")
    with caplog.at_level(logging.WARNING):
        run(Script(sample(), lost, sample()), wait_for, 4)
    line = "database down between two checks: driver=OperationalError: terminating"
    assert [line] == caplog.messages


def test_stop_does_not_wait_for_a_hanging_check() -> None:
    """The process's end is bounded, whatever the database does."""
    release = threading.Event()

    class Hanging(Script):
        def sample(self) -> Sample:
            release.wait(10)
            return super().sample()

    monitor = Monitor(
        Hanging(sample()), interval_s=1, on_sample=lambda _: None, on_failed_check=lambda: None
    )
    monitor.start()
    monitor.stop(timeout_s=0.05)
    assert monitor._thread.is_alive()
    assert monitor._thread.daemon
    release.set()
    monitor._thread.join(5)


def test_stop_before_start_is_nothing() -> None:
    """A server that failed to start stops all the same."""
    Monitor(
        Script(sample()), interval_s=1, on_sample=lambda _: None, on_failed_check=lambda: None
    ).stop()

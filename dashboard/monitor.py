"""The thread that samples the database and publishes what the samples tell."""

import logging
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol

from dashboard.health import Health, HealthTracker, History, Sample, health_at

log = logging.getLogger(__name__)


class Samples(Protocol):
    """Where samples come from."""

    def sample(self) -> Sample:
        """Check the database once, within a deadline."""

    def close(self) -> None:
        """Give up the connection."""


class Monitor:
    """Sample every `interval_s` on a daemon thread; whoever asks is answered from memory."""

    def __init__(
        self,
        samples: Samples,
        *,
        interval_s: float,
        on_sample: Callable[[Sample], None],
        on_failed_check: Callable[[], None],
    ) -> None:
        self.interval_s = interval_s
        self._samples = samples
        self._on_sample = on_sample
        self._on_failed_check = on_failed_check
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="monitor", daemon=True)
        self._tracker = HealthTracker(started_s=time.monotonic(), started_at=datetime.now(UTC))

    def start(self) -> None:
        """Start sampling."""
        self._thread.start()

    def stop(self, *, timeout_s: float = 1.5) -> None:
        """Stop after the sample under way; wait at most `timeout_s` for it."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    def health(self) -> Health:
        """Return the state now."""
        return health_at(self.history, now_s=time.monotonic(), interval_s=self.interval_s)

    @property
    def history(self) -> History:
        """Return what the samples so far tell."""
        return self._tracker.history

    def _run(self) -> None:
        next_s = time.monotonic()
        while not self._stop.wait(max(0.0, next_s - time.monotonic())):
            # On the raster, so that the bounds of an outage are even; a check that took longer
            # than the interval is followed at once, without a burst to catch up.
            next_s = max(next_s + self.interval_s, time.monotonic())
            try:
                self._take()
            except Exception:
                # A monitor that died would leave the last state standing until it is stale.
                log.exception("check failed in the dashboard")
        self._samples.close()

    def _take(self) -> None:
        before = self.history.sample
        sample = self._samples.sample()
        self._tracker.add(sample)
        self._on_sample(sample)
        if before is None or before.good != sample.good:
            _log_change(sample)
        elif sample.good and sample.session_lost:
            log.warning("database down between two checks: driver=%s", sample.driver_line)
        if sample.session_lost or not sample.good:
            self._on_failed_check()


def _log_change(sample: Sample) -> None:
    if sample.server is not None:
        log.info("database up: version=%s", sample.server.version)
    elif sample.trouble is not None:
        log.warning("database down: kind=%s driver=%s", sample.trouble.kind, sample.driver_line)

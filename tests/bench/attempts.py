"""A health check of up to k attempts under the one deadline: the dashboard's own, asked again.

The i-th attempt of k ends i/k of the deadline after the check began, so that a silent server leaves
time for the next one; each after the first opens a session. What fails sooner is tried again at
once or, `spread`, when the attempt's time is up. With one attempt it is the dashboard's check.
"""

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

from psycopg2.extensions import connection

from dashboard.db_connector import Address
from dashboard.health import Sample
from dashboard.sampler import DEADLINE_S, Sampler


class Way(NamedTuple):
    """How often a check tries, and whether it waits before it tries again."""

    attempts: int
    spread: bool = False


WAYS: Mapping[str, Way] = {
    "1": Way(1),
    "2": Way(2),
    "3": Way(3),
    "2, spread": Way(2, spread=True),
    "3, spread": Way(3, spread=True),
}
SILENT = ("1", "2", "3")  # where nothing fails sooner than its time, spread is no other way


class Attempts(Sampler):
    """Check in up to `way.attempts` attempts, all of them within `whole_s`."""

    def __init__(self, address: Address, way: Way, *, whole_s: float = DEADLINE_S) -> None:
        super().__init__(address)
        self._way, self._whole_s = way, whole_s

    @property
    def session(self) -> connection | None:
        """Return the session that is kept, if one is."""
        return self._connection

    def sample(self) -> Sample:
        """Check once; never takes longer than the one deadline."""
        began_s = time.monotonic()
        for number in range(1, self._way.attempts + 1):
            ends_at = began_s + self._whole_s * number / self._way.attempts
            self._deadline_s = ends_at - time.monotonic()
            sample = super().sample()
            if sample.good:
                break
            if self._way.spread and number < self._way.attempts:
                time.sleep(max(0.0, ends_at - time.monotonic()))
        return replace(sample, began_s=began_s)

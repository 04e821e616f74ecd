"""What a test asks of an outage: the judge's verdict, and the reads that it is made of."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from recovery_lab.folder import read_outage
from recovery_lab.judge.account import Read, Tally
from recovery_lab.judge.case import Seen
from recovery_lab.judge.thresholds import THRESHOLDS
from recovery_lab.judge.verdict import OutageVerdict, reasons
from recovery_lab.outage import Word
from recovery_lab.report.words import outcomes, seconds

UNMET = "in doubt: no session that was held before was lost, so nothing of yours met it"
STAYS = ("recovers", "no relapse")  # the rules that `recovers` means


@dataclass(frozen=True, kw_only=True, repr=False)
class FailedRead:
    """A read that was due after ready: `job` steady, or idle, the first use of a pool that idled.

    `outcome` is failed, hung, or missed: nobody was free to send it, and its user waited over 1 s.
    `kind` and `words` are the error's, where there is one.
    """

    job: str
    outcome: str
    kind: str
    words: str
    after_ready_s: float  # when it was due

    def __repr__(self) -> str:
        told = ": ".join(filter(None, (self.outcome, self.kind, self.words)))
        return f"<{self.job} read, {self.after_ready_s:.3f} s after ready: {told}>"


class Outage:
    """One outage, judged. One in doubt fails the test that asks it whether all went well."""

    def __init__(self, judged: OutageVerdict, folder: Path) -> None:
        self._judged = judged
        self.folder = folder  # of its record: outage.json, history.jsonl.gz

    @property
    def verdict(self) -> Word:
        """The judge's: passed, failed or inconclusive."""
        return self._judged.verdict

    @property
    def reasons(self) -> list[str]:
        """Why it is not passed: what failed, then what is in doubt."""
        told = list(dict.fromkeys(why for cell in self._judged.owned for why in reasons(cell)))
        return told or ([UNMET] if self.verdict == "inconclusive" else [])

    @property
    def server_share_s(self) -> float | None:
        """For how long the database was away: from its loss to ready."""
        return self._judged.server_share_s

    @property
    def recovery_lag_s(self) -> float | None:
        """From ready to the first read from which on all were good; None where there is none."""
        return self._judged.own.figures.recovery_lag_s

    @property
    def first_reads(self) -> Tally:
        """How the first reads of the pool that idled ended; of no pool there are none."""
        idle = [cell.figures.first_reads for cell in self._judged.owned if cell.job == "idle"]
        return idle[0] if idle else Tally()

    def recovers(self, within_s: float = THRESHOLDS.target_s) -> bool:
        """Tell whether reads were good again in so many s from ready, and stayed so."""
        __tracebackhide__ = True
        cell, limit_s = self._judged.own, self._judged.info.limit_s
        if within_s > limit_s:
            told = f"within_s={within_s:g}: it was watched for {limit_s:g} s only"
            pytest.fail(f"{told}; give outage(..., limit_s={within_s:g})")
        if "inconclusive" in (self.verdict, cell.verdict):
            self._doubt()
        lag_s, broken = self.recovery_lag_s, {one.rule for one in cell.failures}
        return lag_s is not None and lag_s <= within_s and broken.isdisjoint(STAYS)

    @property
    def failed_after_ready(self) -> list[FailedRead]:
        """The reads due after ready that failed, hung or were missed, with a long wait."""
        __tracebackhide__ = True
        seen = Seen(*read_outage(self.folder))
        found = [
            _failed(case.job, read, seen.after_ready_s(read.due_at) or 0.0)
            for case in seen.cases
            for read in case.after_ready()
            if read.bad or (read.outcome == "missed" and read.hurt)
        ]
        words = {cell.verdict for cell in self._judged.owned}
        if self.verdict == "inconclusive" or ("inconclusive" in words and not found):
            self._doubt()
        return found

    def __repr__(self) -> str:
        first = self.first_reads
        told = [self.verdict, f"reads good {seconds(self.recovery_lag_s)} after ready"]
        told += [f"first reads: {outcomes(first)}"] if first.due else []
        return f"<outage {'; '.join([*told, *self.reasons])}>"

    def _doubt(self) -> None:
        __tracebackhide__ = True
        pytest.fail(f"inconclusive, which is no pass: {'; '.join(self.reasons)}")


def _failed(job: str, read: Read, after_ready_s: float) -> FailedRead:
    return FailedRead(
        job=job,
        outcome=read.outcome,
        kind=read.kind,
        words=read.message,
        after_ready_s=after_ready_s,
    )

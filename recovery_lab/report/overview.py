"""What a page says of a run at a glance, each a function of what was judged."""

from collections.abc import Iterator, Sequence
from math import inf
from statistics import median
from typing import NamedTuple

from recovery_lab.judge.thresholds import THRESHOLDS
from recovery_lab.judge.verdict import WORST_FIRST, OutageVerdict, RunVerdict, reasons, worst
from recovery_lab.outage import Word
from recovery_lab.report.rows import Met, Row
from recovery_lab.report.words import not_judged

Told = dict[str, list[str]]  # a text, and where it holds


class State(NamedTuple):
    """What became of a contender's job under a fault: in `hits` of `of` outages it was so."""

    word: str
    hits: int
    of: int
    uncontrolled: bool = False


class Margin(NamedTuple):
    """The worst lag of some, and where it was; None: it was not back, or nobody saw it."""

    what: str
    worst_s: float | None
    where: str
    limit_s: float

    @property
    def word(self) -> str:
        """Whether it is inside the target, late, or past the limit."""
        if self.worst_s is None or self.worst_s > self.limit_s:
            return "failed"
        return "late" if self.worst_s > THRESHOLDS.target_s else "passed"


def head(verdict: RunVerdict) -> Word:
    """Return the run's word; whatever a stored verdict says, one failed cell is enough."""
    cells = [cell.verdict for one in verdict.outages for cell in one.cells if cell.deciding]
    return worst([verdict.verdict, *cells])


def state(met: Met) -> State:
    """Return the worst of a cell's outages; of references, that they decide nothing."""
    deciding = [cell for _, cell in met if cell.deciding]
    if not deciding:
        apart = all(cell.label == "not met" for _, cell in met)
        return State("not met" if apart else "reference", len(met), len(met))
    word = worst([cell.verdict for cell in deciding])
    hits = sum(cell.verdict == word for cell in deciding)
    control = word == "passed" and all(cell.role == "control" for cell in deciding)
    alone = word == "passed" and any("uncontrolled" in cell.label for cell in deciding)
    return State("control broke" if control else word, hits, len(deciding), alone)


def margins(verdict: RunVerdict) -> Iterator[Margin]:
    """Yield the worst lag of the subjects' reads, and of System Health, where there are any."""
    reads, health = [], []
    for outage in verdict.outages:
        limit_s = outage.info.limit_s
        for cell in outage.cells:
            if cell.role == "subject" and cell.job != "idle":
                where = f"{outage.name} {cell.contender}"
                reads.append(Margin("Live reads", cell.figures.recovery_lag_s, where, limit_s))
        if outage.info.health:
            health.append(Margin("System Health", outage.health_lag_s, outage.name, limit_s))
    for found in (reads, health):
        if found:
            yield max(found, key=lambda one: inf if one.worst_s is None else one.worst_s)


def lags_of(row: Row) -> list[float | None]:
    """Return the lags of a row, shortest first; what never came back comes last."""
    values = [each.recovery_lag_s for each in row.figures]
    known = sorted(value for value in values if value is not None)
    return [*known, *[None] * (len(values) - len(known))]


def middle(values: Sequence[float | None]) -> float | None:
    """Return the median of some lengths, of which None is the longest."""
    found = median(inf if value is None else value for value in values)
    return None if found == inf else found


def why(met: Met) -> list[str]:
    """Return what broke a cell or keeps it in doubt, outage by outage; a control's rule too."""
    told = []
    for outage, cell in met:
        broken = [f"{one.rule}: {one.said}" for one in cell.failures if cell.role == "control"]
        told += [f"{outage.name}: {reason}" for reason in (*broken, *reasons(cell))]
    return told


def doubts(verdict: RunVerdict) -> Told:
    """Return each doubt with its outages, or its cells where the others do not share it."""
    found: Told = {}
    for outage in verdict.outages:
        shared = [doubt.said for doubt in outage.doubts]
        for said in shared:
            found.setdefault(said, []).append(outage.name)
        for cell in outage.cells:
            for said in (doubt.said for doubt in cell.doubts if doubt.said not in shared):
                found.setdefault(said, []).append(f"{outage.name} {cell.contender} {cell.job}")
    return found


def unjudged(verdict: RunVerdict) -> Told:
    """Return what was waived or could not be judged, with whose it is, each once."""
    found: dict[str, dict[str, None]] = {}
    for cell in (cell for outage in verdict.outages for cell in outage.cells if cell.not_judged):
        found.setdefault(not_judged(cell.not_judged), {})[f"{cell.contender} {cell.job}"] = None
    return {said: list(where) for said, where in found.items()}


def worst_first(verdict: RunVerdict) -> list[OutageVerdict]:
    """Return the outages: those that failed, those in doubt, then the others."""
    return sorted(verdict.outages, key=lambda outage: WORST_FIRST.index(outage.verdict))

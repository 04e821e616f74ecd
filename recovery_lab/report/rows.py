"""A contender's job under one fault, over its outages: the rows of a run's tables."""

from operator import attrgetter
from typing import NamedTuple

from recovery_lab.judge.account import Figures
from recovery_lab.judge.beside import Beside
from recovery_lab.judge.verdict import Cell, OutageVerdict, RunVerdict
from recovery_lab.outage import JobName
from recovery_lab.report.words import spread

Key = tuple[str, str, JobName]  # fault, contender, job
Met = list[tuple[OutageVerdict, Cell]]


class Row(NamedTuple):
    """One contender's job under one fault: its cells that count, of so many outages."""

    fault: str
    contender: str
    job: JobName
    met: Met
    outages: int

    @property
    def where(self) -> str:
        """The fault, and the job where readers have one that is not the usual one."""
        return self.fault + f" {self.job}" * (self.job != "steady")

    @property
    def cells(self) -> list[Cell]:
        """Its cells, outage by outage."""
        return [cell for _, cell in self.met]

    @property
    def away(self) -> str:
        """How long the database was away, in s."""
        return spread([outage.server_share_s for outage, _ in self.met])

    @property
    def figures(self) -> list[Figures]:
        """What it saw, outage by outage."""
        return [cell.figures for cell in self.cells]

    @property
    def bad_after_ready(self) -> list[int]:
        """How many reads failed or hung after ready, outage by outage."""
        return [each.after_ready.bad for each in self.figures]

    @property
    def beside(self) -> list[Beside]:
        """What it cost beside its reads, where that was measured."""
        found = (outage.beside.get(cell.contender) for outage, cell in self.met)
        return [one for one in found if one is not None]

    @property
    def counted(self) -> str:
        """How many of its outages count."""
        return f"{len(self.cells)} of {self.outages}"


def rows_of(verdict: RunVerdict, *jobs: JobName) -> list[Row]:
    """Return all rows; where a fault was played in several lengths, one for each whole second."""
    found: dict[Key, Met] = {}
    several = len({outage.policy for outage in verdict.outages if outage.policy}) > 1
    lengths = {(one.info.fault, int(one.info.hold_s)) for one in verdict.outages}
    for outage in verdict.outages:
        fault, hold_s = outage.info.fault, int(outage.info.hold_s)
        of_several = sum(name == fault for name, _ in lengths) > 1
        for cell in outage.cells:
            name = cell.contender + f" ({outage.policy})" * several
            which = (fault + f" of {hold_s} s" * of_several, name, cell.job)
            found.setdefault(which, []).append((outage, cell))
    rows = [Row(*which, met, len(met)) for which, met in found.items()]
    return [row for row in rows if not jobs or row.job in jobs]


def alone(verdict: RunVerdict, *jobs: JobName) -> list[Row]:
    """Return the rows of contenders alone in their outage; those in doubt do not count."""
    names = {outage.info.solo for outage in verdict.outages}
    return [
        row._replace(met=[one for one in row.met if not in_doubt(one[1])])
        for row in rows_of(verdict, *jobs)
        if row.contender in names and any(cell.label != "not met" for cell in row.cells)
    ]


def counting(verdict: RunVerdict, bad: str, *jobs: JobName) -> list[Row]:
    """Return all rows; of an outage in doubt only what was seen to fail counts."""
    failed = attrgetter(bad)
    return [
        row._replace(met=[one for one in row.met if failed(one[1]) or not in_doubt(one[1])])
        for row in rows_of(verdict, *jobs)
    ]


def measured(verdict: RunVerdict, *, solo: bool) -> list[Row]:
    """Return a row for each contender and fault that was measured beside; both jobs are one.

    `solo`: of contenders alone in their outage, or of all.
    """
    found: dict[tuple[str, str], Row] = {}
    for row in alone(verdict) if solo else counting(verdict, "figures.after_ready.bad"):
        if row.beside:
            found.setdefault((row.fault, row.contender), row)
    return list(found.values())


def in_doubt(cell: Cell) -> bool:
    """Tell whether it says nothing; a control that nothing happened to is a result."""
    return any(doubt.kind != "unbroken" for doubt in cell.doubts)

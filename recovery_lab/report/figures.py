"""The tables of a run, each a function of run.json and verdict.json alone.

`TABLES` names them: the page of a run has all, docs/results.md those that it quotes.
"""

from collections.abc import Callable, Iterator, Mapping
from math import inf
from operator import attrgetter
from typing import NamedTuple

from recovery_lab.folder import RunInfo
from recovery_lab.judge.differences import Difference, Family, differences
from recovery_lab.judge.figures import Figures
from recovery_lab.judge.verdict import Cell, OutageVerdict, RunVerdict
from recovery_lab.outage import JobName
from recovery_lab.plan import TWIN
from recovery_lab.report.words import (
    OUTCOMES,
    Columns,
    added,
    columns_of,
    counted,
    outages_with,
    policy,
    spread,
    table,
)

LISTED = 20  # lags that are listed one by one: a median hides two humps


class Row(NamedTuple):
    """One contender's job under one fault: its cells that count, of so many outages."""

    fault: str
    contender: str
    job: JobName
    cells: list[Cell]
    outages: int

    @property
    def figures(self) -> list[Figures]:
        """What it saw, outage by outage."""
        return [cell.figures for cell in self.cells]

    @property
    def counted(self) -> str:
        """How many of its outages count."""
        return f"{len(self.cells)} of {self.outages}"


class Watched(NamedTuple):
    """An outage by a user's command, and the cell of the application that met it."""

    outage: OutageVerdict
    cell: Cell


class Pair(NamedTuple):
    """Two that were compared, each with how many of its outages count."""

    family: Family
    found: Difference
    counted: str


def _shown(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _due(outcome: str) -> Callable[[Row], object]:
    return lambda row: sum(getattr(each.reads, outcome) for each in row.figures)


def _spread(figure: str) -> Callable[[Row], object]:
    value: Callable[[Figures], float | None] = attrgetter(figure)
    return lambda row: spread([value(each) for each in row.figures])


def _first_reads(row: Row) -> str:
    first = [each.first_reads for each in row.figures] if row.job == "idle" else []
    return ", ".join(f"{tally.bad} of {tally.due}" for tally in first) or "n/a"


def _first_waits(row: Row) -> str:
    """A failed read has no wait."""
    waited = [each.first_wait_s for each in row.figures if each.first_reads.waited]
    return spread(waited) if waited else "n/a"


def _lags(row: Row) -> str:
    if len(row.cells) > LISTED:
        return f"{len(row.cells)} outages: see verdict.json"
    lags = [each.recovery_lag_s for each in row.figures]
    known = sorted(lag_s for lag_s in lags if lag_s is not None)
    return " ".join([*(f"{lag_s:.3f}" for lag_s in known), *["never"] * lags.count(None)])


def _ready(one: OutageVerdict) -> str:
    if one.ready_early_s is None or one.ready_late_s is None:
        return "not seen"
    return f"{one.ready_early_s:.3f} to {one.ready_late_s:.3f}"


_WHO: Columns[Row] = {"fault": lambda row: row.fault, "contender": lambda row: row.contender}
_CELL: Columns[Row] = {**_WHO, "job": lambda row: row.job}

# Each cell over its outages: role, verdicts, and what became of every read that was due.
CELLS: Columns[Row] = {
    **_CELL,
    "role": lambda row: row.cells[0].role,
    "verdict (outages)": lambda row: counted(one.label + " LATE" * one.late for one in row.cells),
    "reads due": _due("due"),
    **{word: _due(word) for word in OUTCOMES},
}

# What users met once the server was ready, outage by outage; lag and waits in s.
AFTER: Columns[Row] = {
    **_CELL,
    "failed or hung after ready, each outage": lambda row: ", ".join(
        str(each.after_ready.bad) for each in row.figures
    ),
    "in how many": lambda row: outages_with([each.after_ready.bad for each in row.figures]),
    "first reads failed or hung, each outage": _first_reads,
    "their longest wait: median / worst (n)": _first_waits,
    # An idle pool is asked late on purpose: it has no lag.
    "recovery lag: median / worst (n)": lambda row: (
        "n/a" if row.job == "idle" else _spread("recovery_lag_s")(row)
    ),
}

# Every recovery lag of the steady cells in s, in order.
LAGS: Columns[Row] = {**_WHO, "recovery lags, s": _lags}

# Waits in s, the missed reads' among them, of contenders alone in their outage.
WAITS: Columns[Row] = {
    **_WHO,
    "p50 before": _spread("waits_before.p50_s"),
    "p99 before": _spread("waits_before.p99_s"),
    "longest in outage": _spread("waits_in_outage.longest_s"),
    "p99 after": _spread("waits_after.p99_s"),
    "gap": _spread("gap_s"),
    "outages that count": lambda row: row.counted,
}

# Which contenders differ from the one that has a twin, alone in their outages.
DIFFERENCES: Columns[Pair] = {
    "fault": lambda pair: pair.family.fault,
    "measure": lambda pair: pair.family.measure,
    "contender": lambda pair: pair.found.contender,
    "against": lambda pair: pair.family.reference,
    "outages that count": lambda pair: pair.counted,
    "shift (95 %)": lambda pair: (
        ""
        if (one := pair.found).shift is None
        else f"{one.shift:+.3f} ({one.low:+.3f} to {one.high:+.3f})"
    ),
    "p (Holm)": lambda pair: "" if pair.found.p_holm is None else f"{pair.found.p_holm:.2g}",
    "claim": lambda pair: pair.found.word,
    "why": lambda pair: pair.found.why,
}

# Each outage: its length, instants after the fault was asked for, and how it landed.
OUTAGES: Columns[OutageVerdict] = {
    "outage": lambda one: f"[{one.name}](timelines/{one.name}.svg)",
    "policy": policy,
    "length, s": lambda one: one.info.hold_s,
    "lost, s": lambda one: _shown(one.lost_s),
    "ready (early to late), s": _ready,
    "System Health after ready, s": lambda one: _shown(one.health_lag_s),
    "landed": lambda one: one.evidence.get("landed", "not shown"),
}

# What is told in s of all outages of one application by a user's command.
TICKET: Mapping[str, Callable[[Watched], float | None]] = {
    "outage": lambda one: added(one.outage.server_share_s, one.cell.figures.recovery_lag_s),
    "server's share": lambda one: one.outage.server_share_s,
    "ours (recovery lag)": lambda one: one.cell.figures.recovery_lag_s,
    "System Health after ready": lambda one: one.outage.health_lag_s,
    "longest wait in outage": lambda one: one.cell.figures.waits_in_outage.longest_s,
    "longest gap between good reads": lambda one: one.cell.figures.gap_s,
}

# And of each, with all that became of its reads.
EVERY_RUN: Columns[Watched] = {
    "run": lambda one: one.outage.info.repeat,
    "verdict": lambda one: one.cell.verdict,
    "server, s": lambda one: _shown(one.outage.server_share_s),
    "ours, s": lambda one: _shown(one.cell.figures.recovery_lag_s),
    "System Health, s": lambda one: _shown(one.outage.health_lag_s),
    **{word: attrgetter(f"cell.figures.reads.{word}") for word in OUTCOMES},
    "failed after ready": lambda one: one.cell.figures.after_ready.failed,
    "hung after ready": lambda one: one.cell.figures.after_ready.hung,
}

# Compared: the job, and a value of each outage.
MEASURES: Mapping[str, tuple[JobName, Callable[[Figures], float | None]]] = {
    "recovery lag, s": ("steady", lambda one: one.recovery_lag_s),
    "longest wait in outage, s": ("steady", lambda one: one.waits_in_outage.longest_s),
    "first reads failed or hung": ("idle", lambda one: float(one.first_reads.bad)),
}


def _rows(verdict: RunVerdict) -> list[Row]:
    found: dict[tuple[str, str, JobName], list[Cell]] = {}
    several = len({outage.policy for outage in verdict.outages if outage.policy}) > 1
    for outage in verdict.outages:
        for cell in outage.cells:
            name = cell.contender + f" ({outage.policy})" * several
            found.setdefault((outage.info.fault, name, cell.job), []).append(cell)
    return [Row(*which, cells, len(cells)) for which, cells in found.items()]


def _alone(verdict: RunVerdict) -> list[Row]:
    """Return the rows of contenders alone in their outage; those in doubt do not count."""
    names = {outage.info.solo for outage in verdict.outages}
    return [
        row._replace(cells=[cell for cell in row.cells if cell.verdict != "inconclusive"])
        for row in _rows(verdict)
        if row.contender in names and any(cell.label != "not met" for cell in row.cells)
    ]


def _pairs(info: RunInfo, verdict: RunVerdict) -> Iterator[Pair]:
    """Yield those of a family for each fault and measure that the reference has."""
    alone = _alone(verdict)
    for fault in dict.fromkeys(row.fault for row in alone):
        for measure, (job, value) in MEASURES.items():
            rows = {row.contender: row for row in alone if (row.fault, row.job) == (fault, job)}
            if info.twin not in rows:
                continue
            samples = {
                name: [inf if (one := value(each)) is None else one for each in row.figures]
                for name, row in rows.items()
            }
            family = Family(
                fault=fault, measure=measure, reference=info.twin, twin=TWIN, samples=samples
            )
            for found in differences(family):
                own = rows[found.contender].counted if found.contender in rows else "0 of 0"
                yield Pair(family, found, f"{own}, {rows[info.twin].counted}")


def _watched(verdict: RunVerdict) -> list[Watched]:
    return [
        Watched(outage, cell)
        for outage in verdict.outages
        for cell in outage.cells
        if cell.contender == outage.info.application
    ]


def _ticket(verdict: RunVerdict) -> str:
    own = _watched(verdict)
    rows = [(name, spread([value(one) for one in own])) for name, value in TICKET.items()]
    return table(["measure", "median / worst (n), s"], rows)


def _steady(rows: list[Row]) -> list[Row]:
    return [row for row in rows if row.job == "steady"]


TABLES: Mapping[str, Callable[[RunInfo, RunVerdict], str]] = {
    "cells": lambda _, run: columns_of(_rows(run), CELLS),
    "after ready": lambda _, run: columns_of(_rows(run), AFTER),
    "lags": lambda _, run: columns_of([r for r in _steady(_rows(run)) if r.outages > 1], LAGS),
    "waits": lambda _, run: columns_of(_steady(_alone(run)), WAITS),
    "differences": lambda info, run: columns_of(_pairs(info, run), DIFFERENCES),
    "outages": lambda _, run: columns_of(run.outages, OUTAGES),
    "ticket": lambda _, run: _ticket(run),
    "every run": lambda _, run: columns_of(_watched(run), EVERY_RUN),
}

"""The tables of a run, each a function of run.json and verdict.json alone.

`TABLES` names them: the page of a run has all, docs/results.md those that it quotes.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from math import inf

from recovery_lab.folder import RunInfo
from recovery_lab.judge.account import Tally
from recovery_lab.judge.differences import Family, differences
from recovery_lab.judge.verdict import Cell, OutageVerdict, RunVerdict
from recovery_lab.plan import TWIN
from recovery_lab.report.words import (
    OUTCOMES,
    counted,
    outages_with,
    policy,
    spread,
    table,
)

ROW = 20  # lags that are listed one by one: a median hides two humps
Which = tuple[str, str, str]  # fault, contender, job
Make = Callable[[RunInfo, RunVerdict], str]


def cells(_: RunInfo, verdict: RunVerdict) -> str:
    """Each cell over its outages: role, verdicts, and what became of every read that was due."""
    return table(
        ["fault", "contender", "job", "role", "verdict (outages)", "reads due", *OUTCOMES],
        [
            (
                *which,
                one[0].role,
                counted(cell.label + " LATE" * cell.late for cell in one),
                sum(cell.figures.reads.due for cell in one),
                *(sum(getattr(cell.figures.reads, word) for cell in one) for word in OUTCOMES),
            )
            for which, one in _by_cell(verdict).items()
        ],
    )


def after_ready(_: RunInfo, verdict: RunVerdict) -> str:
    """What users met once the server was ready, outage by outage; lag and waits in s."""
    heads = "fault|contender|job|failed or hung after ready, each outage|in how many|first reads "
    heads += "failed or hung, each outage|their longest wait: median / worst (n)"
    heads += "|recovery lag: median / worst (n)"
    return table(heads.split("|"), [_after(*one) for one in _by_cell(verdict).items()])


def lags(_: RunInfo, verdict: RunVerdict) -> str:
    """Every recovery lag of the steady cells in s, in order: a median hides two humps."""
    return table(
        ["fault", "contender", "recovery lags, s"],
        [
            (fault, contender, _each(_lags(one)))
            for (fault, contender, job), one in _by_cell(verdict).items()
            if job == "steady" and len(one) > 1
        ],
    )


def waits(_: RunInfo, verdict: RunVerdict) -> str:
    """Waits in s, the missed reads' among them, of contenders alone in their outage."""
    heads = "fault|contender|p50 before|p99 before|longest in outage|p99 after|gap"
    return table(heads.split("|"), list(_wait_rows(verdict)))


def compared(info: RunInfo, verdict: RunVerdict) -> str:
    """Which contenders differ from the one that has a twin, alone in their outages."""
    heads = "fault|measure|contender|against|n|shift (95 %)|p (Holm)|claim|why"
    return table(heads.split("|"), list(_difference_rows(info, verdict)))


def outages(_: RunInfo, verdict: RunVerdict) -> str:
    """Each outage: its length, instants after the fault was asked for, and how it landed."""
    heads = "outage|policy|length, s|lost, s|ready (early to late), s"
    heads += "|System Health after ready, s|landed"
    rows = []
    for one in verdict.outages:
        early_s, late_s = one.ready_early_s, one.ready_late_s
        known = early_s is not None and late_s is not None
        told = f"{_shown(early_s)} to {_shown(late_s)}" if known else "not seen"
        name = f"[{one.name}](timelines/{one.name}.svg)"
        landed = one.evidence.get("landed", "not shown")
        health = _shown(one.health_lag_s)
        rows.append((name, policy(one), one.hold_s, _shown(one.lost_s), told, health, landed))
    return table(heads.split("|"), rows)


def ticket(_: RunInfo, verdict: RunVerdict) -> str:
    """Median, worst and count, in s, over the outages of one application by a user's command."""
    own = [(one, cell) for one in verdict.outages for cell in _applications(one)]
    measured: dict[str, list[float | None]] = {
        "outage": [_sum(o.server_share_s, c.figures.recovery_lag_s) for o, c in own],
        "server's share": [o.server_share_s for o, _ in own],
        "ours (recovery lag)": [c.figures.recovery_lag_s for _, c in own],
        "System Health after ready": [o.health_lag_s for o, _ in own],
        "longest wait in outage": [c.figures.waits_in_outage.longest_s for _, c in own],
        "longest gap between good reads": [c.figures.gap_s for _, c in own],
    }
    return table(
        ["measure", "median / worst (n), s"],
        [(name, spread(values)) for name, values in measured.items()],
    )


def every_run(_: RunInfo, verdict: RunVerdict) -> str:
    """Every outage of one application by a user's command, with all that became of its reads."""
    heads = ["run", "verdict", "server, s", "ours, s", "System Health, s", *OUTCOMES]
    heads += ["failed after ready", "hung after ready"]
    return table(
        heads,
        [
            (
                one.repeat,
                cell.verdict,
                *map(_shown, (one.server_share_s, cell.figures.recovery_lag_s, one.health_lag_s)),
                *(getattr(cell.figures.reads, word) for word in OUTCOMES),
                cell.figures.after_ready.failed,
                cell.figures.after_ready.hung,
            )
            for one in verdict.outages
            for cell in _applications(one)
        ],
    )


TABLES: Mapping[str, Make] = {
    "cells": cells,
    "after ready": after_ready,
    "lags": lags,
    "waits": waits,
    "differences": compared,
    "outages": outages,
    "ticket": ticket,
    "every run": every_run,
}


def _by_cell(verdict: RunVerdict) -> dict[Which, list[Cell]]:
    found: dict[Which, list[Cell]] = {}
    several = len({outage.policy for outage in verdict.outages if outage.policy}) > 1
    for outage in verdict.outages:
        for cell in outage.cells:
            name = cell.contender + f" ({outage.policy})" * several
            found.setdefault((outage.fault, name, cell.job), []).append(cell)
    return found


def _alone(verdict: RunVerdict) -> dict[Which, list[Cell]]:
    """Return the cells of contenders alone in their outage; those in doubt prove nothing."""
    names = {outage.solo for outage in verdict.outages}
    return {
        which: known
        for which, one in _by_cell(verdict).items()
        if which[1] in names
        and (known := [c for c in one if c.verdict != "inconclusive" and c.label != "not met"])
    }


def _after(which: Which, one: Sequence[Cell]) -> tuple[str, ...]:
    bad = [_bad(cell.figures.after_ready) for cell in one]
    idle = which[2] == "idle"
    first = [cell.figures.first_reads for cell in one] if idle else []
    # A failed read has no wait.
    waited = [cell.figures for cell in one if idle and cell.figures.first_reads.waited]
    return (
        *which,
        ", ".join(map(str, bad)),
        outages_with(bad),
        ", ".join(f"{_bad(t)} of {t.due}" for t in first) or "n/a",
        spread([f.first_wait_s for f in waited]) if waited else "n/a",
        # An idle pool is asked late on purpose: it has no lag.
        "n/a" if idle else spread(_lags(one)),
    )


def _wait_rows(verdict: RunVerdict) -> Iterator[tuple[str, ...]]:
    for (fault, contender, job), one in _alone(verdict).items():
        if job == "steady":
            taken = [cell.figures for cell in one]
            columns: list[Sequence[float | None]] = [
                [f.waits_before.p50_s for f in taken],
                [f.waits_before.p99_s for f in taken],
                [f.waits_in_outage.longest_s for f in taken],
                [f.waits_after.p99_s for f in taken],
                [f.gap_s for f in taken],
            ]
            yield fault, contender, *map(spread, columns)


def _difference_rows(info: RunInfo, verdict: RunVerdict) -> Iterator[tuple[object, ...]]:
    for family in _families(verdict, info.twin) if info.twin else ():
        for d in differences(family):
            by = "" if d.shift is None else f"{d.shift:+.3f} ({d.low:+.3f} to {d.high:+.3f})"
            p = "" if d.p_holm is None else f"{d.p_holm:.2g}"
            n = f"{d.n}, {d.reference_n}"
            yield family.fault, family.measure, d.contender, info.twin, n, by, p, d.word, d.why


def _families(verdict: RunVerdict, reference: str) -> Iterator[Family]:
    """Yield a family for each fault and measure that the reference has."""
    measures: dict[str, tuple[str, Callable[[Cell], float | None]]] = {
        "recovery lag, s": ("steady", lambda c: c.figures.recovery_lag_s),
        "longest wait in outage, s": ("steady", lambda c: c.figures.waits_in_outage.longest_s),
        "first reads failed or hung": ("idle", lambda c: float(_bad(c.figures.first_reads))),
    }
    alone = _alone(verdict)
    for fault in dict.fromkeys(which[0] for which in alone):
        for measure, (job, value) in measures.items():
            samples = {
                contender: [inf if (v := value(cell)) is None else v for cell in one]
                for (own, contender, does), one in alone.items()
                if (own, does) == (fault, job)
            }
            if reference in samples:
                yield Family(
                    fault=fault, measure=measure, reference=reference, twin=TWIN, samples=samples
                )


def _bad(tally: Tally) -> int:
    return tally.failed + tally.hung


def _applications(outage: OutageVerdict) -> list[Cell]:
    return [cell for cell in outage.cells if cell.contender == outage.application]


def _lags(one: Sequence[Cell]) -> list[float | None]:
    return [cell.figures.recovery_lag_s for cell in one]


def _each(values: Sequence[float | None]) -> str:
    if len(values) > ROW:
        return f"{len(values)} outages: see verdict.json"
    known = sorted(value for value in values if value is not None)
    return " ".join([*(f"{v:.3f}" for v in known), *["never"] * (len(values) - len(known))])


def _sum(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else one + other


def _shown(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"

"""The tables of a run by name, each a function of run.json and verdict.json alone."""

from collections.abc import Callable, Iterator, Mapping
from math import inf
from operator import attrgetter
from statistics import median

from recovery_lab.contenders.registry import CANARY
from recovery_lab.folder import RunInfo
from recovery_lab.judge.account import Figures
from recovery_lab.judge.differences import differences
from recovery_lab.judge.verdict import OutageVerdict, RunVerdict
from recovery_lab.outage import JOBS, JobName
from recovery_lab.plan import TWIN
from recovery_lab.report import words
from recovery_lab.report.rows import Row, alone, counting, measured, rows_of
from recovery_lab.report.words import OUTCOMES, Columns, columns_of, spread

NAMES = {"fault": "fault", "contender": "contender", "job": "job"}
READING: tuple[JobName, ...] = tuple(job for job in JOBS if job != "idle")  # all the time
LISTED = 20  # lags that are listed one by one: a median hides two humps


def _due(outcome: str) -> Callable[[Row], int]:
    return lambda row: sum(getattr(each.reads, outcome) for each in row.figures)


def _spread(figure: str) -> Callable[[Row], str]:
    value: Callable[[Figures], float | None] = attrgetter(figure)
    return lambda row: spread([value(each) for each in row.figures])


def _bad_during(row: Row) -> list[int]:
    return [each.in_outage.bad for each in row.figures]


def _first_reads(row: Row) -> str:
    first = [each.first_reads for each in row.figures] if row.job == "idle" else []
    return ", ".join(f"{tally.bad} of {tally.due}" for tally in first) or "n/a"


def _first_waits(row: Row) -> str:
    waits = [one.first_wait_s for one in row.figures if one.first_reads.waited]  # a failed: none
    return spread(waits) if waits else "n/a"


def _lags(row: Row) -> str:
    lags = sorted(inf if (lag := each.recovery_lag_s) is None else lag for each in row.figures)
    told = " ".join("never" if lag_s == inf else f"{lag_s:.3f}" for lag_s in lags)
    return told if len(lags) <= LISTED else f"{len(lags)} outages: see verdict.json"


def _beside(figure: str) -> Callable[[Row], str]:
    value = attrgetter(figure)
    return lambda row: spread([v for one in row.beside if (v := value(one)) is not None], "g")


def _cost(figure: str, form: str, scale: float = 1.0) -> Callable[[Row], str]:
    """Return the medians of a cost before the fault, during the outage and after it."""
    value = attrgetter(figure)

    def told(row: Row) -> str:
        phases = zip(*((one.before, one.during, one.after) for one in row.beside), strict=True)
        known = ([v for one in phase if (v := value(one)) is not None] for phase in phases)
        return " / ".join(f"{scale * median(some):{form}}" if some else "-" for some in known)

    return told


def _verdicts(row: Row) -> str:
    return words.counted(cell.label + " LATE" * cell.late for cell in row.cells)


# Each cell over its outages: role, verdicts, and what became of every read that was due.
CELLS: Columns[Row] = {
    **NAMES,
    "role": lambda row: row.cells[0].role,
    "verdict (outages)": _verdicts,
    "reads due": _due("due"),
    **{outcome: _due(outcome) for outcome in OUTCOMES},
}
# What users met after ready, lag and waits in s. An idle pool is asked late: it has no lag.
AFTER: Columns[Row] = {
    **NAMES,
    "failed or hung after ready, each outage": lambda row: ", ".join(map(str, row.bad_after_ready)),
    "in how many": lambda row: words.outages_with(row.bad_after_ready),
    "first reads failed or hung, each outage": _first_reads,
    "their longest wait: median / worst (n)": _first_waits,
    "recovery lag: median / worst (n)": lambda row: (
        "n/a" if row.job == "idle" else _spread("recovery_lag_s")(row)
    ),
    "outages that count": "counted",
}
# What users met while the database was away, from the fault to ready; waits in s.
DURING: Columns[Row] = {
    **NAMES,
    "database away: median / worst (n)": "away",
    "failed or hung meanwhile, each outage": lambda row: ", ".join(map(str, _bad_during(row))),
    "in how many": lambda row: words.outages_with(_bad_during(row)),
    "longest wait: median / worst (n)": _spread("waits_in_outage.longest_s"),
    "outages that count": "counted",
}
# How long any read went on after ready, or after it was due, in s: what users still met.
PAST: Columns[Row] = {
    "fault": "where",
    "contender": "contender",
    "longest past ready: median / worst (n)": _spread("past_ready_s"),
    "failed or hung": lambda row: sum(each.reads.bad for each in row.figures),
    "reads due": _due("due"),
    "outages that count": "counted",
}
LAGS: Columns[Row] = {"fault": "where", "contender": "contender", "recovery lags, s": _lags}
# Waits in s, the missed reads' among them, of contenders alone in their outage.
WAITS: Columns[Row] = {
    "fault": "where",
    "contender": "contender",
    "p50 before": _spread("waits_before.p50_s"),
    "p99 before": _spread("waits_before.p99_s"),
    "longest in outage": _spread("waits_in_outage.longest_s"),
    "p99 after": _spread("waits_after.p99_s"),
    "gap": _spread("gap_s"),
    "outages that count": "counted",
}
# Connections begun from the loss to 5 s after ready, those refused among them, and log lines.
CONNECTIONS: Columns[Row] = {
    "fault": "fault",
    "contender": "contender",
    "database away: median / worst (n)": "away",
    "connections opened: median / worst (n)": _beside("opens"),
    "most in a second: median / worst (n)": _beside("opens_worst_s"),
    "most log lines in a second: median / worst (n)": _beside("log_worst_s"),
}
# What it costs a contender alone: medians of the second before, loss to ready, the 5 s after.
COSTS: Columns[Row] = {
    "fault": "fault",
    "contender": "contender",
    "processor, % of one": _cost("cpu", ".1f", 100.0),
    "memory, MB": _cost("memory", ".1f", 1e-6),
    "log lines a second": _cost("log_lines_per_s", ".2f"),
    "log bytes a second": _cost("log_bytes_per_s", ".0f"),
    "outages that count": "counted",
}
# Each outage: its length, instants after the fault was asked for, and how it landed.
OUTAGES: Columns[OutageVerdict] = {
    "outage": lambda one: f"[{one.name}](timelines/{one.name}.svg)",
    "policy": words.policy,
    "length, s": lambda one: str(one.info.hold_s),
    "lost, s": "lost_s",
    "ready (early to late), s": lambda one: (
        f"{one.ready_early_s:.3f} to {one.ready_late_s:.3f}" if one.ready_late_s else "not seen"
    ),
    "System Health after ready, s": "health_lag_s",
    "green while users wait, s": words.green_s,
    "landed": lambda one: one.evidence.get("landed", "not shown"),
}
# Each outage by a user's command, and what became of the application's reads.
EVERY_RUN: Columns[OutageVerdict] = {
    "run": "info.repeat",
    "verdict": "own.verdict",
    "server, s": "server_share_s",
    "ours, s": "own.figures.recovery_lag_s",
    "System Health, s": "health_lag_s",
    **{outcome: f"own.figures.reads.{outcome}" for outcome in OUTCOMES},
    "failed after ready": "own.figures.after_ready.failed",
    "hung after ready": "own.figures.after_ready.hung",
}
# What is told of all of them together, in s.
TICKET: Mapping[str, Callable[[OutageVerdict], float | None]] = {
    "outage": lambda one: words.added(one.server_share_s, one.own.figures.recovery_lag_s),
    "server's share": attrgetter("server_share_s"),
    "ours (recovery lag)": attrgetter("own.figures.recovery_lag_s"),
    "System Health after ready": attrgetter("health_lag_s"),
    "longest wait in outage": attrgetter("own.figures.waits_in_outage.longest_s"),
    "longest gap between good reads": attrgetter("own.figures.gap_s"),
}
# What is compared of contenders alone: in which job, and a value of each outage.
MEASURES: Mapping[str, tuple[JobName, Callable[[Figures], float | None]]] = {
    "recovery lag, s": ("steady", attrgetter("recovery_lag_s")),
    "longest wait in outage, s": ("steady", attrgetter("waits_in_outage.longest_s")),
    "first reads failed or hung": ("idle", attrgetter("first_reads.bad")),
}
BY_HAND = "from the application's restart to its first good read"
DIFFERENCES = "fault|measure|contender|against|n|shift (95 %)|p (Holm)|claim|why".split("|")


def watched(verdict: RunVerdict) -> list[OutageVerdict]:
    """Return the outages by a user's command, which the application alone met."""
    return [outage for outage in verdict.outages if outage.info.fault == "command"]


def _matrix(verdict: RunVerdict) -> str:
    """Return the verdicts of each contender's jobs, a line for each fault."""
    cells: dict[str, dict[str, list[str]]] = {}
    rows = rows_of(verdict)
    for row in rows:
        jobs = cells.setdefault(row.fault, {}).setdefault(row.contender, [])
        jobs.append(f"{row.job}: {_verdicts(row)}")
    names = list(dict.fromkeys(row.contender for row in rows))
    lines = [
        [fault, *("<br>".join(of.get(name, [])) for name in names)] for fault, of in cells.items()
    ]
    return words.table(["fault", *names], lines)


def compared(info: RunInfo, verdict: RunVerdict) -> Iterator[tuple[object, ...]]:
    """Yield who differs from the contender that has a twin, by fault and measure."""
    solos = alone(verdict)
    for fault in dict.fromkeys(row.fault for row in solos):
        for measure, (job, value) in MEASURES.items():
            rows = {row.contender: row for row in solos if (row.fault, row.job) == (fault, job)}
            if info.twin not in rows:
                continue
            samples = {
                name: [inf if (one := value(each)) is None else one for each in row.figures]
                for name, row in rows.items()
            }
            for d in differences(samples, info.twin, TWIN):
                by = "{:+.3f} ({:+.3f} to {:+.3f})".format(*d.shift) if d.shift else ""
                p = "" if d.p_holm is None else f"{d.p_holm:.2g}"
                own = rows[d.contender].counted if d.contender in rows else "0 of 0"
                n = f"{own}, {rows[info.twin].counted}"
                yield fault, measure, d.contender, info.twin, n, by, p, d.word, d.why


def _without_canary(rows: list[Row]) -> list[Row]:
    return [row for row in rows if row.contender != CANARY]


def _ticket(verdict: RunVerdict) -> list[tuple[str, str]]:
    own = watched(verdict)
    told = [(name, spread([value(one) for one in own])) for name, value in TICKET.items()]
    by_hand = [one.restart_lag_s for one in own if one.restart_asked_s is not None]
    return [*told, (BY_HAND, spread(by_hand))] if by_hand else told


TABLES: Mapping[str, Callable[[RunInfo, RunVerdict], str]] = {
    "matrix": lambda _, run: _matrix(run),
    "cells": lambda _, run: columns_of(rows_of(run), CELLS),
    "after ready": lambda _, run: columns_of(counting(run, "figures.after_ready.bad"), AFTER),
    "during": lambda _, run: columns_of(
        _without_canary(counting(run, "figures.in_outage.bad", *READING)), DURING
    ),
    "lags": lambda _, run: columns_of([r for r in rows_of(run, *READING) if r.outages > 1], LAGS),
    "past ready": lambda _, run: columns_of(_without_canary(rows_of(run, *READING)), PAST),
    "connections": lambda _, run: columns_of(measured(run, solo=False), CONNECTIONS),
    "costs": lambda _, run: columns_of(measured(run, solo=True), COSTS),
    "waits": lambda _, run: columns_of(alone(run, *READING), WAITS),
    "differences": lambda info, run: words.table(DIFFERENCES, compared(info, run)),
    "outages": lambda _, run: columns_of(run.outages, OUTAGES),
    "ticket": lambda _, run: words.table(["measure", "median / worst (n), s"], _ticket(run)),
    "every run": lambda _, run: columns_of(watched(run), EVERY_RUN),
}

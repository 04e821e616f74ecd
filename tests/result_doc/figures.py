"""The figures of the result document: each is read from a committed run, and names where."""

from collections.abc import Callable, Mapping, Sequence
from math import inf
from operator import attrgetter
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import msgspec

from recovery_lab.folder import read_run
from recovery_lab.judge.account import Figures
from recovery_lab.judge.differences import outages_bound
from recovery_lab.judge.verdict import RunVerdict, judge_run, worst
from recovery_lab.report import figures
from recovery_lab.report.rows import in_doubt, rows_of

# A hand on the dashboard is no promise of the plan's: what it costs is told, and decides nothing.
BY_HAND = ("hand-pinned", "hand-naive")
DECIDING = "restart-db crash-db options alternatives solo alternatives-solo hold versions".split()
RUNS = (*DECIDING, *BY_HAND)
NOT_COMPARED = ("canary", "quitter", "twin")


class Figure(NamedTuple):
    """Values in the words of a kind; `source` is where they stand: RECORD/FIELD/... ."""

    kind: str
    values: tuple[object, ...] = ()
    source: str = ""


class Table(NamedTuple):
    """Rows of texts and figures; each column has its source, or none."""

    sources: Sequence[str]
    rows: Sequence[Sequence[object]]


class Asked(NamedTuple):
    """A field of each outage of a run; with `who`, of that contender's cells."""

    run: str
    kind: str
    field: str
    who: str = ""
    job: str = ""
    fault: str = ""


def text(value: object, source: str = "") -> Figure:
    """Return what needs no words."""
    return Figure("text", (value,), source)


def spread(values: Sequence[float | None]) -> Figure:
    """Return median, worst and count; what never came is the worst of all."""
    ranked = [inf if value is None else value for value in values]
    return Figure("spread", (median(ranked), max(ranked), len(ranked)))


def _range(values: Sequence[float]) -> Figure:
    low, high = min(values), max(values)
    return Figure("range", (low, high)) if low < high else text(low)


def _share(values: Sequence[object]) -> Figure:
    """Say in how many outages it was not zero; where in none, what share that allows."""
    hit, count = sum(map(bool, values)), len(values)
    bound = f"{100 * outages_bound(count):.0f}"
    return Figure("of", (hit, count)) if hit else Figure("none of", (count, bound))


KINDS: Mapping[str, Callable[[Sequence[Any]], Figure]] = {
    "spread": spread,
    "range": _range,
    "share": _share,
    "total": lambda values: text(sum(values)),
    "passed": lambda values: Figure("of", (list(values).count("passed"), len(values))),
    "reached": lambda values: Figure("of", (sum(v is not None for v in values), len(values))),
    "restarted": lambda values: Figure("of", (sum(values), len(values))),
}
_OWN = ("dashboard", "steady")
# Of a run of `recovery-lab watch`: its only contender is the dashboard.
WATCHED: Mapping[str, tuple[str, ...]] = {
    "passed": ("passed", "verdict"),
    "restarted": ("restarted", "restarted"),
    "health": ("spread", "health_lag_s", *_OWN),
    "server": ("spread", "server_share_s", *_OWN),
    "by_hand": ("spread", "restart_lag_s", *_OWN),
    "lag": ("spread", "recovery_lag_s", *_OWN),
    "failed": ("range", "in_outage.failed", *_OWN),
    "bad_after": ("share", "after_ready.bad", *_OWN),
    "failed_after": ("range", "after_ready.failed", *_OWN),
}
_FIRST, _LAG, _WAIT = "first_reads.bad", "recovery_lag_s", "waits_in_outage.longest_s"
# Columns beside fault and contender: kind, field, job.
BESIDE = (
    ("reached", _LAG, "steady"),
    ("total", "in_outage.bad", "steady"),
    ("total", "in_outage.missed", "steady"),
    ("share", "after_ready.bad", "steady"),
    ("share", _FIRST, "idle"),
)
IDLE = (("share", _FIRST, "idle"), ("range", _FIRST, "idle"))
ALONE = (("spread", _LAG, "steady"), ("spread", _WAIT, "steady"))
HELD = (
    ("spread", "server_share_s", "steady"),
    ("share", "in_outage.bad", "steady"),
    ("spread", _WAIT, "steady"),
)
FIGURES: Mapping[str, Asked] = {
    "at_once": Asked("options", "range", "first_reads.due", "adopted", "idle"),
    "idle_naive": Asked("options", "share", _FIRST, "naive", "idle"),
    "idle_adopted": Asked("options", "share", _FIRST, "adopted", "idle"),
    "idle_ping": Asked("options", "share", _FIRST, "only-pool_pre_ping", "idle"),
    "idle_rest": Asked("options", "share", _FIRST, "without-pool_pre_ping", "idle"),
    "during_naive": Asked("solo", "range", "in_outage.failed", "naive", "steady", "restart"),
    "during_adopted": Asked("solo", "range", "in_outage.failed", "adopted", "steady", "restart"),
    "wait_freeze": Asked("solo", "spread", _WAIT, "adopted", "steady", "freeze"),
    "wait_drop": Asked("solo", "spread", _WAIT, "adopted", "steady", "drop"),
    "idle_dispose": Asked("alternatives", "share", _FIRST, "dispose", "idle"),
    "pinned_restart": Asked("alternatives", "reached", _LAG, "pinned", "steady", "restart"),
    "pinned_kill": Asked("alternatives", "reached", _LAG, "pinned", "steady", "kill"),
    "retry": Asked("alternatives", "share", "reads.bad", "retry", "steady"),
    "retry_wait": Asked("alternatives-solo", "spread", _WAIT, "retry", "steady", "restart"),
}
TABLES: Mapping[str, tuple[str, Sequence[tuple[str, str, str]]]] = {
    "idle": ("options", IDLE),
    "alternatives": ("alternatives", BESIDE),
    "versions": ("versions", BESIDE),
    "alone": ("alternatives-solo", ALONE),
    "held": ("hold", HELD),
}


class Runs:
    """The committed runs; of one that is not there that is said, wherever it is asked for."""

    def __init__(self, root: Path) -> None:
        there = [root / name for name in RUNS if (root / name / "verdict.json").exists()]
        self.infos = {path.name: read_run(path) for path in there}
        self.verdicts = {path.name: _judged(path) for path in there}
        self._rows = {name: rows_of(verdict) for name, verdict in self.verdicts.items()}

    def figure(self, asked: Asked) -> Figure:
        """Return a figure over a run's outages."""
        if asked.run not in self.verdicts:
            return Figure("no record", (asked.run,))
        values = self._of_cells(asked) if asked.who else self._of_outages(asked)
        if not values:
            return Figure("not in it", (asked.run, asked.who))
        source = (asked.run, asked.field, *(asked[3:] if _of_a_cell(asked.field) else ()))
        return KINDS[asked.kind](values)._replace(source="/".join(filter(None, source)))

    def _of_outages(self, asked: Asked) -> list[object]:
        return [attrgetter(asked.field)(one) for one in self.verdicts[asked.run].outages]

    def _of_cells(self, asked: Asked) -> list[object]:
        """Return what counts: an outage in doubt proves no zero and no length."""
        value = attrgetter(asked.field)
        told = [
            (cell, value(cell.figures if _of_a_cell(asked.field) else outage))
            for row in self._rows[asked.run]
            if (row.contender, row.job) == asked[3:5] and asked.fault in ("", row.fault)
            for outage, cell in row.met
            if cell.label != "not met"
        ]
        hit = asked.kind == "share"
        return [one for cell, one in told if not in_doubt(cell) or (hit and one)]

    def watched(self, run: str) -> dict[str, Figure]:
        """Return what is told of a run of `recovery-lab watch`."""
        return {name: self.figure(Asked(run, *rest)) for name, rest in WATCHED.items()}

    def contenders(self, run: str, columns: Sequence[tuple[str, str, str]]) -> Table | Figure:
        """Return a row for each contender under each fault; a dash where it has no such job."""
        if run not in self.verdicts:
            return Figure("no record", (run,))
        rows = []
        for fault, who in dict.fromkeys((r.fault, r.contender) for r in self._rows[run]):
            told = [self.figure(Asked(run, *column, who, job, fault)) for *column, job in columns]
            cells = [text("-") if one.kind == "not in it" else one for one in told]
            if who not in NOT_COMPARED:
                rows.append((f"`{fault}`", f"`{who}`", *(one._replace(source="") for one in cells)))
        return Table(["", "", *(f"{run}/{field}" for _, field, _ in columns)], rows)

    def claims(self, run: str) -> Table | Figure:
        """Return who was shown to differ from the run's reference, of contenders alone."""
        if run not in self.verdicts:
            return Figure("no record", (run,))
        rows = [
            (f"`{fault}`", f"`{who}`", Figure(measure), by, p)
            for fault, measure, who, _, _, by, p, word, _ in figures.compared(
                self.infos[run], self.verdicts[run]
            )
            if who not in NOT_COMPARED and word == "different"
        ]
        return Table(["", "", "", f"{run}/differences", ""], rows)

    def evidence(self) -> Table:
        """Return where each run stands and what it was, also of one that is not there."""
        return Table([""] * 7, [self._evidence(name) for name in RUNS])

    def _evidence(self, name: str) -> Sequence[object]:
        if name not in self.verdicts:
            return (f"`{name}`", Figure("no record", (name,)), *["-"] * 5)
        info, verdict = self.infos[name], self.verdicts[name]
        versions = {outage.server_version for outage in verdict.outages if outage.server_version}
        return (
            f"[{name}](../runs/{name}/verdict.json)",
            f"`{verdict.verdict}`",
            info.began,
            f"`{info.commit or '-'}`",
            len(verdict.outages),
            max((outage.info.repeat for outage in verdict.outages), default=0),
            ", ".join(sorted(versions)) or "-",
        )

    def surroundings(self) -> Table:
        """Return host, versions and settings of the runs; where they differ, all of them."""
        found: dict[str, set[str]] = {}
        for info in self.infos.values():
            for name, value in {**info.host, **info.versions, **info.settings}.items():
                found.setdefault(name, set()).add(value)
        return Table([""] * 2, [(name, ", ".join(sorted(told))) for name, told in found.items()])

    def doubts(self) -> list[Figure]:
        """Return what keeps the runs from being evidence: one that is missing or not passed."""
        missing = [Figure("missing", (name,)) for name in DECIDING if name not in self.verdicts]
        words = [(name, self.verdicts[name].verdict) for name in DECIDING if name in self.verdicts]
        return missing + [Figure("not passed", one) for one in words if one[1] != "passed"]


def _of_a_cell(field: str) -> bool:
    return field.partition(".")[0] in Figures.__struct_fields__


def _judged(run: Path) -> RunVerdict:
    """Return a run's verdict as it is kept, or as its cells come to, if that is worse."""
    kept = msgspec.json.decode((run / "verdict.json").read_bytes(), type=RunVerdict)
    again = judge_run(kept.outages, [info.name for info in read_run(run).planned])
    return msgspec.structs.replace(kept, verdict=worst([kept.verdict, again.verdict]))

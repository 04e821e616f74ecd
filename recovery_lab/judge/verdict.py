"""The verdict on a run folder: pure, so that the same folder always gives the same bytes."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from recovery_lab.judge import measures
from recovery_lab.judge.cell import MISSED_SCHEDULE, Case, Cell, Word, judge_cell, pool_troubles
from recovery_lab.judge.figures import Window, figures, of_cell
from recovery_lab.judge.thresholds import EXPECTED_FATAL
from recovery_lab.record.history import AnyRecord, FaultEvent, LogLine, Probe, Trouble, Warmed
from recovery_lab.roles import CONTROLS, JOBS_OF, part_of
from recovery_lab.runs import OutageInfo, outage_folders, read_outage, read_run, save

STATUS: dict[Word, int] = {"passed": 0, "failed": 1, "inconclusive": 2}


class OutageVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """One outage, judged. Instants are seconds after the fault was asked for."""

    name: str
    fault: str
    cuts: str
    repeat: int
    solo: str
    hold_s: float
    steps: dict[str, float]
    evidence: dict[str, str]
    lost_s: float | None
    ready_early_s: float | None
    ready_late_s: float | None
    end_s: float | None
    server_version: str
    server_starts: tuple[str, str]
    doubts: list[str]
    server_failed: list[str]
    cells: list[Cell]


class RunVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """A run, judged: failed outranks inconclusive outranks passed.

    `missing` are the planned outages that a run which broke off never began.
    """

    verdict: Word
    cells: dict[str, int]
    missing: list[str]
    outages: list[OutageVerdict]


def judge_run(run: Path) -> RunVerdict:
    """Judge every outage of a run. No cell, or an outage missing, is inconclusive, never passed."""
    outages = [judge_outage(folder) for folder in outage_folders(run)]
    recorded = {outage.name for outage in outages}
    missing = [name for name in read_run(run).planned if name not in recorded]
    words = [cell.verdict for outage in outages for cell in outage.cells]
    counted: dict[str, int] = {word: words.count(word) for word in STATUS}
    doubtful = bool(counted["inconclusive"] or missing or not words)
    worst: Word = "failed" if counted["failed"] else "inconclusive" if doubtful else "passed"
    return RunVerdict(verdict=worst, cells=counted, missing=missing, outages=outages)


def write_verdict(run: Path) -> RunVerdict:
    """Judge a run and write its verdict.json."""
    verdict = judge_run(run)
    save(run / "verdict.json", verdict)
    return verdict


def judge_outage(folder: Path) -> OutageVerdict:
    """Judge one outage's folder."""
    return judge_history(*read_outage(folder))


def only_late(outage: OutageVerdict) -> bool:
    """Tell whether nothing but the recorder's own lateness keeps an outage from a verdict.

    A failed cell beside it is a verdict: such an outage stands as it is.
    """
    unsure = [cell.reasons for cell in outage.cells if cell.verdict == "inconclusive"]
    late = all(why.startswith(MISSED_SCHEDULE) for reasons in unsure for why in reasons)
    return bool(unsure) and late and all(cell.verdict != "failed" for cell in outage.cells)


def verdict_lines(verdict: RunVerdict) -> Iterator[str]:
    """Yield a line for each cell that is not passed or not there, and the verdict."""
    yield from (f"{'missing':<13}{name}: planned, never begun" for name in verdict.missing)
    for outage in verdict.outages:
        for cell in outage.cells:
            if cell.verdict != "passed":
                name = f"{outage.name} {cell.contender} {cell.job}"
                yield f"{cell.verdict:<13}{name}: {'; '.join(cell.reasons)}"
    counted = ", ".join(f"{count} {word}" for word, count in verdict.cells.items())
    yield f"{verdict.verdict.upper()}: {counted} of {sum(verdict.cells.values())} cells"


def judge_history(info: OutageInfo, history: Sequence[AnyRecord]) -> OutageVerdict:
    """Judge one outage by its history."""
    asked = measures.mark_at(history, measures.ASKED)
    origin = asked or 0.0
    bracket = measures.ready(history)
    steps = measures.of_kind(history, FaultEvent)
    probes = [probe for probe in measures.of_kind(history, Probe) if probe.ok]
    window = Window(
        asked_at=origin if asked is not None else float("inf"),
        ready=bracket,
        end_at=end_at(history),
    )
    doubts, server_failed = _doubts(info, history, window), _server_failed(history)
    return OutageVerdict(
        name=info.name,
        fault=info.fault,
        cuts=info.cuts,
        repeat=info.repeat,
        solo=info.solo,
        hold_s=info.hold_s,
        steps={step.name: round(step.at - origin, 6) for step in steps},
        evidence={step.name: step.evidence for step in steps if step.evidence},
        lost_s=_since(measures.lost(history), origin),
        ready_early_s=_since(bracket.early_at if bracket else None, origin),
        ready_late_s=_since(bracket.late_at if bracket else None, origin),
        end_s=_since(window.end_at, origin) if history else None,
        server_version=probes[-1].server_version if probes else "",
        server_starts=measures.server_starts(history),
        doubts=doubts,
        server_failed=server_failed,
        cells=[
            judge_cell(case, doubts, server_failed if case.part.role != "reference" else [])
            for case in _cases(info, history, window)
        ],
    )


def end_at(history: Sequence[AnyRecord]) -> float:
    """Return the last instant at which operations were still scheduled: there all is censored."""
    stopped = measures.mark_at(history, "stopped")
    if stopped is not None:
        return stopped
    return max((probe.ended_at for probe in measures.of_kind(history, Probe)), default=0.0)


def _cases(info: OutageInfo, history: Sequence[AnyRecord], window: Window) -> list[Case]:
    health_at = measures.health_back(history, window.ready.early_at) if window.ready else None
    lag_s = None
    if health_at is not None and window.ready is not None:
        lag_s = round(health_at - window.ready.early_at, 6)
    return [
        Case(
            contender=contender,
            job=job,
            part=part_of(info.fault, contender, job, info.cuts),
            figures=figures(of_cell(history, contender, job), window),
            limit_s=info.limit_s,
            controlled=_controlled(info, job),
            solo=bool(info.solo),
            needs_health=contender == "dashboard",
            health_lag_s=lag_s,
            pool_troubles=pool_troubles(history, contender, job),
        )
        for contender in info.contenders
        for job in JOBS_OF[contender]
    ]


def _controlled(info: OutageInfo, job: str) -> bool:
    """Tell whether this outage has a control that plays the same job."""
    return any(
        fault == info.fault and its_job == job and contender in info.contenders
        for fault, contender, its_job in CONTROLS
    )


def _doubts(info: OutageInfo, history: Sequence[AnyRecord], window: Window) -> list[str]:
    """Return what keeps the whole outage from being evidence."""
    steps = {step.name for step in measures.of_kind(history, FaultEvent)}
    read_on = _read_on(info, history)
    rules = [
        (bool(info.trouble), info.trouble),
        (not info.complete, "the outage was not recorded to its end"),
        ("landed" not in steps, "the fault is not shown to have landed"),
        ("back" not in steps, "the fault is not shown to be gone"),
        (window.ready is None, "the server was not seen ready again"),
        (
            bool(read_on),
            f"established sessions read on through the fault: {', '.join(read_on)}",
        ),
    ]
    troubles = [trouble.message for trouble in measures.of_kind(history, Trouble)]
    return [reason for broken, reason in rules if broken] + troubles


def _read_on(info: OutageInfo, history: Sequence[AnyRecord]) -> list[str]:
    """Return the contenders whose sessions from before answered while the fault was in."""
    if info.cuts not in ("established", "both"):
        return []
    at = {step.name: step.at for step in measures.of_kind(history, FaultEvent)}
    if "landed" not in at or "healing" not in at:
        return []
    found = set()
    for contender in info.contenders:
        for job in JOBS_OF[contender]:
            own = of_cell(history, contender, job)
            ops = [op for op in measures.operations(own) if op.ok and op.ended_at is not None]
            known = {op.backend_pid for op in ops if (op.ended_at or 0.0) < at["injecting"]}
            known |= _warm(history, contender, job)
            found |= {
                contender
                for op in ops
                if op.backend_pid in known
                and op.started_at > at["landed"]
                and (op.ended_at or 0.0) < at["healing"]
            }
    return sorted(found)


def _warm(history: Sequence[AnyRecord], contender: str, job: str) -> set[int]:
    return {
        pid
        for warmed in measures.of_kind(history, Warmed)
        if (warmed.contender, warmed.job) == (contender, job)
        for pid in warmed.backends
    }


def _server_failed(history: Sequence[AnyRecord]) -> list[str]:
    """Return the server's lines that no fault here explains."""
    return [
        f"server log: [{line.pid}] {line.severity} {line.sqlstate}: {line.message}"
        for line in measures.of_kind(history, LogLine)
        if line.severity == "PANIC"
        or (line.severity == "FATAL" and line.sqlstate not in EXPECTED_FATAL)
    ]


def _since(at: float | None, origin: float) -> float | None:
    return None if at is None else round(at - origin, 6)

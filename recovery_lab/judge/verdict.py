"""The verdict: what was observed to fail, what is in doubt, cell by cell, outage and run."""

from collections.abc import Sequence

import msgspec

from recovery_lab.judge import loss, measures
from recovery_lab.judge.account import Figures
from recovery_lab.judge.beside import Beside, beside_of
from recovery_lab.judge.case import Case, Seen
from recovery_lab.judge.doubt import Doubt
from recovery_lab.judge.doubts import cell_doubts, outage_doubts
from recovery_lab.judge.figures import figures_of
from recovery_lab.judge.roles import Role
from recovery_lab.judge.rules import CAPABILITIES, RULES, Rule
from recovery_lab.judge.thresholds import THRESHOLDS
from recovery_lab.outage import JobName, OutageInfo, Word
from recovery_lab.record.history import Health, History, Probe

WORST_FIRST: tuple[Word, ...] = ("failed", "inconclusive", "passed")
STATUS: dict[Word, int] = {"passed": 0, "failed": 1, "inconclusive": 2}


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """A promise that was seen broken, and how."""

    rule: str
    said: str


class Cell(msgspec.Struct, frozen=True, kw_only=True):
    """The verdict on one cell; `label` is as people read it, `rules` what it was held to."""

    contender: str
    job: JobName
    role: Role
    breaks: str
    deciding: bool
    verdict: Word
    label: str
    late: bool
    rules: list[str]
    failures: list[Failure]
    doubts: list[Doubt]
    not_judged: list[str]
    figures: Figures


class OutageVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """One outage, judged; instants in s after the fault was asked for, the application's policy."""

    name: str
    info: OutageInfo
    verdict: Word
    policy: str
    shown_as: str
    steps: dict[str, float]
    evidence: dict[str, str]
    lost_s: float | None
    server_share_s: float | None
    sessions_lost: int
    ready_early_s: float | None
    ready_late_s: float | None
    health_s: float | None
    health_lag_s: float | None
    server_version: str
    server_starts: tuple[str, str]
    restarted: bool
    restart_asked_s: float | None = None  # of the application, by whoever it was
    restart_lag_s: float | None = None  # from there to its first good read
    server_log: list[str]
    doubts: list[Doubt]
    cells: list[Cell]
    beside: dict[str, Beside] = {}  # by contender; older runs have none

    @property
    def owned(self) -> list[Cell]:
        """The application's cells."""
        return [cell for cell in self.cells if cell.contender == self.info.application]

    @property
    def own(self) -> Cell:
        """The first of them."""
        return self.owned[0]


class RunVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """A run, judged; `missing` are the planned outages that a run which broke off never began."""

    verdict: Word
    cells: dict[str, int]
    references: int
    missing: list[str]
    outages: list[OutageVerdict]


def worst(words: Sequence[Word]) -> Word:
    """Return the worst of some words; of none nothing was proven."""
    return next((word for word in WORST_FIRST if word in words), "inconclusive")


def judge_run(outages: Sequence[OutageVerdict], planned: Sequence[str]) -> RunVerdict:
    """Judge a run: an outage missing, or one in doubt (of references only, too), is no pass."""
    recorded = {outage.name for outage in outages}
    missing = [name for name in planned if name not in recorded]
    cells = [cell for outage in outages for cell in outage.cells]
    words = [cell.verdict for cell in cells if cell.deciding]
    doubtful: list[Word] = ["inconclusive" for one in outages if one.doubts]
    judged = worst([*words, *doubtful])
    return RunVerdict(
        verdict="inconclusive" if missing and judged == "passed" else judged,
        cells={word: words.count(word) for word in STATUS},
        references=sum(not cell.deciding for cell in cells),
        missing=missing,
        outages=list(outages),
    )


def only_late(outage: OutageVerdict) -> bool:
    """Tell whether nothing but the recorder's own lateness keeps an outage from a verdict."""
    kinds = {doubt.kind for cell in outage.cells if cell.deciding for doubt in cell.doubts}
    return kinds == {"late"} and all(cell.verdict != "failed" for cell in outage.cells)


def judge_outage(info: OutageInfo, history: History) -> OutageVerdict:
    """Judge one outage by its history."""
    seen = Seen(info, history)
    doubts = outage_doubts(seen)
    cells = [judge_cell(case, doubts) for case in seen.cases]
    controlled = {one.job for one in cells if one.role == "control" and one.verdict == "passed"}
    health = [sample for sample in history.of(Health) if sample.policy]
    early_at, late_at = (seen.ready.early_at, seen.ready.late_at) if seen.ready else (None, None)
    return OutageVerdict(
        name=info.name,
        info=info,
        verdict=worst([cell.verdict for cell in cells if cell.deciding]),
        policy=health[-1].policy if health else info.policy,
        shown_as=health[-1].shown_as if health else "",
        steps={name: round(step.at - seen.origin, 6) for name, step in seen.steps.items()},
        evidence={name: one.evidence for name, one in seen.steps.items() if one.evidence},
        lost_s=seen.after_asked_s(seen.lost_at),
        server_share_s=seen.away_s,
        sessions_lost=len(loss.lost_sessions(history, seen.effects)),
        ready_early_s=seen.after_asked_s(early_at),
        ready_late_s=seen.after_asked_s(late_at),
        health_s=seen.after_asked_s(seen.health_at),
        health_lag_s=seen.after_ready_s(seen.health_at),
        server_version=next((p.server_version for p in history.of(Probe) if p.ok), ""),
        server_starts=measures.server_starts(history),
        restarted=seen.restarted,
        restart_asked_s=seen.after_asked_s(seen.restart_asked_at),
        restart_lag_s=_restart_lag_s(seen),
        server_log=measures.server_log(history, seen.origin),
        doubts=doubts,
        cells=[
            msgspec.structs.replace(one, label=_label(case, one, controlled=one.job in controlled))
            for case, one in zip(seen.cases, cells, strict=True)
        ],
        beside={
            one.contender: found
            for one in info.cast
            if (found := beside_of(seen, one.contender)) is not None
        },
    )


def _restart_lag_s(seen: Seen) -> float | None:
    own = [case.restarted_back_at for case in seen.cases if case.is_application]
    back_at, asked_at = next(iter(own), None), seen.restart_asked_at
    return None if back_at is None or asked_at is None else round(back_at - asked_at, 6)


def _judged(case: Case) -> tuple[list[Rule], list[str]]:
    """Return the rules that decide a cell, and what is said of those that apply and do not."""
    info, part, subject = case.seen.info, case.part, case.part.role == "subject"
    deciding, told = [], []
    for rule in RULES.values():
        if rule.name != part.breaks and not (subject and rule.applies(case)):
            continue
        if rule.needs and rule.needs not in info.capabilities:
            told.append(f"{rule.name}: no {CAPABILITIES.get(rule.needs, rule.needs)} declared")
        elif subject and rule.name in info.waived:  # a control makes no promise to waive
            broken = "; ".join(rule.broken(case))
            kept = f"broken: {broken}" if broken else "kept"
            told.append(f"{rule.name}: waived by the plan, {kept}")
        else:
            deciding.append(rule)
    return deciding, told


def judge_cell(case: Case, doubts: Sequence[Doubt]) -> Cell:
    """Judge one cell, not yet labelled; `doubts` are the outage's own."""
    part, subject = case.part, case.part.role == "subject"
    rules, not_judged = _judged(case)
    failures = [Failure(rule=rule.name, said=said) for rule in rules for said in rule.broken(case)]
    unsure = [*doubts, *cell_doubts(case, failures=bool(failures))]
    # What was observed to fail is failed whatever else is in doubt; a control's is no finding.
    failed = subject and failures and all(doubt.kind != "void" for doubt in unsure)
    verdict: Word = "failed" if failed else "inconclusive" if unsure else "passed"
    health_at = case.seen.health_at if case.is_application else None
    lags = map(case.seen.after_ready_s, (case.recovered_at, health_at))
    return Cell(
        contender=case.cast.contender,
        job=case.job,
        role=part.role,
        breaks=part.breaks,
        deciding=part.role != "reference",
        verdict=verdict,
        label=verdict,
        late=subject and any((lag_s or 0.0) > THRESHOLDS.target_s for lag_s in lags),
        rules=[rule.name for rule in rules],
        failures=failures,
        doubts=unsure,
        not_judged=not_judged,
        figures=figures_of(case),
    )


def _label(case: Case, cell: Cell, *, controlled: bool) -> str:
    """`controlled`: a control of the same job broke its rule in this very outage."""
    if cell.role == "reference":
        return "reference" if case.could_meet else "not met"
    if cell.role == "control" and cell.verdict == "passed":
        return "control failed, as it must"
    if cell.verdict == "passed" and not controlled:
        return "passed (uncontrolled)"
    return cell.verdict


def reasons(cell: Cell) -> list[str]:
    """Return why a cell is not passed: what failed, then what is in doubt beside it."""
    # A control that broke its rule did what it must: no finding.
    broken = [f"{one.rule}: {one.said}" for one in cell.failures if cell.role == "subject"]
    return broken + [f"in doubt: {doubt.said}" for doubt in cell.doubts]

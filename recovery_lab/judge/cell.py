"""One cell judged: a contender's job in one outage, by the rules of its role."""

from collections.abc import Sequence
from typing import Literal

import msgspec

from recovery_lab.judge import measures
from recovery_lab.judge.figures import Figures
from recovery_lab.judge.thresholds import THRESHOLDS
from recovery_lab.record.history import AnyRecord, Look
from recovery_lab.roles import WATCHED_S, Assertion, JobName, Part, Role

Word = Literal["passed", "failed", "inconclusive"]
MISSED_SCHEDULE = "the recorder missed its schedule"


class Cell(msgspec.Struct, frozen=True, kw_only=True):
    """The verdict on one cell; `label` is as people read it."""

    contender: str
    job: JobName
    role: Role
    assertions: tuple[Assertion, ...]
    verdict: Word
    label: str
    late: bool
    reasons: list[str]
    figures: Figures


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """What a cell is judged on; `health_lag_s` only where System Health is part of it."""

    contender: str
    job: JobName
    part: Part
    figures: Figures
    limit_s: float
    controlled: bool
    solo: bool = False
    needs_health: bool = False
    health_lag_s: float | None = None
    pool_troubles: tuple[str, ...] = ()


def judge_cell(case: Case, doubts: Sequence[str], server_failed: Sequence[str]) -> Cell:
    """Judge one cell; `doubts` and `server_failed` are the outage's own."""
    unsure = [*doubts, *_unsure(case)]
    broken = [reason for name in case.part.assertions for reason in _broken(case, name)]
    verdict, reasons = _decide(case, unsure, broken, list(server_failed))
    lag_s = case.figures.recovery_lag_s
    return Cell(
        contender=case.contender,
        job=case.job,
        role=case.part.role,
        assertions=case.part.assertions,
        verdict=verdict,
        label=_label(case, verdict),
        late=case.part.role == "subject" and lag_s is not None and lag_s > THRESHOLDS.target_s,
        reasons=reasons,
        figures=case.figures,
    )


def pool_troubles(history: Sequence[AnyRecord], contender: str, job: str) -> tuple[str, ...]:
    """Tell what is wrong with a pool at the end: connections still out, or another size."""
    looks = [
        look
        for look in measures.of_kind(history, Look)
        if (look.contender, look.job) == (contender, job)
    ]
    if len(looks) < 2:
        return ()
    before, after = looks[0], looks[-1]
    rules = [
        (after.checked_out != 0, f"{after.checked_out} connections still checked out at the end"),
        (before.size != after.size, f"the pool's size was {before.size} and is {after.size}"),
    ]
    return tuple(reason for broken, reason in rules if broken)


def _decide(
    case: Case, unsure: list[str], broken: list[str], server_failed: list[str]
) -> tuple[Word, list[str]]:
    """Doubt in the harness comes first: on it no promise can be judged."""
    if unsure:
        return "inconclusive", unsure
    if case.part.role == "reference":
        return "passed", []
    if server_failed:
        return "failed", server_failed
    if case.part.role == "control":
        name = case.part.assertions[0]
        return (
            ("passed", broken)
            if broken
            else ("inconclusive", [f"the control did not fail its assertion: {name}"])
        )
    broken = [*broken, *case.pool_troubles]
    return ("failed", broken) if broken else ("passed", [])


def _label(case: Case, verdict: Word) -> str:
    if case.part.role == "reference":
        return "reference" if verdict == "passed" else verdict
    if case.part.role == "control" and verdict == "passed":
        return "control failed, as it must"
    if verdict == "passed" and not case.controlled:
        return "passed (uncontrolled)"
    return verdict


def _unsure(case: Case) -> list[str]:
    """Return what keeps this cell from being evidence."""
    seen, steady = case.figures, case.job == "steady"
    spacing_limit_s = THRESHOLDS.spacing_share * THRESHOLDS.target_s
    share = THRESHOLDS.late_start_share_solo if case.solo else THRESHOLDS.late_start_share
    late = seen.late_starts > share * seen.operations
    rules = [
        (not seen.operations, "no operation ran"),
        (steady and seen.baseline.count < THRESHOLDS.baseline_ops, "no steady state before"),
        (seen.errors_before > 0, f"no steady state before: {seen.errors_before} errors"),
        (late, f"{MISSED_SCHEDULE}: {seen.late_starts} of {seen.operations}"),
        (
            steady and seen.spacing_s > spacing_limit_s,
            f"operations {seen.spacing_s:g} s apart around recovery, at most {spacing_limit_s:g} s",
        ),
        (not steady and not seen.operations_after_ready, "the idle pool was not asked after ready"),
        (
            not steady and seen.unfinished > 0,
            f"{seen.unfinished} reads of the idle pool still under way at the end",
        ),
    ]
    return [reason for broken, reason in rules if broken] + _cut_short(case)


def _cut_short(case: Case) -> list[str]:
    """A cell that never recovered must have been watched to its bound."""
    if "recovers" not in case.part.assertions or case.figures.recovery_lag_s is not None:
        return []
    bound_s = WATCHED_S[case.contender] if case.part.role == "control" else case.limit_s
    seen_s = case.figures.censored_after_ready_s or 0.0
    return [f"censored {seen_s:g} s after ready, before {bound_s:g} s"] if seen_s < bound_s else []


def _broken(case: Case, name: Assertion) -> list[str]:
    """Return how an assertion was broken, empty where it held."""
    seen = case.figures
    match name:
        case "recovers":
            return _not_recovered(case)
        case "no error after ready":
            count = seen.errors_after_ready
            # Every read of an idle pool is due after ready.
            hung = seen.hung if case.job == "idle" else 0
            said = [(count, f"{count} errors after ready: {_kinds(seen)}")]
            said.append((hung, f"{hung} reads hung after ready"))
            return [text for number, text in said if number]
        case "nothing hung after recovery":
            count = seen.hung_after_recovery
            return [f"{count} reads hung after recovery"] if count else []
        case "no error at all":
            errors = seen.operations - seen.ok - seen.unfinished
            return [f"{errors} reads not good: {_kinds(seen)}"] if errors else []


def _not_recovered(case: Case) -> list[str]:
    lag_s = case.figures.recovery_lag_s
    seen_s = case.figures.censored_after_ready_s or 0.0
    if lag_s is None:
        return [f"no recovery, censored {seen_s:.1f} s after ready"]
    if case.needs_health and case.health_lag_s is None:
        return [f"System Health not up again, censored {seen_s:.1f} s after ready"]
    back_s = max(lag_s, case.health_lag_s or 0.0)
    return [f"back {back_s:.3f} s after ready, limit {case.limit_s:g} s"] * (back_s > case.limit_s)


def _kinds(seen: Figures) -> str:
    return ", ".join(f"{kind} {count}" for kind, count in seen.error_kinds.items()) or "hung"

"""What keeps an outage or a cell from being evidence: doubts, each of a kind.

`void`: the fault did not land or there was no steady state: then nothing counts, not even what
failed. `late`: the recorder's own schedule; alone, a reason to play again. `unsure`: all else.
"""

from typing import Literal

import msgspec

from recovery_lab.judge import measures
from recovery_lab.judge.case import Case, Seen
from recovery_lab.judge.roles import Part, watched_s
from recovery_lab.judge.thresholds import THRESHOLDS
from recovery_lab.record.history import Live, Trouble

Kind = Literal["void", "late", "unsure"]


class Doubt(msgspec.Struct, frozen=True, kw_only=True):
    """One doubt, in words."""

    kind: Kind
    said: str


Rule = tuple[bool, Kind, str]


def outage_doubts(seen: Seen) -> list[Doubt]:
    """Return what keeps the whole outage from being evidence."""
    info, steps = seen.info, seen.steps
    nothing = info.effects.observed and seen.effects.cuts == "none"
    moved = measures.start_moved(seen.history)
    known = all(measures.server_starts(seen.history)) and info.effects.restarts is not None
    expected = "a start of the server" if info.effects.restarts else "the same server"
    read_on = _read_on(seen)
    rules: list[Rule] = [
        (bool(info.trouble), "unsure", info.trouble),
        (not info.complete, "unsure", "the outage was not recorded to its end"),
        (seen.asked_at is None, "void", "no fault was asked for"),
        ("landed" not in steps, "void", "the fault is not shown to have landed"),
        (
            nothing,
            "void",
            "nothing was taken away: no start of the server, no session ended, none refused",
        ),
        (
            known and moved != info.effects.restarts,
            "void",
            f"expected {expected}: its start {'moved' if moved else 'did not move'}",
        ),
        ("back" not in steps, "unsure", "the fault is not shown to be gone"),
        (seen.ready is None, "unsure", "the server was not seen ready again"),
        (
            bool(read_on),
            "void",
            f"established sessions read on through the fault: {', '.join(read_on)}",
        ),
    ]
    found = [Doubt(kind=kind, said=said) for broken, kind, said in rules if broken]
    return found + [Doubt(kind="unsure", said=one.message) for one in seen.history.of(Trouble)]


def cell_doubts(case: Case, part: Part, *, failures: bool) -> list[Doubt]:
    """Return what keeps one cell from being evidence; `failures`: whether it broke a rule."""
    if part.role == "reference":
        return []
    found = [*_steadiness(case), *_watching(case, part), *_schedule(case)]
    if part.role == "control" and not failures:
        found.append((True, "unsure", f"the control did not break its rule: {part.breaks}"))
    return [Doubt(kind=kind, said=said) for broken, kind, said in found if broken]


def _steadiness(case: Case) -> list[Rule]:
    before = case.before()
    bad = sum(read.outcome in ("failed", "hung") for read in before)
    few = sum(read.ok for read in before) < THRESHOLDS.baseline_reads
    return [
        (not case.reads, "unsure", "no read was due"),
        (case.job == "steady" and few, "void", "no steady state before"),
        (bad > 0, "void", f"no steady state before: {bad} of {len(before)} reads failed or hung"),
        (not case.met, "unsure", "it met nothing: no read was due in the fault, no session cut"),
    ]


def _watching(case: Case, part: Part) -> list[Rule]:
    """A cell must have been watched to its bound, and its reads to their ends."""
    seen = case.seen
    open_ends = sum(read.outcome == "unfinished" for read in case.reads)
    never = case.job == "steady" and case.recovered is None
    bound_s = watched_s(case.cast) if part.role == "control" else seen.info.limit_s
    watched = seen.after_ready_s(seen.stopped_at) or 0.0
    probed = seen.history.of(Live) or "liveness" not in seen.info.capabilities
    settled_s = seen.stopped_at - (case.recovered_at or seen.stopped_at)
    short = part.role == "subject" and not never and case.job == "steady"
    return [
        (
            never and watched < bound_s,
            "unsure",
            f"censored {watched:.1f} s after ready, before {bound_s:g} s",
        ),
        (
            short and settled_s < THRESHOLDS.settled_s,
            "unsure",
            f"watched for {settled_s:.1f} s after recovery, wanted {THRESHOLDS.settled_s:g} s",
        ),
        (
            part.role == "subject" and open_ends > 0,
            "unsure",
            f"{open_ends} reads still under way at the record's end",
        ),
        (
            case.job == "idle" and not case.first_reads,
            "unsure",
            "the idle pool was not asked after ready",
        ),
        (case.is_application and not probed, "unsure", "no liveness probe was made"),
    ]


def _schedule(case: Case) -> list[Rule]:
    late = sum(read.late for read in case.reads)
    solo = bool(case.seen.info.solo)
    share = THRESHOLDS.late_start_share_solo if solo else THRESHOLDS.late_start_share
    spacing_s = measures.spacing_s(case.reads, case.recovered_at)
    return [
        (
            late > share * len(case.reads),
            "late",
            f"the recorder missed its schedule: {late} of {len(case.reads)} reads began late",
        ),
        (
            case.job == "steady" and spacing_s > THRESHOLDS.spacing_s,
            "unsure",
            f"reads due {spacing_s:.1f} s apart around recovery",
        ),
    ]


def _read_on(seen: Seen) -> list[str]:
    """Return the contenders whose sessions from before answered while the fault was in."""
    if seen.effects.cuts not in ("established", "both") or seen.info.effects.observed:
        return []
    if "landed" not in seen.steps or "healing" not in seen.steps or seen.asked_at is None:
        return []
    landed_at, healing_at = seen.steps["landed"].at, seen.steps["healing"].at
    found = set()
    for cast, job in seen.info.cells:
        case = Case(seen, cast, job)
        known = {read.backend_pid for read in case.before() if read.ok} | set(case.warm_backends)
        found |= {
            cast.contender
            for read in case.reads
            if read.ok
            and read.backend_pid in known - {0}
            and (read.started_at or 0.0) > landed_at
            and (read.ended_at or 0.0) < healing_at
        }
    return sorted(found)

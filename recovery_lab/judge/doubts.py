"""What keeps an outage or a cell from being evidence: doubts, each of a kind.

`void`: the fault did not land or there was no steady state: then nothing counts, not even what
failed. `late`: the recorder's own schedule; alone, a reason to play again. `unsure`: all else.
"""

from typing import Literal

import msgspec

from recovery_lab.judge import measures
from recovery_lab.judge.blind import cell_blind, health_before, outage_blind
from recovery_lab.judge.case import Case, Seen
from recovery_lab.judge.thresholds import THRESHOLDS
from recovery_lab.record.history import Trouble

Kind = Literal["void", "late", "unsure"]


class Doubt(msgspec.Struct, frozen=True, kw_only=True):
    """One doubt, in words."""

    kind: Kind
    said: str


Rule = tuple[bool, Kind, str]


def outage_doubts(seen: Seen) -> list[Doubt]:
    """Return what keeps the whole outage from being evidence."""
    info = seen.info
    rules: list[Rule] = [
        (bool(info.trouble), "unsure", info.trouble),
        (not info.complete, "unsure", "the outage was not recorded to its end"),
        *_landing(seen),
        *_going(seen),
    ]
    found = [Doubt(kind=kind, said=said) for broken, kind, said in rules if broken]
    found += [Doubt(kind="unsure", said=said) for said in outage_blind(seen)]
    return found + [Doubt(kind="unsure", said=one.message) for one in seen.history.of(Trouble)]


def _landing(seen: Seen) -> list[Rule]:
    """The fault must be shown to have been in, from a steady state."""
    effects, history = seen.info.effects, seen.history
    moved, known = measures.start_moved(history), all(measures.server_starts(history))
    nothing = effects.observed and seen.effects.cuts == "none"
    read_on = ", ".join(_read_on(seen))
    return [
        (seen.asked_at is None, "void", "no fault was asked for"),
        (
            measures.bad_before(history),
            "void",
            "no steady state before: fresh sessions did not work",
        ),
        ("landed" not in seen.steps, "void", "the fault is not shown to have landed"),
        (
            nothing,
            "void",
            "no outage was seen: no start of the server, no session ended, none refused",
        ),
        (
            known and effects.restarts is True and not moved,
            "void",
            "expected a start of the server: its start did not move",
        ),
        (
            known and effects.restarts is False and moved,
            "unsure",  # the fault was in: what failed under it stands
            "expected the same server: its start moved",
        ),
        (bool(read_on), "void", f"established sessions read on through the fault: {read_on}"),
    ]


def _going(seen: Seen) -> list[Rule]:
    """And to be gone, for good."""
    ready = seen.ready
    again_at = measures.refused_again(seen.history, ready.late_at) if ready else None
    again_s = seen.after_ready_s(again_at) or 0.0
    return [
        ("back" not in seen.steps, "unsure", "the fault is not shown to be gone"),
        (ready is None, "unsure", "the server was not seen ready again"),
        (
            again_at is not None,
            "unsure",
            f"the server refused fresh sessions once more, {again_s:.1f} s after ready",
        ),
    ]


def cell_doubts(case: Case, *, failures: bool) -> list[Doubt]:
    """Return what keeps one cell from being evidence; `failures`: whether it broke a rule."""
    part = case.part
    if part.role == "reference":
        return []
    found = [*_steadiness(case), *_watching(case), *_schedule(case)]
    found += [(True, "unsure", said) for said in cell_blind(case)]
    if part.role == "control" and not failures:
        found.append((True, "unsure", f"the control did not break its rule: {part.breaks}"))
    return [Doubt(kind=kind, said=said) for broken, kind, said in found if broken]


def _steadiness(case: Case) -> list[Rule]:
    before, hurt = case.before(), len(case.hurt_before())
    few = sum(read.ok for read in before) < THRESHOLDS.baseline_reads
    health = health_before(case)
    return [
        (not case.reads, "unsure", "no read was due"),
        (case.job == "steady" and few, "void", "no steady state before"),
        (hurt > 0, "void", f"no steady state before: {hurt} of {len(before)} reads not good"),
        (health != "up", "void", f"no steady state before: System Health said {health}"),
        (not case.met, "unsure", "it met nothing: no read was due in the fault, no session cut"),
    ]


def _watching(case: Case) -> list[Rule]:
    """A cell must have been watched to its bound, and its reads to their ends."""
    seen = case.seen
    subject, steady = case.part.role == "subject", case.job == "steady"
    open_ends = sum(read.open for read in case.reads)
    back_at = case.recovered_at
    if back_at is not None and subject and case.is_application and seen.info.health:
        back_at = None if seen.health_at is None else max(back_at, seen.health_at)
    watched_s = seen.after_ready_s(seen.stopped_at) or 0.0
    settled_s = seen.stopped_at - (back_at or seen.stopped_at)
    held, first = case.held, len(case.first_reads)
    return [
        (
            steady and back_at is None and not case.was_watched,
            "unsure",
            f"censored {watched_s:.1f} s after ready, before {case.watch_s:g} s",
        ),
        (
            subject and steady and back_at is not None and settled_s < THRESHOLDS.settled_s,
            "unsure",
            f"watched for {settled_s:.1f} s after recovery, wanted {THRESHOLDS.settled_s:g} s",
        ),
        (
            subject and open_ends > 0,
            "unsure",
            f"{open_ends} reads still under way at the record's end",
        ),
        (
            not steady and first < max(held, 1),
            "unsure",
            f"the idle pool was not asked after ready: {first} of its first {held} reads",
        ),
    ]


def _schedule(case: Case) -> list[Rule]:
    late = sum(read.late for read in case.reads)
    solo = bool(case.seen.info.solo)
    share = THRESHOLDS.late_start_share_solo if solo else THRESHOLDS.late_start_share
    return [
        (
            late > share * len(case.reads),
            "late",
            f"the recorder missed its schedule: {late} of {len(case.reads)} reads began late",
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

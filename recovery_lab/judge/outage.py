"""The verdict on one watched outage: what must hold, and the figures behind it."""

from collections.abc import Sequence
from typing import Literal

import msgspec

from recovery_lab.judge import measures
from recovery_lab.judge.measures import Bracket, Counts
from recovery_lab.judge.thresholds import THRESHOLDS
from recovery_lab.record.history import AnyRecord, Container, Event, Health, LogLine, Probe, Warmed

Word = Literal["passed", "failed", "inconclusive"]
LATE = "the recorder started too many reads late"


class Outage(msgspec.Struct, frozen=True, kw_only=True):
    """One outage, judged. Instants are seconds after the command was asked; None: never seen."""

    verdict: Word
    reasons: list[str]
    asked: bool
    policy: str
    shown_as: str
    server_version: str
    server_started_before: str
    server_started_after: str
    dashboard_restarted: bool
    warm_backends: list[int]
    sessions_lost: int
    sessions_lost_said: str
    lost_at_s: float | None
    injection_end_s: float | None
    ready_early_s: float | None
    ready_late_s: float | None
    first_read_s: float | None
    first_read_backend: int
    health_up_s: float | None
    health_said_down: bool
    server_starts_seen: int
    outage_s: float | None
    server_share_s: float | None
    our_share_s: float | None
    both_back_after_ready_s: float | None
    gap_s: float
    reads: Counts
    errors: dict[str, int]
    limit_s: float
    server_log: list[str]


def judge(history: Sequence[AnyRecord], limit_s: float) -> Outage:
    """Judge one outage; a pure function of its history and of the window's limit in seconds."""
    asked_at = measures.mark_at(history, measures.ASKED) or 0.0
    bracket = measures.ready(history)
    lost_at = measures.lost(history)
    read = measures.recovery(history, bracket.early_at) if bracket else None
    health_at = measures.health_back(history, bracket.early_at) if bracket else None
    read_at = read.ended_at if read else None
    back_s = _both_back_s(bracket, read_at, health_at)
    reasons_unsure, reasons_failed = _unsure(history, bracket), _failed(history, back_s, limit_s)
    before, after = measures.server_starts(history)
    said = measures.ended_sessions(history)
    health = [h for h in measures.of_kind(history, Health) if h.policy]
    probes = [p for p in measures.of_kind(history, Probe) if p.ok]

    def since_asked(at: float | None) -> float | None:
        return None if at is None else round(at - asked_at, 6)

    return Outage(
        verdict=_word(reasons_unsure, reasons_failed),
        reasons=reasons_failed + reasons_unsure,
        asked=measures.mark_at(history, measures.ASKED) is not None,
        policy=health[-1].policy if health else "",
        shown_as=health[-1].shown_as if health else "",
        server_version=probes[-1].server_version if probes else "",
        server_started_before=before,
        server_started_after=after,
        dashboard_restarted=dashboard_restarted(history),
        warm_backends=_warm(history),
        sessions_lost=_sessions_lost(history),
        sessions_lost_said=said[0].message if said else "the server ended without a word",
        lost_at_s=since_asked(lost_at),
        injection_end_s=since_asked(measures.injection_end(history)),
        ready_early_s=since_asked(bracket.early_at if bracket else None),
        ready_late_s=since_asked(bracket.late_at if bracket else None),
        first_read_s=since_asked(read_at),
        first_read_backend=read.backend_pid if read else 0,
        health_up_s=since_asked(health_at),
        health_said_down=any(h.status == "down" and h.started_at > asked_at for h in health),
        server_starts_seen=sum(
            event.action == "start" for event in measures.of_kind(history, Event)
        ),
        outage_s=_between(lost_at, read_at),
        server_share_s=_between(lost_at, bracket.early_at if bracket else None),
        our_share_s=_between(bracket.early_at if bracket else None, read_at),
        both_back_after_ready_s=back_s,
        gap_s=round(measures.gap_s(history), 6),
        reads=measures.counts(history, bracket.late_at if bracket else None),
        errors=_errors(history),
        limit_s=limit_s,
        server_log=[_log_line(line, asked_at) for line in _telling(history)],
    )


def dashboard_restarted(history: Sequence[AnyRecord]) -> bool:
    """Tell whether the dashboard's container was another, or another start of it, at the end."""
    seen = {
        (c.id, c.started) for c in measures.of_kind(history, Container) if c.role == "dashboard"
    }
    return len(seen) > 1


def late_share(history: Sequence[AnyRecord]) -> float:
    """Return the share of reads that the recorder itself started late."""
    return measures.late_starts(history) / max(1, len(measures.operations(history)))


def _word(unsure: list[str], failed: list[str]) -> Word:
    if unsure:
        return "inconclusive"
    return "failed" if failed else "passed"


def _unsure(history: Sequence[AnyRecord], bracket: Bracket | None) -> list[str]:
    """Return what keeps this from being evidence at all."""
    before, after = measures.server_starts(history)
    warm = _warm(history)
    rules = [
        (not warm, "the pool was not warm before the fault"),
        (bool(before) and before == after, "start time did not move: the server never restarted"),
        (not before, "no steady state before: no good probe of the server"),
        (bracket is None, "the server was not seen ready again"),
        (not measures.operations(history), "no read was made"),
        (late_share(history) > THRESHOLDS.late_start_share, LATE),
    ]
    return [reason for broken, reason in rules if broken]


def _failed(history: Sequence[AnyRecord], both_back_s: float | None, limit_s: float) -> list[str]:
    """Return which promises were broken."""
    if both_back_s is None:
        return [f"System Health and a live read were not both back within {limit_s:g} s of ready"]
    rules = [
        (both_back_s > limit_s, f"both back {both_back_s:.3f} s after ready, limit {limit_s:g} s"),
        (dashboard_restarted(history), "the dashboard's process was restarted"),
    ]
    return [reason for broken, reason in rules if broken]


def _both_back_s(
    bracket: Bracket | None, read_at: float | None, health_at: float | None
) -> float | None:
    if bracket is None or read_at is None or health_at is None:
        return None
    return round(max(0.0, max(read_at, health_at) - bracket.early_at), 6)


def _between(begin: float | None, end: float | None) -> float | None:
    return None if begin is None or end is None else round(end - begin, 6)


def _warm(history: Sequence[AnyRecord]) -> list[int]:
    warmed = measures.of_kind(history, Warmed)
    return warmed[-1].backends if warmed else []


def _sessions_lost(history: Sequence[AnyRecord]) -> int:
    """Count the warm sessions that are gone: named by the server, or all where it started anew."""
    before, after = measures.server_starts(history)
    if before and after and before != after:
        return len(_warm(history))
    return len({line.pid for line in measures.ended_sessions(history)})


def _errors(history: Sequence[AnyRecord]) -> dict[str, int]:
    """Count failed reads by kind."""
    found: dict[str, int] = {}
    for operation in measures.operations(history):
        if operation.outcome == "error":
            found[operation.kind] = found.get(operation.kind, 0) + 1
    return dict(sorted(found.items()))


def _telling(history: Sequence[AnyRecord]) -> list[LogLine]:
    """Return the server's lines about its own end and start, not those about single sessions."""
    asked_at = measures.mark_at(history, measures.ASKED) or 0.0
    lines = [line for line in measures.of_kind(history, LogLine) if line.at >= asked_at]
    return [line for line in lines if line.severity in ("LOG", "PANIC") and not line.application]


def _log_line(line: LogLine, asked_at: float) -> str:
    return f"{line.at - asked_at:+.3f} s [{line.pid}] {line.severity}: {line.message}"

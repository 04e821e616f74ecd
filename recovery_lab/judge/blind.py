"""Where the record is blind: what was not seen is a doubt, so that no data raises a verdict."""

from recovery_lab.judge import measures
from recovery_lab.judge.case import Case, Seen
from recovery_lab.judge.rules import has_pool, looks_of
from recovery_lab.judge.thresholds import THRESHOLDS
from recovery_lab.record.history import Began, Container, Ended, Health, Live, LogLine, Probe


def outage_blind(seen: Seen) -> list[str]:
    """Return what the record does not show of the server, and whether it has an end."""
    info, history = seen.info, seen.history
    told = any(line.at >= (seen.asked_at or 0.0) for line in history.of(LogLine))
    must_tell = "server log" in info.capabilities and bool(seen.effects.restarts)
    rules = [
        (history.mark_at(measures.CLOSED) is None, "the record was cut short: it has no end"),
        (
            info.effects.restarts is not None and not all(measures.server_starts(history)),
            "the server's start time is not known before and after the fault",
        ),
        (must_tell and not told, "the server's log was not read: it tells of no start"),
        (
            _looks(seen, "database") < 2,
            "the containers were not looked at before the fault and after",
        ),
        (
            _unprobed_s(seen) > THRESHOLDS.steady_s + info.effects.delays_s,
            f"no fresh session was tried for {_unprobed_s(seen):.1f} s",
        ),
    ]
    return [said for broken, said in rules if broken]


def cell_blind(case: Case) -> list[str]:
    """Return what the record does not show of one cell."""
    looks = has_pool(case) and "pool" in case.seen.info.capabilities
    bound_s = THRESHOLDS.undue_s + 2.0 / _rate(case)
    undue_s = _undue_s(case) if case.job == "steady" else 0.0
    rules = [
        (undue_s > bound_s, f"no read was due for {undue_s:.1f} s: its schedule was not kept"),
        (_lost_reads(case) > 0, f"{_lost_reads(case)} reads are missing from the record"),
        (looks and len(looks_of(case)) < 2, "its pool was not looked at before and after"),
    ]
    found = [said for broken, said in rules if broken]
    return found + (_application_blind(case) if case.is_application else [])


def _application_blind(case: Case) -> list[str]:
    seen, info = case.seen, case.seen.info
    health_s, live_s = seen.unsampled_s, _unprobed_live_s(seen)
    rules = [
        (
            info.health is not None and health_s > THRESHOLDS.unseen_s,
            f"System Health was not asked for {health_s:.1f} s",
        ),
        (
            "liveness" in info.capabilities and live_s > THRESHOLDS.unseen_s,
            f"no liveness probe was made for {live_s:.1f} s",
        ),
        (
            _looks(seen, "application") < 2,
            "the application's container was not looked at before the fault and after",
        ),
    ]
    return [said for broken, said in rules if broken]


def health_before(case: Case) -> str:
    """Return what System Health said last before the fault; `up` where it has no say."""
    seen = case.seen
    if seen.info.health is None or not case.is_application or seen.asked_at is None:
        return "up"
    said = [s.status for s in seen.history.of(Health) if s.ended_at < seen.asked_at]
    return said[-1] if said else "nothing"


def _looks(seen: Seen, role: str) -> int:
    return sum(one.role == role for one in seen.history.of(Container))


def _unprobed_s(seen: Seen) -> float:
    if seen.asked_at is None or seen.ready is None:
        return 0.0  # a doubt of its own
    until = min(seen.ready.late_at + THRESHOLDS.steady_s, seen.end_at)
    return measures.silence_s(
        (probe.started_at for probe in seen.history.of(Probe)), seen.asked_at, until
    )


def _unprobed_live_s(seen: Seen) -> float:
    starts = (probe.started_at for probe in seen.history.of(Live))
    return measures.silence_s(starts, seen.asked_at or 0.0, seen.stopped_at)


def _undue_s(case: Case) -> float:
    begin_at = case.seen.asked_at
    if begin_at is None:
        return 0.0
    return measures.silence_s((r.due_at for r in case.reads), begin_at, case.seen.stopped_at)


def _rate(case: Case) -> float:
    return max(case.seen.info.reads_per_s * case.cast.traits.workers, 0.01)


def _lost_reads(case: Case) -> int:
    """Count the numbers that no begin has: each read that is sent has the next one.

    An end older than the first begin belongs to an outage before.
    """
    records = case.seen.history.cell(case.cast.contender, case.job)
    began = {record.op for record in records if isinstance(record, Began)}
    first = min(began, default=0)
    sent = {r.op for r in records if isinstance(r, Ended) and r.op > first} | began
    return max(sent) - first + 1 - len(began) if began else 0

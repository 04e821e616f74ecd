"""What `make restart-db` says of one outage, and the page that sums up several."""

from collections.abc import Sequence
from math import inf, isinf
from statistics import median_high

from recovery_lab.judge.outage import Outage
from recovery_lab.judge.thresholds import THRESHOLDS
from recovery_lab.report.page import render, seconds

WIDTH = 9  # of the first column


def row(name: str, text: str) -> str:
    """Return one line of the report: a short name, then the text."""
    return f"{name:<{WIDTH}} {text}"


def shown_policy(outage: Outage) -> str:
    """Return the policy's name with what it is shown as."""
    return f"{outage.policy} ({outage.shown_as})" if outage.shown_as else outage.policy


def before_line(outage: Outage) -> str:
    """Return the line about the steady state before the fault."""
    backends = _ranges(outage.warm_backends)
    text = f"{len(outage.warm_backends)} idle pooled connections (backends {backends})"
    return row("before", f"System Health up · {text}")


def closing_lines(outage: Outage) -> list[str]:
    """Return the lines under the phases: outage, reads, window and the verdict."""
    reads = outage.reads
    counted = (
        f"{reads.ok} ok · {reads.failed_in_outage} failed in outage · "
        f"{reads.failed_after_ready} failed after ready · {reads.hung} hung · {reads.missed} missed"
    )
    parts = f"server {seconds(outage.server_share_s)} + ours {seconds(outage.our_share_s)}"
    return [
        row("outage", f"{seconds(outage.outage_s)} = {parts}"),
        row("reads", counted),
        row("window", _window(outage)),
        _verdict(outage),
    ]


def markdown(outages: Sequence[Outage], title: str, facts: dict[str, str]) -> str:
    """Return one page for a ticket: each run, median, worst, versions, the server's log."""
    passed = sum(outage.verdict == "passed" for outage in outages)
    return render(
        "restart.md",
        title=title,
        outages=outages,
        passed=passed,
        facts=facts,
        summary=_summary(outages),
        target_s=THRESHOLDS.target_s,
    )


def _summary(outages: Sequence[Outage]) -> list[tuple[str, str, str]]:
    """Return (measure, median, worst) over all runs; one that never got there is the worst."""
    measures: dict[str, list[float | None]] = {
        "outage": [o.outage_s for o in outages],
        "server's share": [o.server_share_s for o in outages],
        "ours (recovery lag)": [o.our_share_s for o in outages],
        "both back after ready": [o.both_back_after_ready_s for o in outages],
        "longest gap between good reads": [*(o.gap_s for o in outages)],
    }
    ranked = {
        name: sorted(inf if value is None else value for value in values)
        for name, values in measures.items()
    }
    return [(name, _shown(median_high(v)), _shown(v[-1])) for name, v in ranked.items()]


def _shown(value: float) -> str:
    return "never" if isinf(value) else seconds(value)


def _window(outage: Outage) -> str:
    bounds = f"target {THRESHOLDS.target_s:g} s, limit {outage.limit_s:g} s"
    if outage.both_back_after_ready_s is None:
        return f"not both back after ready ({bounds})"
    late = " · LATE" if outage.both_back_after_ready_s > THRESHOLDS.target_s else ""
    return f"both back {seconds(outage.both_back_after_ready_s)} after ready ({bounds}){late}"


def _verdict(outage: Outage) -> str:
    if outage.verdict == "passed":
        return "RECOVERED without a hand."
    word = "NOT RECOVERED" if outage.verdict == "failed" else "INCONCLUSIVE"
    return f"{word}: {'; '.join(outage.reasons)}"


def _ranges(pids: Sequence[int]) -> str:
    """Return pids as `71-75` where they run on, else as a list."""
    ordered = sorted(pids)
    if len(ordered) > 1 and ordered[-1] - ordered[0] == len(ordered) - 1:
        return f"{ordered[0]}-{ordered[-1]}"
    return ", ".join(str(pid) for pid in ordered) or "none"

"""The phases of an outage in the order they happen, as an operator reads them."""

from collections.abc import Iterator
from typing import NamedTuple

from recovery_lab.judge.outage import Outage


class Phase(NamedTuple):
    """One phase: which, when (seconds after the command was asked), and in words."""

    key: str
    at_s: float
    text: str


def phases(outage: Outage, name: str) -> Iterator[Phase]:
    """Yield each phase known so far, in the order they happened."""
    if outage.asked:
        yield Phase("asked", 0.0, f"{name} asked")
    # While the server is away only its log tells of lost sessions; a killed one leaves no word.
    if outage.lost_at_s is not None and (outage.sessions_lost or outage.ready_early_s is not None):
        warm = len(outage.warm_backends)
        lost = f"{outage.sessions_lost} of {warm} sessions lost: {outage.sessions_lost_said}"
        yield Phase("lost", outage.lost_at_s, lost)
    if outage.ready_early_s is not None:
        yield Phase("ready", outage.ready_early_s, f"server ready ({_start_moved(outage)})")
    back = []
    if outage.first_read_s is not None:
        text = f"first live read through the same pool (backend {outage.first_read_backend})"
        back.append(Phase("read", outage.first_read_s, text))
    if outage.health_up_s is not None:
        restarted = "RESTARTED" if outage.dashboard_restarted else "not restarted"
        back.append(
            Phase("health", outage.health_up_s, f"System Health up · dashboard process {restarted}")
        )
    yield from sorted(back, key=lambda phase: phase.at_s)


def _start_moved(outage: Outage) -> str:
    before, after = (
        text[11:19] for text in (outage.server_started_before, outage.server_started_after)
    )
    if outage.server_started_before == outage.server_started_after:
        return "start time did not move"
    return f"start time moved {before} -> {after}"

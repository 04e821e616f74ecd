"""The steady state before a fault: fresh sessions work, and the pools are warm."""

import time

from recovery_lab.crew import Crew
from recovery_lab.errors import InconclusiveError
from recovery_lab.outage import OutageInfo
from recovery_lab.record.history import Clock, Health, Probe, Sessions, Warmed
from recovery_lab.record.recorder import Recorder

START_LIMIT_S, SETTLE_LIMIT_S = 60.0, 30.0
HEADROOM_SHARE = 0.5  # pools may grow by their overflow while they reconnect


def wait_until_steady(crew: Crew, recorder: Recorder, info: OutageInfo) -> None:
    """Wait for fresh sessions and health `up`; raises InconclusiveError with their last words."""
    crew.observe(" ".join(["hurry", f"{info.effects.delays_s:g}", *info.effects.denies]))
    recorder.wait_for(Clock, START_LIMIT_S, crew.verify_alive)
    if not info.login:
        return  # its reads tell
    deadline = time.monotonic() + SETTLE_LIMIT_S
    while time.monotonic() < deadline:
        probes, samples = recorder.history.of(Probe)[-1:], recorder.history.of(Health)[-1:]
        up = info.health is None or any(sample.status == "up" for sample in samples)
        if any(probe.ok for probe in probes) and up:
            return
        crew.verify_alive()
        time.sleep(0.05)  # polled: records arrive by other threads
    said = [probe.error or "ok" for probe in probes] + [sample.status for sample in samples]
    raise InconclusiveError(
        f"no steady state before the fault after {SETTLE_LIMIT_S:.0f} s: a fresh session and "
        f"health say {said}; run: make status"
    )


def warm(crew: Crew, recorder: Recorder, info: OutageInfo) -> None:
    """Fill the pools; raises InconclusiveError unless they are full, and the server has room."""
    crew.order("warm")
    warmed = sum(job != "cold" for _, job in info.cells)
    recorder.wait_for(Warmed, START_LIMIT_S, crew.verify_alive, count=warmed)
    for one in recorder.history.of(Warmed):
        blind = one.contender == info.application and "pool" not in info.capabilities
        if one.job == "idle" and not blind:
            _verify_warm(one)
    crew.order("look")
    if not info.login:
        return
    crew.observe("sessions")
    ensure_headroom(recorder.wait_for(Sessions, 10.0, crew.verify_alive))


def _verify_warm(warmed: Warmed) -> None:
    """A pool is full where it and the server count the same sessions, as many as wanted."""
    held = len(set(warmed.backends))
    if warmed.checked_in != held or held < warmed.wanted:
        raise InconclusiveError(
            f"{warmed.contender}: the {warmed.job} pool is not warm: {warmed.wanted} connections "
            f"wanted, {warmed.checked_in} idle, {held} sessions on the server"
        )


def ensure_headroom(sessions: Sessions) -> None:
    """Raise InconclusiveError where the server could run out of sessions: a fault by itself."""
    used = sum(sessions.by_application.values())
    most = sessions.max_connections
    if used > HEADROOM_SHARE * most:
        raise InconclusiveError(f"{used} sessions before the fault, the server allows {most}")

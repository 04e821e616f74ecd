"""The one engine: plays an outage, from a steady state to a steady state, and records it.

It decides nothing: the judge's measures only say when there is nothing more to wait for.
"""

import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import msgspec

from recovery_lab.crew import Crew
from recovery_lab.docker import Stack
from recovery_lab.errors import BadInputError, HealError, InconclusiveError, LabError
from recovery_lab.faults import FAULTS, Scene, run_fault
from recovery_lab.files import write_whole
from recovery_lab.folder import compress_history, save
from recovery_lab.judge import measures
from recovery_lab.judge.attending import Attending, newest_at
from recovery_lab.outage import OutageInfo
from recovery_lab.record.history import (
    Clock,
    FaultEvent,
    Health,
    History,
    Mark,
    Probe,
    Sessions,
    Warmed,
)
from recovery_lab.record.recorder import Recorder
from recovery_lab.record.story import Story

BASELINE_S, SOLO_BASELINE_S = 2.0, 3.0  # steady reads before the fault
START_LIMIT_S, SETTLE_LIMIT_S = 60.0, 30.0
POLL_S = 0.2
SILENT_S = 5.0  # the observer writes its clocks every second
LONGEST_LOOK_S = 2.0  # between two looks
# A read that was given up on may go on connecting: a lost SYN is repeated after 1, 3, 7, 15 s.
POOL_LIMIT_S = 20.0
LOOKS_SHARE = 0.02  # of a core: a look that was dear is followed by a longer pause
FETCH_S = 1.0  # how often the server's log and the daemon's events are asked for
HEADROOM_SHARE = 0.5  # pools may grow by their overflow while they reconnect


class View(Protocol):
    """How an outage's progress is shown."""

    def say(self, text: str) -> None:
        """Show a step in words."""

    def look(self, history: History) -> None:
        """Show what is new in the history; called about once a second."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Where outages are played, by whom, and how that is shown."""

    stack: Stack
    crew: Crew
    view: View


def play_outage(stage: Stage, info: OutageInfo, folder: Path) -> OutageInfo:
    """Record one outage into its folder; return what was planned, with how it went.

    What the harness could not do is kept as the outage's trouble, for the judge to call
    inconclusive. Raises HealError when the database is not back: nothing may go on then.
    """
    for broken_off in folder.glob("history.jsonl*"):
        broken_off.unlink()  # of a run that is resumed: this outage begins anew
    save(folder / "outage.json", info)
    recorder = Recorder(folder / "history.jsonl")
    stage.crew.record_into(recorder)
    try:
        _Outage(stage, info, recorder, folder).record()
        recorder.verify_whole()
        info = msgspec.structs.replace(info, complete=True)
    except (BadInputError, HealError):
        raise
    except (LabError, OSError) as error:
        info = msgspec.structs.replace(info, trouble=str(error))
    finally:
        stage.crew.record_into(None)
        recorder.close()
        with suppress(OSError):  # a full disk: the plain history can be read as well
            compress_history(folder)
        save(folder / "outage.json", info)
    return info


class _Outage:
    """One outage while it is recorded."""

    def __init__(self, stage: Stage, info: OutageInfo, recorder: Recorder, folder: Path) -> None:
        self._stage = stage
        self._crew = stage.crew
        self._info = info
        self._recorder = recorder
        self._folder = folder
        self._history = recorder.history
        self._capabilities = info.capabilities
        self._fetched_at = 0.0
        self._heard = (0.0, 0.0)  # the observer's newest instant, and when it came here
        self._story: Story | None = None

    def record(self) -> None:
        """Start the contenders, play the fault, record on until there is no more to wait for."""
        self._stage.view.say("starts its contenders")
        self._crew.cast(self._info)
        self._wait_for_steady_state()
        self._story = story = Story(self._stage.stack, self._recorder)
        try:
            self._warm()
            story.note_containers()
            self._read_steadily()
            self._play()
            self._follow()
            self._stop()
        finally:
            # The server's story is kept also where the outage broke off; why it did counts.
            with suppress(LabError):
                self._keep_story(story)

    def _wait_for_steady_state(self) -> None:
        """Wait until fresh sessions work and the application's own probe says `up`."""
        asks_health = self._info.health is not None
        self._recorder.wait_for(Clock, START_LIMIT_S, self._crew.verify_alive)
        deadline = time.monotonic() + SETTLE_LIMIT_S
        while time.monotonic() < deadline:
            probes, samples = self._history.of(Probe)[-1:], self._history.of(Health)[-1:]
            up = not asks_health or any(sample.status == "up" for sample in samples)
            if any(probe.ok for probe in probes) and up:
                return
            self._crew.verify_alive()
            time.sleep(0.05)  # polled: records arrive by other threads
        said = [probe.error or "ok" for probe in probes] + [sample.status for sample in samples]
        raise InconclusiveError(
            f"no steady state before the fault after {SETTLE_LIMIT_S:.0f} s: a fresh session and "
            f"health say {said}; run: make status"
        )

    def _warm(self) -> None:
        """Fill the pools, verify that they are full, and that the server has room for more."""
        self._crew.order("warm")
        cells = self._info.cells
        wait = self._recorder.wait_for
        wait(Warmed, START_LIMIT_S, self._crew.verify_alive, count=len(cells))
        for one in self._history.of(Warmed):
            blind = one.contender == self._info.application and "pool" not in self._capabilities
            if one.job == "idle" and not blind:
                _verify_warm(one)
        self._crew.order("look")
        self._crew.observe("sessions")
        ensure_headroom(wait(Sessions, 10.0, self._crew.verify_alive))

    def _read_steadily(self) -> None:
        self._stage.view.say("reads in the steady state before")
        self._stage.view.look(self._history)
        self._crew.order("steady")
        self._pause(SOLO_BASELINE_S if self._info.solo else BASELINE_S)  # the baseline's length

    def _pause(self, seconds: float) -> None:
        """Let time pass; raises InconclusiveError when a helper has ended meanwhile."""
        ends_at = time.monotonic() + seconds
        while (left := ends_at - time.monotonic()) > 0:
            time.sleep(min(left, POLL_S))
            self._pace()

    def _pace(self) -> None:
        """Look after the helpers, and once a second at what the server and the daemon say."""
        self._crew.verify_alive()
        self._recorder.verify_whole()
        self._verify_heard()
        if self._story and time.monotonic() > self._fetched_at + FETCH_S:
            self._story.fetch()
            self._fetched_at = time.monotonic()
            self._stage.view.look(self._history)

    def _verify_heard(self) -> None:
        """Raise InconclusiveError where the observer lives and is silent: it has the clock."""
        now, newest = time.monotonic(), newest_at(self._history)
        if newest != self._heard[0]:
            self._heard = (newest, now)
        elif now > self._heard[1] + SILENT_S:
            raise InconclusiveError(f"the observer has been silent for {SILENT_S:.0f} s")

    def _play(self) -> None:
        info = self._info
        self._stage.view.say(f"fault in, for {info.hold_s:.1f} s")
        self._crew.observe(f"hurry {info.effects.delays_s:g}")
        scene = Scene(
            stack=self._stage.stack,
            hold_s=info.hold_s,
            note=self._note,
            pace=self._pace,
            command=tuple(info.command),
        )
        run_fault(FAULTS[info.fault], scene)

    def _note(self, event: FaultEvent) -> None:
        """Keep a fault's step; its begin and end are the marks that measures count from."""
        self._recorder.append(event)
        marks = {"injecting": measures.ASKED, "healed": measures.RETURNED}
        if event.name in marks:
            self._recorder.append(Mark(at=event.at, name=marks[event.name]))

    def _follow(self) -> None:
        """Record on until every subject has recovered and settled, or the limit has passed."""
        self._stage.view.say("healed; waits for recovery")
        self._fetched_at = 0.0
        attending = Attending(self._info, self._history)
        while True:
            began_at = time.process_time()
            self._pace()
            if attending.may_release():
                self._mark(measures.RELEASED)
                self._crew.order("release")
            if attending.is_over():
                return
            spent_s = time.process_time() - began_at
            pause_s = min(LONGEST_LOOK_S, max(POLL_S, spent_s / LOOKS_SHARE))
            time.sleep(pause_s)  # records arrive by themselves

    def _mark(self, name: str) -> None:
        """Let the observer stamp something that the runner does."""
        count = len(self._history.of(Mark)) + 1
        self._crew.observe(f"mark {name}")
        self._recorder.wait_for(Mark, 5.0, self._crew.verify_alive, count=count)

    def _stop(self) -> None:
        """Schedule no more; await the subjects' reads until they end or hang; look at the pools."""
        self._mark(measures.STOPPED)
        self._crew.order("stop")
        self._stage.view.say("awaits the reads under way")
        attending = Attending(self._info, self._history)
        while not attending.reads_have_ended():
            self._pace()
            time.sleep(POLL_S)  # polled: reads end by themselves
        ends_at = time.monotonic() + POOL_LIMIT_S
        while time.monotonic() < ends_at:
            self._crew.order("look")
            time.sleep(POLL_S)  # a pool takes a connection back a moment after its read
            if attending.pools_are_whole():
                break
        self._crew.verify_alive()  # one that died has left no more to say, and nobody noticed
        self._crew.observe("rest")
        self._mark(measures.CLOSED)

    def _keep_story(self, story: Story) -> None:
        """Keep the daemon's events and both logs, as they were printed."""
        story.fetch()
        story.note_containers()
        target = self._stage.stack.target
        services = {"server.log": target.database.service}
        if target.application:
            services["application.log"] = target.application.service
        for name, service in services.items():
            write_whole(self._folder / name, story.log_of(service).encode())


def _verify_warm(warmed: Warmed) -> None:
    """Raise InconclusiveError unless a pool is full, and the server counts the same sessions."""
    held = len(set(warmed.backends))
    if warmed.checked_in != held or held < warmed.wanted:
        raise InconclusiveError(
            f"{warmed.contender}: the {warmed.job} pool is not warm: {warmed.wanted} connections "
            f"wanted, {warmed.checked_in} idle, {held} sessions on the server"
        )


def ensure_headroom(sessions: Sessions) -> None:
    """Raise InconclusiveError where the server could run out of sessions: a fault by itself."""
    used = sum(sessions.by_application.values())
    if used > HEADROOM_SHARE * sessions.max_connections:
        raise InconclusiveError(
            f"{used} sessions before the fault, the server allows {sessions.max_connections}"
        )

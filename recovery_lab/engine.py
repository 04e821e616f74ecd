"""The one engine: plays an outage, from a steady state to a steady state, and records it."""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import msgspec

from recovery_lab.crew import Crew, is_cold
from recovery_lab.errors import BadInputError, HealError, InconclusiveError, LabError
from recovery_lab.folder import compress_history, save
from recovery_lab.judge import measures
from recovery_lab.judge.attending import Attending, newest_at
from recovery_lab.judge.verdict import OutageVerdict
from recovery_lab.outage import OutageInfo
from recovery_lab.record.history import Born, FaultEvent, History, Mark
from recovery_lab.record.recorder import Recorder
from recovery_lab.record.story import Story
from recovery_lab.steady import START_LIMIT_S, wait_until_steady, warm

# Steady reads before the fault: one contender alone reads 20 times a second at the least.
BASELINE_S, ALONE_BASELINE_S = 2.5, 1.0
POLL_S = 0.2
SILENT_S = 5.0  # the observer writes its clocks every second
LONGEST_LOOK_S = 2.0  # between two looks
# A read that was given up on may go on connecting: a lost SYN is repeated after 1, 3, 7, 15 s.
POOL_LIMIT_S = 20.0
LOOKS_SHARE = 0.02  # of a core: a look that was dear is followed by a longer pause
FETCH_S = 1.0  # how often the server's log and the daemon's events are asked for


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """How a run's progress is shown; by itself it shows nothing."""

    began: Callable[[OutageInfo, int, int], None] = lambda *_: None  # which outage, of how many
    say: Callable[[str], None] = lambda _: None  # a step in words
    look: Callable[[History], None] = lambda _: None  # the history, about once a second
    judged: Callable[[OutageVerdict], None] = lambda _: None  # an outage that is over


def play_outage(crew: Crew, view: View, info: OutageInfo, folder: Path) -> OutageInfo:
    """Record one outage; return it with how it went. HealError: not back, nothing may go on."""
    for broken_off in folder.glob("history.jsonl*"):
        broken_off.unlink()  # of a run that is resumed: this outage begins anew
    save(folder / "outage.json", info)
    recorder = Recorder(folder / "history.jsonl")
    crew.record_into(recorder)
    try:
        view.say("starts its contenders")
        crew.cast(info)
        wait_until_steady(crew, recorder, info)
        _Outage(crew, view, info, folder, recorder, crew.story(recorder)).record()
        recorder.verify_whole()
        info = msgspec.structs.replace(info, complete=True)
    except (BadInputError, HealError):
        raise
    except (LabError, OSError) as error:
        info = msgspec.structs.replace(info, trouble=str(error))  # inconclusive, to the judge
    finally:
        crew.record_into(None)
        recorder.close()
        with suppress(OSError):  # a full disk: the plain history can be read as well
            compress_history(folder)
        save(folder / "outage.json", info)
    return info


@dataclass
class _Outage:
    """One outage while it is recorded, its contenders there and the server in its steady state."""

    crew: Crew
    view: View
    info: OutageInfo
    folder: Path
    recorder: Recorder
    story: Story
    fetched_at: float = 0.0
    heard: tuple[float, float] = (0.0, 0.0)  # the observer's newest instant, and when it came here

    @cached_property
    def attending(self) -> Attending:
        """What it still waits for."""
        return Attending(self.info, self.recorder.history)

    def record(self) -> None:
        """Play the fault, and record on until there is no more to wait for."""
        try:
            self.crew.play(self.info, note=self._note, pace=self._pace, begin=self._begin)
            self._follow()
            self._stop()
        finally:
            # The server's story is kept also where the outage broke off; why it did counts.
            with suppress(LabError):
                self.story.keep(self.folder)

    def _pace(self) -> None:
        """Look after the helpers, and once a second at what the server and the daemon say."""
        self.crew.verify_alive()
        self.recorder.verify_whole()
        now, newest = time.monotonic(), newest_at(self.recorder.history)
        if newest != self.heard[0]:
            self.heard = (newest, now)
        elif now > self.heard[1] + SILENT_S:  # it lives, but it has the clock
            raise InconclusiveError(f"the observer has been silent for {SILENT_S:.0f} s")
        if now > self.fetched_at + FETCH_S:
            self.story.fetch()
            self.fetched_at = time.monotonic()
            self.view.look(self.recorder.history)
        if self.info.effects.leaves_idle_silent:  # used while the fault is in
            self._release_due()

    def _begin(self) -> None:
        """Warm the pools, and read in the steady state before."""
        warm(self.crew, self.recorder, self.info)
        self.view.say("reads in the steady state before")
        self.view.look(self.recorder.history)
        self.crew.order("steady")
        steady_until = time.monotonic() + _baseline_s(self.info)
        self.story.note_containers()
        while (left := steady_until - time.monotonic()) > 0:
            time.sleep(min(left, POLL_S))  # the baseline's length
            self._pace()
        self.view.say(f"fault in, for {self.info.hold_s:.1f} s")

    def _note(self, event: FaultEvent) -> None:
        """Keep a fault's step; its begin and end are the marks that measures count from."""
        self.recorder.append(event)
        marks = {"injecting": measures.ASKED, "healed": measures.RETURNED}
        if event.name in marks:
            self.recorder.append(Mark(at=event.at, name=marks[event.name]))
        if event.name == "landed" and self.info.job == "cold":
            self._start_cold()

    def _start_cold(self) -> None:
        """Start who begins in the fault; its length counts anew from when all of them read."""
        self.view.say("starts its contenders in the fault")
        self.crew.cast_cold(self.info)
        count = sum(map(is_cold, self.info.cast))
        self.recorder.wait_for(Born, START_LIMIT_S, self._pace, count=count)
        self.crew.order("begin")
        ends_at = time.monotonic() + self.info.hold_s
        while (left := ends_at - time.monotonic()) > 0:
            self._pace()
            time.sleep(min(left, POLL_S))

    def _follow(self) -> None:
        """Record on until every subject has recovered and settled, or the limit has passed."""
        self.view.say("healed; waits for recovery")
        self.fetched_at = 0.0
        while True:
            began_at = time.process_time()
            self._pace()
            self._release_due()
            if self.attending.is_over():
                return
            spent_s = time.process_time() - began_at
            time.sleep(min(LONGEST_LOOK_S, max(POLL_S, spent_s / LOOKS_SHARE)))  # polled

    def _release_due(self) -> None:
        if self.attending.may_release():
            self._mark(measures.RELEASED)
            self.crew.order("release")

    def _mark(self, name: str) -> None:
        count = len(self.recorder.history.of(Mark)) + 1
        self.crew.observe(f"mark {name}")
        self.recorder.wait_for(Mark, 5.0, self.crew.verify_alive, count=count)

    def _stop(self) -> None:
        """Schedule no more; await the subjects' reads until they end or hang; look at the pools."""
        self._mark(measures.STOPPED)
        self.crew.order("stop")
        self.view.say("awaits the reads under way")
        while not self.attending.reads_have_ended():
            self._pace()
            time.sleep(POLL_S)  # polled: reads end by themselves
        ends_at = time.monotonic() + POOL_LIMIT_S
        while time.monotonic() < ends_at:
            self.crew.order("look")
            time.sleep(POLL_S / 2)  # a pool takes a connection back a moment after its read
            if self.attending.pools_are_whole():
                break
        self.crew.verify_alive()  # one that died has left no more to say, and nobody noticed
        self.crew.observe("rest")
        self._mark(measures.CLOSED)


def _baseline_s(info: OutageInfo) -> float:
    if all(job == "idle" for _, job in info.cells):
        return 0.0  # nobody reads
    return ALONE_BASELINE_S if info.solo or info.command else BASELINE_S

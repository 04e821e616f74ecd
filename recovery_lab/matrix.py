"""One outage of the matrix: contenders and the fault's controls meet one fault; all is recorded.

Nothing here decides anything. The judge's measures only say when there is nothing more to wait for.
"""

import time
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from pathlib import Path

import msgspec

from recovery_lab import docker
from recovery_lab.clients.fleet import Fleet
from recovery_lab.errors import HealError, InconclusiveError, LabError
from recovery_lab.faults import FAULTS, Scene, run_fault
from recovery_lab.files import write_whole
from recovery_lab.judge import measures
from recovery_lab.judge.figures import of_cell
from recovery_lab.judge.thresholds import THRESHOLDS
from recovery_lab.record.history import AnyRecord, Clock, FaultEvent, Look, Mark, Probe, Sessions
from recovery_lab.record.recorder import Recorder
from recovery_lab.record.story import Story
from recovery_lab.roles import part_of, watched_s
from recovery_lab.runs import OutageInfo, compress_history, save
from recovery_lab.target import Target
from recovery_lab.watch import settle

BASELINE_S = 2.0  # steady reads before the fault
SOLO_BASELINE_S = 5.0  # 400 of them where latencies are the point
POLL_S = 0.2
FETCH_S = 1.0  # how often the server's log and the daemon's events are asked for
HEADROOM_SHARE = 0.5  # pools may grow by their overflow while they reconnect
LATE_NEWS_S = 1.0  # the daemon's events, fetched later, may move ready: watched past the limit
DRAIN_S = 2.0  # for reads under way when the readers stop

Progress = Callable[[str], None]


class Scenery(msgspec.Struct, frozen=True, kw_only=True):
    """Where an outage is played, and where it is kept."""

    target: Target
    project: str
    folder: Path


def record_outage(scenery: Scenery, info: OutageInfo, progress: Progress) -> None:
    """Record one outage into its folder, from a steady state to a steady state.

    What the harness could not do is kept as the outage's trouble, for the judge to call
    inconclusive. Raises HealError when the database is not back: nothing may go on then.
    """
    docker.refuse_remote()
    folder = scenery.folder
    save(folder / "outage.json", info)
    for broken_off in folder.glob("history.jsonl*"):
        broken_off.unlink()  # of a run that is resumed: this outage begins anew
    try:
        path = folder / "history.jsonl"
        with closing(Recorder(scenery.target, scenery.project, path)) as recorder:
            _Outage(scenery, info, recorder, progress).record()
        info = msgspec.structs.replace(info, complete=True)
    except HealError:
        raise
    except LabError as error:
        info = msgspec.structs.replace(info, trouble=str(error))
    finally:
        compress_history(folder)
        save(folder / "outage.json", info)


class _Outage:
    """One outage while it is recorded."""

    def __init__(
        self, scenery: Scenery, info: OutageInfo, recorder: Recorder, progress: Progress
    ) -> None:
        self._scenery = scenery
        self._info = info
        self._recorder = recorder
        self._progress = progress
        self._released_at: float | None = None

    def record(self) -> None:
        """Start the contenders, play the fault, record on until there is no more to wait for."""
        target, project, info = self._scenery.target, self._scenery.project, self._info
        self._progress("starts its contenders")
        contenders = Fleet(target, project, self._recorder, info.contenders, info.reads_per_s)
        with closing(contenders) as fleet:
            settle(self._recorder)
            story = Story(target, project, self._recorder)
            began = self._recorder.clocks()[-1].wall
            self._warm(fleet, story)
            try:
                self._play()
                self._follow(fleet, story)
                self._stop(fleet)
            finally:
                # The server's story is kept also where the outage broke off; why it did counts.
                with suppress(LabError):
                    self._keep_story(story, began)

    def _warm(self, fleet: Fleet, story: Story) -> None:
        """Fill the pools, and read for a while in the steady state before."""
        fleet.warm()
        fleet.order("look")
        ensure_headroom(self._count_sessions())
        story.note_containers()
        self._progress("reads in the steady state before")
        fleet.order("steady")
        time.sleep(SOLO_BASELINE_S if self._info.solo else BASELINE_S)  # the baseline's length

    def _count_sessions(self) -> Sessions:
        """Let the server count the sessions."""
        position = len(self._recorder.snapshot())
        self._recorder.order("sessions")
        return self._recorder.wait_for(Sessions, 10.0, after=position)

    def _play(self) -> None:
        self._progress(f"fault in, for {self._info.hold_s:.1f} s")
        self._recorder.order("hurry")
        scene = Scene(
            target=self._scenery.target,
            project=self._scenery.project,
            hold_s=self._info.hold_s,
            note=self._note,
        )
        run_fault(FAULTS[self._info.fault], scene)

    def _note(self, event: FaultEvent) -> None:
        """Keep a fault's step; its begin and end are the marks that measures count from."""
        self._recorder.append(event)
        marks = {"injecting": measures.ASKED, "healed": measures.RETURNED}
        if event.name in marks:
            self._recorder.append(Mark(at=event.at, name=marks[event.name]))

    def _follow(self, fleet: Fleet, story: Story) -> None:
        """Record on until every subject has recovered and settled, or the limit has passed."""
        self._progress("healed; waits for recovery")
        fetched_at = 0.0
        while True:
            if time.monotonic() > fetched_at + FETCH_S and self._bracket() is None:
                story.fetch()  # the daemon's own events say when the injection ended
                fetched_at = time.monotonic()
            history = self._recorder.snapshot()
            self._release(fleet, history)
            if is_over(self._info, history, self._released_at):
                return
            time.sleep(POLL_S)  # a pace: the records arrive by themselves

    def _bracket(self) -> measures.Bracket | None:
        return measures.ready(self._recorder.snapshot())

    def _release(self, fleet: Fleet, history: Sequence[AnyRecord]) -> None:
        """Once ready has stood for 3 s, let the idle pools be used: five at once."""
        bracket = measures.ready(history)
        if self._released_at is not None or bracket is None:
            return
        if (now := newest_at(history)) >= bracket.late_at + THRESHOLDS.release_s:
            fleet.order("release")
            self._released_at = now

    def _stop(self, fleet: Fleet) -> None:
        """Stop the readers; look at the pools until nothing is checked out, or for a while."""
        recorder = self._recorder
        recorder.order("mark stopped")
        fleet.order("stop")
        pools = len(measures.of_kind(recorder.snapshot(), Look))
        deadline = time.monotonic() + DRAIN_S
        while time.monotonic() < deadline:
            fleet.order("look")
            time.sleep(POLL_S)  # polled: reads under way end by themselves
            looks = measures.of_kind(recorder.snapshot(), Look)[-pools:]
            if not any(look.checked_out for look in looks):
                break
        self._count_sessions()

    def _keep_story(self, story: Story, began: float) -> None:
        """Keep the daemon's events and the server's log, in the history and as it was printed."""
        target = self._scenery.target
        story.fetch()
        story.note_containers()
        until = self._recorder.clocks()[-1].wall
        log = docker.service_log(target, target.database.service, began, until)
        write_whole(self._scenery.folder / "server.log", log.encode())


def ensure_headroom(sessions: Sessions) -> None:
    """Raise InconclusiveError where the server could run out of sessions: a fault by itself."""
    used = sum(sessions.by_application.values())
    if used > HEADROOM_SHARE * sessions.max_connections:
        raise InconclusiveError(
            f"{used} sessions before the fault, the server allows {sessions.max_connections}"
        )


def is_over(info: OutageInfo, history: Sequence[AnyRecord], released_at: float | None) -> bool:
    """Tell whether there is nothing more to wait for."""
    bracket, now = measures.ready(history), newest_at(history)
    if bracket is None:
        returned = measures.mark_at(history, measures.RETURNED)
        return returned is not None and now > returned + info.limit_s
    if now > bracket.late_at + info.limit_s + LATE_NEWS_S:
        return True
    # Alone in its outage no contender has a control beside it.
    earliest = bracket.late_at + (0.0 if info.solo else watched_s(info.fault))
    if released_at is None or now < max(earliest, released_at + measures.STEADY_S + POLL_S):
        return False
    recovered = [_recovered_at(history, name, bracket.early_at) for name in _awaited(info)]
    known = [at for at in recovered if at is not None]
    return len(known) == len(recovered) and now > max(known, default=0.0) + THRESHOLDS.settled_s


def newest_at(history: Sequence[AnyRecord]) -> float:
    """Return the newest instant of the observer: its own now."""
    probes = measures.of_kind(history, Probe)
    clocks = measures.of_kind(history, Clock)
    return max([probe.ended_at for probe in probes] + [clock.at for clock in clocks], default=0.0)


def _awaited(info: OutageInfo) -> list[str]:
    """Return whose recovery is waited for: the subjects', and that of a contender alone."""
    return [
        name
        for name in info.contenders
        if name == info.solo or part_of(info.fault, name, "steady", info.cuts).role == "subject"
    ]


def _recovered_at(history: Sequence[AnyRecord], name: str, since: float) -> float | None:
    """Return when a subject had recovered; the dashboard only with its System Health."""
    read = measures.recovery(of_cell(history, name, "steady"), since)
    if read is None or name != "dashboard":
        return read.ended_at if read else None
    health_at = measures.health_back(history, since)
    return None if health_at is None else max(health_at, read.ended_at or 0.0)

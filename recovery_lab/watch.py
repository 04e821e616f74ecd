"""Watch one outage: observe while a command takes the database away, and after it.

Nothing here decides anything: it records until the judge's measures say that both are back (or the
window's limit has passed), and leaves a running database behind whatever happens.
"""

import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Literal

import msgspec

from recovery_lab import docker
from recovery_lab.errors import BadInputError, InconclusiveError
from recovery_lab.judge import measures
from recovery_lab.judge.outage import Outage, judge
from recovery_lab.judge.thresholds import THRESHOLDS
from recovery_lab.record.history import AnyRecord, Health, Mark, Probe, Warmed
from recovery_lab.record.recorder import Recorder
from recovery_lab.record.story import Story
from recovery_lab.target import Target

BASELINE_S = 2.0  # steady reads before the command
AFTER_S = 2.0  # recorded on after both are back
COMMAND_LIMIT_S = 900.0  # a command that takes longer is ended: every fault is bounded
POLL_S = 1.0  # how often the server's log and the daemon's events are fetched

Job = Literal["steady", "idle"]
OnHistory = Callable[[Sequence[AnyRecord]], None]


class Watch(msgspec.Struct, frozen=True, kw_only=True):
    """How one outage is watched.

    `job`: `steady` reads on; `idle` leaves the warm pool alone until the server is ready, and then
    asks it for as many reads at once as it holds connections.
    """

    target: Target
    command: list[str]
    limit_s: float
    history: Path
    job: Job = "steady"


def watch_outage(watch: Watch, on_history: OnHistory) -> Outage:
    """Record and judge one outage; `on_history` gets the history once a second.

    Raises BadInputError (remote daemon, command not found), InconclusiveError (no steady state
    before), DockerError. The database runs again when this returns or raises.
    """
    docker.refuse_remote()
    database = docker.container(watch.target, watch.target.database.service)
    project = docker.project_of(database)
    with closing(Recorder(watch.target, project, watch.history)) as recorder:
        settle(recorder)
        _warm(recorder, watch.job)
        story = Story(watch.target, project, recorder)
        story.note_containers()
        on_history(recorder.snapshot())
        with _command(watch, recorder) as running:
            _Following(watch, recorder, running).follow(story, on_history)
        story.note_containers()
    return judge(recorder.snapshot(), watch.limit_s)


def settle(recorder: Recorder) -> None:
    """Wait for the steady state before: the server answers and System Health says `up`."""
    deadline = time.monotonic() + 30.0
    while time.monotonic() < deadline:
        history = recorder.snapshot()
        probes, samples = measures.of_kind(history, Probe), measures.of_kind(history, Health)
        if probes and probes[-1].ok and samples and samples[-1].status == "up":
            return
        recorder.wait_for(Health, 30.0, after=len(history))
    said = f"health {samples[-1].status!r}" if samples else "no health sample"
    raise InconclusiveError(
        f"no steady state before the fault after 30 s: {said}; run: make status"
    )


def _warm(recorder: Recorder, job: Job) -> None:
    """Fill the pool, and assert that it is full and that the server knows the same sessions."""
    recorder.order("warm")
    warmed = recorder.wait_for(Warmed, 30.0)
    if not warmed.wanted == warmed.checked_in == len(warmed.backends):
        raise InconclusiveError(
            f"the pool is not warm: {warmed.wanted} connections wanted, {warmed.checked_in} idle, "
            f"{len(warmed.backends)} sessions on the server"
        )
    if job == "steady":
        recorder.order("steady")
        time.sleep(BASELINE_S)  # the length of the baseline, not a synchronisation


class _Following:
    """Records on until both are back, or until the window has passed."""

    def __init__(
        self, watch: Watch, recorder: Recorder, running: "subprocess.Popen[bytes]"
    ) -> None:
        self._watch = watch
        self._recorder = recorder
        self._running = running
        self._deadline = time.monotonic() + COMMAND_LIMIT_S
        self._returned = False
        self._idle_pool_asked = watch.job != "idle"

    def follow(self, story: Story, on_history: OnHistory) -> None:
        """Fetch, show and go on; ends when there is nothing more to wait for."""
        while not self._returned or not _over(self._recorder.snapshot(), self._watch.limit_s):
            time.sleep(POLL_S)  # a pace: the records arrive by themselves
            self._note_return()
            story.fetch()
            history = self._recorder.snapshot()
            on_history(history)
            self._ask_idle_pool(history)

    def _note_return(self) -> None:
        """Mark the command's end; end a command that takes too long."""
        if self._returned:
            return
        status = self._running.poll()
        if status is not None:
            _mark(self._recorder, measures.RETURNED)
            self._returned = True
            if status:
                command = " ".join(self._watch.command)
                raise InconclusiveError(f"{command}: exit status {status}; see what it said above")
        elif time.monotonic() > self._deadline:
            command = self._watch.command[0]
            raise BadInputError(f"{command} still runs after {COMMAND_LIMIT_S:.0f} s: ended")

    def _ask_idle_pool(self, history: Sequence[AnyRecord]) -> None:
        """Once ready has stood for 3 s, use the idle pool for the first time: all at once."""
        bracket = measures.ready(history)
        if self._idle_pool_asked or bracket is None:
            return
        if _now(history) < bracket.late_at + THRESHOLDS.release_s:
            return
        self._recorder.order(f"burst {len(_last_warm(history).backends)}")
        self._recorder.order("steady")
        self._idle_pool_asked = True


def _over(history: Sequence[AnyRecord], limit_s: float) -> bool:
    """Tell whether there is nothing more to wait for."""
    outage = judge(history, limit_s)
    now_s = _now(history) - (measures.mark_at(history, measures.ASKED) or 0.0)
    if outage.ready_late_s is None:
        return now_s > (outage.injection_end_s or 0.0) + limit_s
    if outage.first_read_s is None or outage.health_up_s is None:
        return now_s > outage.ready_late_s + limit_s
    return now_s > max(outage.first_read_s, outage.health_up_s) + AFTER_S


@contextmanager
def _command(watch: Watch, recorder: Recorder) -> "Iterator[subprocess.Popen[bytes]]":
    """Run the command that takes the database away; leave a running database, whatever happens.

    The command has a process session of its own: Ctrl-C reaches the runner alone, and where the
    runner is killed the command goes on to its own end, which brings the database back.
    """
    recorder.order("hurry")
    _mark(recorder, measures.ASKED)
    try:
        running = subprocess.Popen(
            watch.command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError as error:
        raise BadInputError(f"cannot run {watch.command[0]!r}: {error.strerror}") from error
    try:
        yield running
    finally:
        docker.end_process_group(running, 30.0)
        docker.ensure_running(watch.target, watch.target.database.service)


def _mark(recorder: Recorder, name: str) -> None:
    position = len(recorder.snapshot())
    recorder.order(f"mark {name}")
    recorder.wait_for(Mark, 5.0, after=position)


def _now(history: Sequence[AnyRecord]) -> float:
    """Return the newest instant in the history: the observer's own now."""
    return max((h.ended_at for h in measures.of_kind(history, Health)), default=0.0)


def _last_warm(history: Sequence[AnyRecord]) -> Warmed:
    return measures.of_kind(history, Warmed)[-1]

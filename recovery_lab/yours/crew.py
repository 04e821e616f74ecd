"""Observer and contender of one's own engine: plain processes, with its Python and its settings."""

import sys
import time
from collections.abc import Callable, Mapping
from subprocess import PIPE, Popen

import msgspec

from recovery_lab.contenders.base import Json
from recovery_lab.crew import Act, Crew, Note, end_all
from recovery_lab.errors import HealError
from recovery_lab.faults.command import LIMIT_S as COMMAND_LIMIT_S
from recovery_lab.faults.command import run_command
from recovery_lab.judge import measures
from recovery_lab.outage import Cast, JobName, OutageInfo
from recovery_lab.programs import CONTENDER, Helper
from recovery_lab.record.history import FaultEvent, Probe
from recovery_lab.record.recorder import Recorder
from recovery_lab.record.story import Story
from recovery_lab.yours.look import surroundings
from recovery_lab.yours.observer import Assignment
from recovery_lab.yours.page import Shape

ENGINE, PAGE = "recovery_lab.yours.found:make", "recovery_lab.yours.page:make"
OBSERVER = "recovery_lab.yours.observer"
POLL_S = 0.02
LOSS_LIMIT_S = 10.0  # after the command's end: a failover's button comes back at once
BACK_LIMIT_S = 60.0


class OwnCrew(Crew):
    """One process for each job, so that each imports an engine of its own, and the observer."""

    def __init__(
        self, assignment: Assignment, shape: Shape | None, by_hand: Callable[[Act], None]
    ) -> None:
        super().__init__()
        asked = assignment.asked
        self._make = PAGE if asked.url else ENGINE
        self._way = {"engine": asked.engine, "url": asked.url, "shape": shape}
        self._by_hand = by_hand  # a person takes the database away; calls its argument meanwhile
        self._observer = self._observing(assignment)

    def cast(self, info: OutageInfo) -> None:
        """Start a process for each job; an outage before leaves none that goes on."""
        end_all(list(self._contenders.values()))
        self._contenders = {
            job: self._reading(f"{one.contender} ({job})", self._part(one, job, info))
            for one, job in info.cells
        }

    def _observing(self, assignment: Assignment) -> Helper:
        words = [sys.executable, "-m", OBSERVER]
        return self._start("the observer", words, surroundings(assignment))

    def _reading(self, name: str, part: Json) -> Helper:
        return self._start(
            name, [sys.executable, "-m", CONTENDER, msgspec.json.encode(part).decode()]
        )

    def _start(
        self, name: str, words: list[str], environ: Mapping[str, str] | None = None
    ) -> Helper:
        # A process session of its own: Ctrl-C reaches the runner alone.
        process = Popen(
            words, stdin=PIPE, stdout=PIPE, stderr=PIPE, env=environ, start_new_session=True
        )
        helper = Helper(name, process)
        helper.listen(self._emit)
        return helper

    def _part(self, one: Cast, job: JobName, info: OutageInfo) -> Json:
        """Return what a contender is told (contenders/program.py)."""
        return {
            "contender": one.contender,
            "plays": one.contender,
            "jobs": [job],
            "factory": self._make,
            "way": self._way,
            "workers": one.traits.workers,
            "reads_per_s": info.reads_per_s,
            "idle": info.idle,
            "metered": False,
        }

    def story(self, recorder: Recorder) -> Story:  # noqa: ARG002 # nobody tells it
        """Return a story that nobody tells: neither the server's log nor its machine is ours."""
        return Story()

    def play(self, info: OutageInfo, *, note: Note, pace: Act, begin: Act) -> None:
        """Run the command; what became of the server, its fresh sessions tell."""

        def step(name: str, at: float | None = None, evidence: str = "") -> None:
            at = time.monotonic() if at is None else at
            note(FaultEvent(at=at, fault=info.fault, name=name, evidence=evidence))

        begin()
        step("injecting")
        if info.command[0] == "-":
            self._by_hand(pace)
        else:
            run_command(info.command, None, lambda over: _poll(over, pace))
        ended_at = time.monotonic()
        step("injected")
        step("landed", evidence=f"{' '.join(info.command)}: ended")
        step("healing")
        if info.login:
            self._see_it_back(info, ended_at, pace)
        # By the last that was refused, not by the command, which may have ended before or after.
        step("healed", max((one.ended_at for one in self._bad()), default=ended_at))
        step("back", evidence="a fresh session reads" if info.login else "as the command says")

    def _see_it_back(self, info: OutageInfo, ended_at: float, pace: Act) -> None:
        """Wait for the loss, and for its end; raises HealError."""
        _poll(lambda: bool(self._bad()), pace, LOSS_LIMIT_S)
        if not _poll(lambda: self._is_back(ended_at), pace, BACK_LIMIT_S):
            said = self._since()[-1].error
            raise HealError(
                f"{' '.join(info.command)}: the database is not back {BACK_LIMIT_S:.0f} s after it "
                f"({said}); the lab did not start it and leaves it alone"
            )

    def _since(self) -> list[Probe]:
        return measures.since_asked(self._recorder.history) if self._recorder else []

    def _bad(self) -> list[Probe]:
        runs = measures.runs(self._since())
        return [probe for good, same in runs if not good for probe in same]

    def _is_back(self, since: float) -> bool:
        return any(probe.ok and probe.started_at >= since for probe in self._since()[-1:])


def _poll(holds: Callable[[], bool], pace: Act, limit_s: float = COMMAND_LIMIT_S) -> bool:
    deadline = time.monotonic() + limit_s
    while not holds():
        if time.monotonic() > deadline:
            return False
        pace()
        time.sleep(POLL_S)
    return True

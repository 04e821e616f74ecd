"""The helpers of an outage: observer and contenders, which may outlive it."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from recovery_lab import docker, programs
from recovery_lab.faults import FAULTS, Scene, run_fault
from recovery_lab.faults.witness import Witness
from recovery_lab.outage import Cast, OutageInfo
from recovery_lab.plan import all_entries
from recovery_lab.record.history import AnyRecord, FaultEvent
from recovery_lab.record.observer import Assignment
from recovery_lab.record.recorder import Recorder
from recovery_lab.record.story import StackStory, Story

METER = "recovery_lab.contenders.meter"
Note = Callable[[FaultEvent], None]
Act = Callable[[], None]


class Crew(ABC):
    """Observer and contenders while they live, wherever they do; whoever makes it closes it."""

    _observer: programs.Helper

    def __init__(self) -> None:
        self._recorder: Recorder | None = None
        self._contenders: dict[str, programs.Helper] = {}

    @abstractmethod
    def cast(self, info: OutageInfo) -> None:
        """Start the contenders of an outage that do not run yet, and end all others."""

    @abstractmethod
    def play(self, info: OutageInfo, *, note: Note, pace: Act, begin: Act) -> None:
        """Play an outage's fault: `begin` returns when it may; healed when it returns or raises."""

    @abstractmethod
    def story(self, recorder: Recorder) -> Story:
        """Return what keeps the server's own story of an outage."""

    def cast_cold(self, info: OutageInfo) -> None:  # noqa: B027 # most outages have none
        """Start the contenders of an outage whose processes are to begin in its fault."""

    def record_into(self, recorder: Recorder | None) -> None:
        """Let all that the helpers say be written there; None: nowhere, between two outages."""
        self._recorder = recorder

    def order(self, order: str) -> None:
        """Give every contender an order; raises InconclusiveError when one is gone."""
        for helper in self._contenders.values():
            helper.order(order)

    def observe(self, order: str) -> None:
        """Give the observer an order; raises InconclusiveError when it is gone."""
        self._observer.order(order)

    def verify_alive(self) -> None:
        """Raise InconclusiveError with the last words of a helper that has ended."""
        for helper in (self._observer, *self._contenders.values()):
            helper.verify_alive()

    def close(self) -> None:
        """End all of them, side by side; idempotent."""
        self._recorder = None
        end_all([self._observer, *self._contenders.values()])

    def _emit(self, record: AnyRecord) -> None:
        if (recorder := self._recorder) is not None:
            recorder.append(record)


class StackCrew(Crew):
    """The helpers of a stack: observer, witness and contenders, each in a container."""

    def __init__(
        self, stack: docker.Stack, twin: str = "", images: Mapping[str, str] | None = None
    ) -> None:
        super().__init__()
        self.stack = stack
        self._images = images or {}  # ids by tag: what a tag is built into meanwhile is another's
        self._entries = all_entries(stack.target, twin)
        self._meter: programs.Helper | None = None  # in the application's container
        application, health = stack.target.application, stack.target.health
        url = application.url if application else ""
        login, work = programs.login(stack), stack.target.work
        assignment = Assignment(login=login, work=work, url=url, health=health)
        self._observer = self._start(
            "the observer", docker.INSTRUMENT, programs.OBSERVER, assignment
        )
        self.witness = Witness(stack)

    def play(self, info: OutageInfo, *, note: Note, pace: Act, begin: Act) -> None:
        """Play it on the stack's database, watched over."""
        scene = Scene(
            stack=self.stack,
            hold_s=info.hold_s,
            note=note,
            pace=pace,
            begin=begin,
            witness=self.witness,
            command=tuple(info.command),
        )
        run_fault(FAULTS[info.fault], scene)

    def story(self, recorder: Recorder) -> StackStory:
        """Return what asks the server's log and the daemon's events."""
        return StackStory(self.stack, recorder)

    def cast(self, info: OutageInfo) -> None:
        """Start the contenders of an outage that do not run yet, and end all others."""
        parts = {one.contender: self._part(one, info) for one in info.cast if not is_cold(one)}
        kept = {
            name
            for name, helper in self._contenders.items()
            if self._entries[name].traits.reconnects  # else its session met the outage before
            and helper.assignment == parts.get(name)
            and helper.process.poll() is None
        }
        end_all([self._contenders.pop(name) for name in self._contenders.keys() - kept])
        for name, part in parts.items():
            if name not in kept:
                self._join(name, part)
        if info.application in parts:
            self._measure(info.application)

    def cast_cold(self, info: OutageInfo) -> None:
        """Start the contenders of an outage whose processes are to begin in its fault."""
        for one in filter(is_cold, info.cast):
            self._join(one.contender, self._part(one, info))

    def close(self) -> None:
        """End all of them, the witness and the meter as well; idempotent."""
        super().close()
        end_all([self.witness.helper, *([self._meter] if self._meter else [])])

    def _join(self, name: str, part: dict[str, Any]) -> None:
        image = self._entries[name].image
        self._contenders[name] = self._start(name, image, programs.CONTENDER, part)

    def _start(self, name: str, image: str, module: str, assignment: Any) -> programs.Helper:
        image = self._images.get(image, image)
        helper = programs.start_program(self.stack, name, image, module, assignment)
        helper.listen(self._emit)
        return helper

    def _measure(self, application: str) -> None:
        """Measure inside the application's container; with that one the meter ends: no trouble."""
        if self._meter and self._meter.process.poll() is None:
            return
        if self._meter:
            self._meter.end()
        inside, told = docker.container(self.stack, application)["Id"], {"contender": application}
        self._meter = programs.start_inside(self.stack, inside, "the meter", METER, told)
        self._meter.listen(self._emit)

    def _part(self, one: Cast, info: OutageInfo) -> dict[str, Any]:
        entry = self._entries[one.contender]
        return {
            "contender": entry.name,
            "plays": entry.plays or entry.name,
            "jobs": one.jobs,
            "factory": entry.factory,  # `module:function`
            "way": way_of(self.stack),
            "workers": entry.traits.workers,
            "reads_per_s": info.reads_per_s,  # of each worker
            "metered": entry.name != info.application,  # whose own container is
        }


def is_cold(one: Cast) -> bool:
    """Tell whether a contender's process is started in the fault."""
    return "cold" in one.jobs


def end_all(helpers: list[programs.Helper]) -> None:
    """End helpers side by side; idempotent."""
    for helper in helpers:
        helper.hang_up()
    for helper in helpers:
        helper.end()


def way_of(stack: docker.Stack) -> dict[str, Any]:
    """Return what a contender's factory is told: login, what a read touches, the application."""
    target, application = stack.target, stack.target.application
    reading = application and {
        **msgspec.to_builtins(application),
        "health_path": target.health.path if target.health else "",
        "pool_application": target.pool.application_name if target.pool else "",
    }
    login = target.login(stack.environ())
    return {"login": login, "work": target.work, "reading": reading}

"""A run's progress as events for programs (`--json`): one JSON object a line."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from recovery_lab.folder import RunInfo
from recovery_lab.judge import measures
from recovery_lab.judge.verdict import STATUS, Cell, OutageVerdict, RunVerdict
from recovery_lab.outage import OutageInfo, Word
from recovery_lab.record.history import FaultEvent, History


def _now() -> str:
    return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"


class Event(msgspec.Struct, frozen=True, kw_only=True, tag_field="event"):
    """Whatever it tells of."""

    v: int = 1  # another once a field of any is gone or means something else
    at: str = msgspec.field(default_factory=_now)  # when it was told, by this machine's clock


class RunBegan(Event, frozen=True, kw_only=True, tag="run_began"):
    """A run has its folder, or is resumed."""

    name: str  # of the run
    folder: str  # where its record is
    planned: list[str]  # its outages; a resumed run plays those that it lacks


class OutageBegan(Event, frozen=True, kw_only=True, tag="outage_began"):
    """An outage is about to be played."""

    outage: str  # its name, as planned
    number: int  # which it is, from 1
    of: int  # of so many that are played now


class Step(Event, frozen=True, kw_only=True, tag="step"):
    """The record shows one; an outage that is played again tells all of them once more."""

    outage: str  # in which
    step: str  # `injecting`, `injected`, `landed`, `healing`, `healed`, `back` or `ready`
    after_s: float  # since the fault was asked for
    evidence: str  # what shows it


class OutageJudged(Event, frozen=True, kw_only=True, tag="outage_judged"):
    """An outage is over."""

    outage: str  # its name
    verdict: Word  # the worst of the cells that decide
    server_share_s: float | None  # loss to ready
    health_lag_s: float | None  # ready to System Health
    doubts: list[str]  # what keeps all of it from being evidence
    cells: list[Cell]  # as in `verdict.json`: verdict, label, failures, doubts, figures


class RunJudged(Event, frozen=True, kw_only=True, tag="run_judged"):
    """A run is over: the last line."""

    folder: str  # where its report is
    verdict: Word  # the worst of all
    status: int  # with which the verb exits
    cells: dict[str, int]  # how many of those that decide have which verdict
    missing: list[str]  # outages that were planned and never begun


class Error(Event, frozen=True, kw_only=True, tag="error"):
    """The verb broke off: the last line instead."""

    status: int  # with which it exits
    message: str  # as on stderr


class Events:
    """Tells a run by its events; what is said in words it leaves out."""

    def __init__(self, write: Callable[[str], None]) -> None:
        self._write = write
        self._folder = self._outage = ""
        self._history = History()
        self._told: set[str] = set()  # steps of this history

    def __call__(self, _: str) -> None:
        """Stand where a verb says something to a person."""

    def run_began(self, folder: Path, info: RunInfo) -> None:
        """Tell of a run and its plan."""
        self._folder, planned = str(folder), [one.name for one in info.planned]
        self._tell(RunBegan(name=info.name, folder=self._folder, planned=planned))

    def outage_began(self, info: OutageInfo, number: int, of: int) -> None:
        """Tell of an outage that comes."""
        self._outage = info.name
        self._tell(OutageBegan(outage=info.name, number=number, of=of))

    def look(self, history: History) -> None:
        """Tell what is new in a history; another one is another outage, or the same again."""
        if history is not self._history:
            self._history, self._told = history, set()
        for event in history.of(FaultEvent):
            self._step(event.name, event.at, event.evidence)
        # Looked for once it can be there: it goes through all probes.
        if "back" in self._told and "ready" not in self._told and (at := measures.ready(history)):
            self._step("ready", at.early_at, f"known within {at.late_at - at.early_at:.3f} s")

    def outage_judged(self, one: OutageVerdict) -> None:
        """Tell what an outage came to."""
        self._tell(
            OutageJudged(
                outage=one.name,
                verdict=one.verdict,
                server_share_s=one.server_share_s,
                health_lag_s=one.health_lag_s,
                doubts=[doubt.said for doubt in one.doubts],
                cells=one.cells,
            )
        )

    def run_judged(self, run: RunVerdict) -> None:
        """Tell what a run came to; nothing follows."""
        self._tell(
            RunJudged(
                folder=self._folder,
                verdict=run.verdict,
                status=STATUS[run.verdict],
                cells=run.cells,
                missing=run.missing,
            )
        )

    def broke_off(self, said: str, status: int) -> None:
        """Tell why there is no verdict; nothing follows."""
        self._tell(Error(message=said, status=status))

    def _step(self, name: str, at: float, evidence: str) -> None:
        asked_at = self._history.mark_at(measures.ASKED)
        if name not in self._told and asked_at is not None:
            self._told.add(name)
            after_s = round(at - asked_at, 6)
            self._tell(Step(outage=self._outage, step=name, after_s=after_s, evidence=evidence))

    def _tell(self, event: Event) -> None:
        self._write(msgspec.json.encode(event).decode())

"""What the fixture `recovery_lab` is: it plays outages of what a test hands over."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from recovery_lab import stands
from recovery_lab.engine import View
from recovery_lab.errors import BadInputError, InconclusiveError, LabError
from recovery_lab.judge.verdict import RunVerdict
from recovery_lab.outage import OutageInfo
from recovery_lab.report.terminal import Screen
from recovery_lab.run import begin, play_own
from recovery_lab.verbs import show
from recovery_lab.yours import plan
from recovery_lab.yours.crew import OwnCrew
from recovery_lab.yours.inside import InsideCrew
from recovery_lab.yours.live import Live
from recovery_lab.yours.look import Asked
from recovery_lab.yours.observer import Assignment
from recovery_lab.yours.told import Outage

TITLE = "outage"
Command = Sequence[str] | Callable[[], object]


class RecoveryLab:
    """Keeps its records in the test's own folder, and shows what it saw where the test fails."""

    def __init__(self, folder: Path, item: pytest.Item) -> None:
        self._folder = folder
        self._item = item

    def outage(
        self, engine: object, command: Command, *, limit_s: float = 120.0, dsn: str = ""
    ) -> Outage:
        """Take the database away by a command, and tell what became of the engine's reads.

        `engine` is an Engine, an AsyncEngine or a pool of psycopg_pool, read by threads of this
        process; a function that makes one of them or an asyncpg pool, or one that reads once; or
        `module:attribute` of any of them, read by processes of its own. `command` is a list of
        words, or a function, called on this thread. Recovery is waited for `limit_s` long; `dsn`
        is a login for fresh sessions, where `engine` tells none. What cannot be played fails the
        test; what is in doubt does where the outage is asked.
        """
        __tracebackhide__ = True
        try:
            return self._played(engine, _Act(command), limit_s, dsn)
        except LabError as error:
            told = str(error)
        pytest.fail(f"recovery_lab: {told}")

    def _played(self, engine: object, act: "_Act", limit_s: float, dsn: str) -> Outage:
        live = None if isinstance(engine, str) else Live(engine, dsn)
        asked = Asked(engine=live.name if live else str(engine), dsn=dsn)
        found = live.look() if live else plan.look(asked)
        tried = plan.Tried(asked=asked, command=act.words, title=TITLE, limit_s=limit_s)
        [info] = plan.outages(tried, found)
        run = begin(TITLE, [info], stands.own(asked.engine), self._folder)
        assignment = Assignment(asked=asked, limit_s=plan.limit_s(found))
        crew = InsideCrew(live, assignment, act) if live else OwnCrew(assignment, found.shape, act)
        judged = self._shown(run, info, partial(play_own, run, crew))
        if act.raised:
            raise act.raised
        return Outage(judged.outages[0], run / "outages" / info.name)

    def _shown(self, run: Path, info: OutageInfo, play: Callable[[View], RunVerdict]) -> RunVerdict:
        """Have it played; what a terminal would have shown goes into the test's report."""
        lines: list[str] = []
        kept: list[RunVerdict] = []

        def keep(view: View) -> RunVerdict:
            kept.append(play(view))
            return kept[0]

        try:
            show(run, Screen(lines.append, TITLE, info), lines.append, keep)
        finally:
            self._item.add_report_section("call", "recovery_lab", "\n".join(lines))
        return kept[0]


class _Act:
    """A command as a crew has it: words, or a function in the place of a person's hand (`-`)."""

    def __init__(self, command: Command) -> None:
        self.raised: Exception | None = None  # by the function: the test's own error
        self._call = command if callable(command) else None
        if callable(command):
            self.words = ["-", getattr(command, "__qualname__", type(command).__name__)]
        elif isinstance(command, str | bytes) or not command or command[0] == "-":
            told = f"command {command!r}: expected a list of words, as for subprocess.run"
            raise BadInputError(f"{told}, or a function")
        else:
            self.words = [str(word) for word in command]

    def __call__(self, _pace: Any) -> None:
        """Call the function; the outage is broken off by what it raises."""
        try:
            if self._call:
                self._call()
        except Exception as error:
            self.raised = error
            raise InconclusiveError(f"{self.words[1]} raised {error!r}") from error

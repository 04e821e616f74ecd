"""The runner's end of the contenders: starts, keeps, orders and ends their containers."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from recovery_lab import programs
from recovery_lab.contenders.registry import Entry
from recovery_lab.docker import Stack
from recovery_lab.outage import JobName
from recovery_lab.record.history import AnyRecord
from recovery_lab.record.link import Link

MODULE = "recovery_lab.contenders.program"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Running:
    part: str
    helper: programs.Helper
    link: Link


class Fleet:
    """Some contenders of one stack, kept through as many outages as are wanted.

    `emit` gets their records on other threads, and may be another from one outage to the next.
    """

    def __init__(
        self, stack: Stack, emit: Callable[[AnyRecord], None], entries: Mapping[str, Entry]
    ) -> None:
        self.emit = emit
        self._stack = stack
        self._entries = entries
        self._running: dict[str, _Running] = {}

    def ensure(self, names: Sequence[str], jobs: Sequence[str], reads_per_s: float) -> None:
        """End what is not wanted, start what is missing; each worker reads `reads_per_s`.

        What never connects again is started anew: its one session met the outage before.
        """
        wanted = {name: self._part(self._entries[name], jobs, reads_per_s) for name in names}
        self._end([name for name in self._running if not self._kept(name, wanted.get(name))])
        for name, part in wanted.items():
            if name not in self._running:
                image = self._entries[name].image
                helper = programs.start_program(self._stack, image, MODULE, part)
                link = Link(name, helper, self._emit)
                self._running[name] = _Running(part=part, helper=helper, link=link)

    def order(self, text: str) -> None:
        """Give every contender an order; raises InconclusiveError when one is gone."""
        for running in self._running.values():
            running.link.order(text)

    def verify_alive(self) -> None:
        """Raise InconclusiveError with a contender's last words when it has ended."""
        for running in self._running.values():
            running.link.ensure_running()

    def close(self) -> None:
        """End every contender, side by side; idempotent."""
        self._end(list(self._running))

    def _emit(self, record: AnyRecord) -> None:
        self.emit(record)  # whichever it is by now

    def _kept(self, name: str, part: str | None) -> bool:
        running = self._running[name]
        alive = running.helper.process.poll() is None
        return alive and running.part == part and self._entries[name].traits.reconnects

    def _end(self, names: Sequence[str]) -> None:
        ended = [self._running.pop(name) for name in names]
        for one in ended:
            one.link.hang_up()
        for one in ended:
            one.link.close()

    def _part(self, entry: Entry, jobs: Sequence[str], reads_per_s: float) -> str:
        return json.dumps(
            {
                "contender": entry.name,
                "plays": entry.plays or entry.name,
                "jobs": jobs_of(entry, jobs),
                "factory": entry.factory,
                "way": way_of(self._stack),
                "workers": entry.traits.workers,
                "reads_per_s": reads_per_s,
            }
        )


def jobs_of(entry: Entry, asked: Sequence[str]) -> list[JobName]:
    """Return which of the asked jobs a contender plays, else the first that it can.

    Without a pool for each job it plays one alone: the others would use what is to idle.
    """
    played = [job for job in asked if job in entry.jobs] or list(entry.jobs[:1])
    return played if entry.traits.pools else played[:1]


def way_of(stack: Stack) -> dict[str, Any]:
    """Return what a contender's factory is told: the login, and how the application is read."""
    target, application = stack.target, stack.target.application
    way: dict[str, Any] = {"login": target.login(stack.environ()), "reading": None}
    if application is not None:
        way["reading"] = {
            "url": application.url,
            "read_path": application.read_path,
            "read_must_have": application.read_must_have,
            "deadline_s": application.deadline_s,
            "health_path": target.health.path if target.health else "",
            "pool_application": target.pool.application_name if target.pool else "",
        }
    return way

"""The server's and the daemon's own story of an outage, fetched piece by piece into the history."""

import re
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from recovery_lab import docker
from recovery_lab.files import write_whole
from recovery_lab.record.history import (
    Clock,
    Container,
    Event,
    Logged,
    LogLine,
    Role,
    to_monotonic,
)
from recovery_lab.record.recorder import Recorder

_TIMED = re.compile(r"^(\d{4}-\d\d-\d\dT\S+) (.*\n?)", re.MULTILINE)


class Story:
    """What a server's own story is kept by; by itself nothing, of one that nobody tells of."""

    def fetch(self) -> None:
        """Append what has happened since the last fetch."""

    def note_containers(self) -> None:
        """Record which containers, and which starts of them, are there now."""

    def keep(self, folder: Path) -> None:
        """Fetch the rest, and keep the logs beside the history."""


class StackStory(Story):
    """Fetches what happened since the last fetch; times are the daemon's own (see history.py)."""

    def __init__(self, stack: docker.Stack, recorder: Recorder) -> None:
        self._stack = stack
        self._recorder = recorder
        self._began = self._since = self._now().wall

    def fetch(self) -> None:
        """Append the daemon's events and the server's log lines since the last fetch."""
        clocks, target = self._recorder.history.of(Clock), self._stack.target
        since, until = self._since, clocks[-1].wall
        if until <= since:
            return
        roles = {service: role for role, service in self._services().items()}
        for wall, service, action in docker.events(self._stack, since, until):
            if role := roles.get(service):
                at = to_monotonic(wall, clocks)
                self._recorder.append(Event(at=at, action=action, role=role))
        if target.server_log:
            text = docker.service_log(self._stack, target.database.service, since, until)
            for line in log_lines(text, target.server_log.line, clocks):
                self._recorder.append(line)
        self._since = until

    def note_containers(self) -> None:
        """Record which containers, and which starts of them, are there now."""
        for role, service in self._services().items():
            found, at = docker.container(self._stack, service), self._now().at
            started = found["State"]["StartedAt"]
            self._recorder.append(Container(at=at, role=role, id=found["Id"], started=started))

    def keep(self, folder: Path) -> None:
        """Fetch the rest, and keep the logs of the database and of the application."""
        self.fetch()
        self.note_containers()
        write_whole(folder / "server.log", self.server_log().encode())
        if application := self._stack.target.application:
            write_whole(
                folder / "application.log", self.application_log(application.service).encode()
            )

    def server_log(self) -> str:
        """Return what the database's service has logged since the outage's record began."""
        service = self._stack.target.database.service
        return docker.service_log(self._stack, service, self._began, self._now().wall)

    def application_log(self, service: str) -> str:
        """Return the same of the application; how much it logged when goes into the history."""
        until, clocks = self._now().wall, self._recorder.history.of(Clock)
        text = docker.service_log(self._stack, service, self._began, until, timed=True)
        for record in logged(text, service, clocks):
            self._recorder.append(record)
        return _TIMED.sub(r"\2", text)

    def _services(self) -> dict[Role, str]:
        target = self._stack.target
        named: dict[Role, str] = {"database": target.database.service}
        return named | ({"application": target.application.service} if target.application else {})

    def _now(self) -> Clock:
        return self._recorder.history.of(Clock)[-1]


def logged(text: str, contender: str, clocks: Sequence[Clock]) -> list[Logged]:
    """Return how much a log of timed lines says in each tenth of a second that it says anything."""
    lines: Counter[float] = Counter()
    sizes: Counter[float] = Counter()
    for moment, said in _TIMED.findall(text):
        at = round(to_monotonic(datetime.fromisoformat(moment).timestamp(), clocks), 1)
        lines[at] += 1
        sizes[at] += len(said.encode())
    return [
        Logged(at=at, contender=contender, lines=count, bytes=sizes[at])
        for at, count in sorted(lines.items())
    ]


def log_lines(text: str, line_format: str, clocks: Sequence[Clock]) -> list[LogLine]:
    """Return the lines of the declared format, which may lack parts, on the observer's clock."""
    found = []
    for line in text.splitlines():
        if not (match := re.search(line_format, line)):
            continue
        parts = {name: part or "" for name, part in match.groupdict().items()}
        moment = datetime.fromisoformat(parts["at"])
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        at, pid = to_monotonic(moment.timestamp(), clocks), int(parts["pid"])
        told = {name: parts.get(name, "") for name in ("severity", "message", "sqlstate")}
        found.append(LogLine(at=at, pid=pid, application=parts.get("app", ""), **told))
    return found

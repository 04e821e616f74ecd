"""The server's and the daemon's own story of an outage, fetched piece by piece into the history."""

from recovery_lab import docker
from recovery_lab.record.history import Container, Event, Role, to_monotonic
from recovery_lab.record.recorder import Recorder
from recovery_lab.record.serverlog import log_lines
from recovery_lab.target import Target


class Story:
    """Fetches what happened since the last fetch; times are the daemon's own (see history.py)."""

    def __init__(self, target: Target, project: str, recorder: Recorder) -> None:
        self._target = target
        self._project = project
        self._recorder = recorder
        self._since = recorder.clocks()[-1].wall

    def fetch(self) -> None:
        """Append the daemon's events and the server's log lines since the last fetch."""
        clocks = self._recorder.clocks()
        service, since, until = self._target.database.service, self._since, clocks[-1].wall
        if until <= since:
            return
        for wall, action in docker.events(service, self._project, since, until):
            self._recorder.append(Event(at=to_monotonic(wall, clocks), action=action))
        text = docker.service_log(self._target, service, since, until)
        for line in log_lines(text, clocks):
            self._recorder.append(line)
        self._since = until

    def note_containers(self) -> None:
        """Record which containers, and which starts of them, are there now."""
        at = self._recorder.clocks()[-1].at
        self._note("database", self._target.database.service, at)
        self._note("dashboard", self._target.dashboard.service, at)

    def _note(self, role: Role, service: str, at: float) -> None:
        found = docker.container(self._target, service)
        started = found["State"]["StartedAt"]
        self._recorder.append(Container(at=at, role=role, id=found["Id"], started=started))

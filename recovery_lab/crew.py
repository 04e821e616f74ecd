"""The helpers of a stack: observer, witness and contenders, which may outlive an outage."""

import msgspec

from recovery_lab import docker
from recovery_lab.contenders.fleet import Fleet
from recovery_lab.docker import Stack
from recovery_lab.faults.witness import Witness
from recovery_lab.outage import OutageInfo
from recovery_lab.plan import all_entries
from recovery_lab.programs import login, start_program
from recovery_lab.record.history import AnyRecord
from recovery_lab.record.link import Link
from recovery_lab.record.observer import Assignment
from recovery_lab.record.recorder import Recorder
from recovery_lab.record.sampler import Probes
from recovery_lab.target import Target


class Crew:
    """Starts observer and witness at once, contenders as asked; whoever makes it closes it.

    `twin` names the contender that stands in a second time.
    """

    def __init__(self, stack: Stack, twin: str = "") -> None:
        self.stack = stack
        self._recorder: Recorder | None = None
        assignment = Assignment(login=login(stack), probes=_probes(stack.target))
        words = msgspec.json.encode(assignment).decode()
        helper = start_program(stack, docker.INSTRUMENT, "recovery_lab.record.observer", words)
        self._observer = Link("the observer", helper, self._emit)
        self.witness = Witness(stack)
        self._fleet = Fleet(stack, self._emit, all_entries(stack.target, twin))

    def record_into(self, recorder: Recorder | None) -> None:
        """Let all that the helpers say be written there; None: nowhere, between two outages."""
        self._recorder = recorder

    def cast(self, info: OutageInfo) -> None:
        """Start the contenders of an outage that do not run yet, and end all others."""
        asked = sorted({job for one in info.cast for job in one.jobs}, reverse=True)
        self._fleet.ensure([one.contender for one in info.cast], asked, info.reads_per_s)

    def order(self, order: str) -> None:
        """Give every contender an order."""
        self._fleet.order(order)

    def observe(self, order: str) -> None:
        """Give the observer an order."""
        self._observer.order(order)

    def verify_alive(self) -> None:
        """Raise InconclusiveError with the last words of a helper that has ended."""
        self._observer.ensure_running()
        self._fleet.verify_alive()

    def close(self) -> None:
        """End all of them; idempotent."""
        self._recorder = None
        self._observer.hang_up()
        self.witness.hang_up()
        self._fleet.close()
        self._observer.close()
        self.witness.close()

    def _emit(self, record: AnyRecord) -> None:
        if (recorder := self._recorder) is not None:
            recorder.append(record)


def _probes(target: Target) -> Probes | None:
    if target.application is None or target.health is None:
        return None
    health = target.health
    return Probes(
        url=target.application.url,
        path=health.path,
        server_key=health.server_key,
        live_path=health.live_path,
    )

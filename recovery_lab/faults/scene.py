"""The scene of a fault: the database's container, found by its labels, acted on, and seen back."""

import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

from recovery_lab import docker
from recovery_lab.errors import HealError, InconclusiveError
from recovery_lab.faults.witness import Answer, Witness
from recovery_lab.record.history import Clock, FaultEvent, to_monotonic

BACK_LIMIT_S = 60.0  # crash recovery included
STEADY_LIMIT_S = 10.0  # contenders that start take the machine's time
AGAIN_S = 2.0  # not back for so long: healed again
HALF_SHUT_S = 3.0  # a fast shutdown is over sooner
POLL_S = 0.05  # the daemon announces nothing that can be waited for
SHUTTING_DOWN = "the database system is shutting down"
_FOLDER = "com.docker.compose.project.working_dir"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Where a fault is played; `run_fault` adds what stands from `fault` on, if it is not given."""

    stack: docker.Stack
    hold_s: float = 0.0
    note: Callable[[FaultEvent], None] = lambda _: None  # keeps a step, at the containers' clock
    # At least every 0.2 s in every wait; where it raises, the fault is healed.
    pace: Callable[[], None] = lambda: None
    begin: Callable[[], None] = lambda: None  # returns when it may begin; its watchdog is there
    command: tuple[str, ...] = ()  # of the fault `command`
    fault: str = ""
    started: str = ""  # the container before the fault; what is there after is compared with it
    server_started: str = ""  # and the server
    address: str = ""  # and where its name led to
    witness: Witness | None = None

    @property
    def seen(self) -> Witness:
        """The witness on the clients' network, for a fault's evidence."""
        if self.witness is None:
            raise RuntimeError("a fault is played by run_fault or healed by heal_open, not alone")
        return self.witness

    def seen_by(self, witness: Witness) -> Self:
        """Return the scene before a fault; raises InconclusiveError unless in a steady state."""
        started = self.present()["State"]["StartedAt"]
        seen = replace(self, witness=witness, started=started)
        answer = seen.reached(STEADY_LIMIT_S)
        if answer.session != "ok":
            raise InconclusiveError(f"no steady state before the fault: {_how(answer)}")
        return replace(seen, address=answer.address, server_started=answer.server_started)

    def reached(self, limit_s: float) -> Answer:
        """Try fresh sessions until one reads, for so long at most; return the last answer."""
        deadline = time.monotonic() + limit_s
        while (answer := self.seen.probe()).session != "ok" and time.monotonic() < deadline:
            self.pace()
            time.sleep(POLL_S)
        return answer

    def witnessed(self) -> AbstractContextManager[Witness]:
        """Lend the witness, where a fresh process has none one that is closed again."""
        return nullcontext(self.witness) if self.witness else closing(Witness(self.stack))

    def step(self, name: str, *, at: float | None = None, evidence: str = "") -> None:
        """Append a step of the fault to the history; without `at` the witness stamps it now."""
        instant = self.seen.clock().at if at is None else at
        self.note(FaultEvent(at=instant, fault=self.fault, name=name, evidence=evidence))

    def find(self) -> dict[str, Any] | None:
        """Return the database's container as inspected, or None; InconclusiveError: another's."""
        # By project, service and this checkout's folder: no other container is ever touched.
        target = self.stack.target
        ids = docker.containers(self.stack, target.database.service)
        if not ids:
            return None
        found: dict[str, Any] = docker.inspect(ids[0])[0]
        folder = Path(found["Config"]["Labels"].get(_FOLDER, ""))
        if folder.resolve() != target.root.resolve():
            whose = f"project {self.stack.project!r} belongs to {folder}"
            raise InconclusiveError(f"{whose}: not touched")
        return found

    def present(self) -> dict[str, Any]:
        """Return the database's container; raises InconclusiveError when there is none."""
        if found := self.find():
            return found
        service = self.stack.target.database.service
        raise InconclusiveError(f"{self.stack.project}: service {service!r} has no container")

    def act(self, steps: Mapping[str, str], *words: str) -> None:
        """Run one `docker` command on the container; note each step at the daemon's own event."""
        before = self._clock()
        docker.run(*words, self.present()["Id"], pace=self.pace)
        after = self._clock()
        if before is None or after is None:
            return  # nothing is noted: healing must not depend on a witness
        service = self.stack.target.database.service
        events = docker.events(self.stack, before.wall, after.wall)
        walls = {action: at for at, whose, action in events if whose == service}
        for step, action in steps.items():
            if action in walls:
                at = to_monotonic(walls[action], [before])
                self.step(step, at=at, evidence=f"the daemon's event {action!r}")

    def bring_back(self) -> None:
        """Thaw or start the container, whichever it needs; idempotent."""
        found = self.find()
        if found and found["State"]["Paused"]:
            self.act({"healed": "unpause"}, "unpause")
        elif found and not found["State"]["Running"]:
            self.act({"healed": "start"}, "start")

    def wait_until(self, holds: Callable[[], bool], limit_s: float, poll_s: float = POLL_S) -> bool:
        """Poll until something holds; tell whether it did in time."""
        deadline = time.monotonic() + limit_s
        while not holds():
            if time.monotonic() > deadline:
                return False
            self.pace()
            time.sleep(poll_s)
        return True

    def verify_back(self, heal: Callable[["Scene"], None]) -> str:
        """Wait for a fresh session; return the evidence. Raises HealError without one in time."""
        unnoted, mended = replace(self, witness=None), ""
        healed_at = not_shutting_at = time.monotonic()
        deadline = healed_at + BACK_LIMIT_S
        while (answer := self.seen.probe()).session != "ok":
            now = time.monotonic()
            if SHUTTING_DOWN not in answer.session:
                not_shutting_at = now
            # Docker calls it running, and it stays so for as long as a pool holds a session.
            if now > not_shutting_at + HALF_SHUT_S:
                docker.run("stop", self.present()["Id"])
                unnoted.bring_back()
                mended = f"half-shut for {HALF_SHUT_S:.0f} s, so stopped fast and started; "
                not_shutting_at = time.monotonic()
            elif now > healed_at + AGAIN_S:
                heal(unnoted)  # again: a broken-off command may have reached the daemon late
                healed_at = time.monotonic()
            if time.monotonic() > deadline:
                late = f"not back after {BACK_LIMIT_S:.0f} s"
                raise HealError(f"{self.stack.project}: {late}: {_how(answer)}")
            self.pace()
            time.sleep(POLL_S)
        before, after = self.server_started, answer.server_started
        moved = "as before" if after == before else f"not {before} as before"
        return f"{mended}a fresh session reads; server start {after}, {moved}"

    def _clock(self) -> Clock | None:
        try:
            return self.witness.clock() if self.witness else None
        except InconclusiveError:
            return None


def _how(answer: Answer) -> str:
    return f"a fresh session: {answer.session!r}" + (f" (tcp {answer.tcp!r})" if answer.tcp else "")

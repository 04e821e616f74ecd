"""A user's own command as a fault: what it did is for the judge to read from the record."""

import subprocess
import time

from recovery_lab import docker
from recovery_lab.errors import BadInputError, InconclusiveError
from recovery_lab.faults import server
from recovery_lab.faults.base import CRASHED, HUNG_UP, Effects, Scene

LIMIT_S = 900.0  # a command that takes longer is ended: every fault is bounded
END_LIMIT_S = 30.0  # for its own clean-up


class Command:
    """Run the scene's command; whatever it leaves, the database is brought back."""

    name = "command"
    effects = Effects(
        cuts="both",
        ends_sessions=True,
        explains=(*CRASHED, *HUNG_UP),
        restarts=None,
        observed=True,
    )
    min_hold_s = 0.0
    max_hold_s = 600.0
    hold_s = 0.0

    def inject(self, scene: Scene) -> None:
        """Run it to its end, in a process session of its own: Ctrl-C reaches the runner alone.

        Where the runner is killed the command goes on to its own end.
        """
        running = _start(scene)
        try:
            status = _status(scene, running)
        finally:
            docker.end_process_group(running, END_LIMIT_S)
        if status:
            words = " ".join(scene.command)
            raise InconclusiveError(f"{words}: exit status {status}; see what it said above")

    def verify_landed(self, scene: Scene) -> str:
        """Say what is known, which is not whether there was an outage."""
        return f"{' '.join(scene.command)}: exit status 0"

    def heal(self, scene: Scene) -> None:
        """Bring the service back, also where its container is gone."""
        if server.find(scene):
            server.bring_back(scene, self.name)
        else:
            words = ("up", "--detach", "--no-build", "--no-deps")
            docker.compose(scene.stack, *words, scene.stack.target.database.service)

    def verify_healed(self, scene: Scene) -> str:
        """Verify that it is back."""
        return server.verify_back(scene, self.heal)


def _start(scene: Scene) -> "subprocess.Popen[bytes]":
    if not scene.command:
        raise BadInputError("the fault `command` needs a command to run")
    quiet = subprocess.DEVNULL
    try:
        return subprocess.Popen(
            scene.command,
            stdin=quiet,
            stdout=quiet,
            env=scene.stack.environ(),
            start_new_session=True,
        )
    except OSError as error:
        raise BadInputError(f"cannot run {scene.command[0]!r}: {error.strerror}") from error


def _status(scene: Scene, running: "subprocess.Popen[bytes]") -> int:
    """Wait for its exit status."""
    deadline = time.monotonic() + LIMIT_S
    while (status := running.poll()) is None:
        if time.monotonic() > deadline:
            raise InconclusiveError(f"{scene.command[0]} still runs after {LIMIT_S:.0f} s: ended")
        scene.pace()
        time.sleep(0.02)  # polled beside the pace
    return status

"""A user's own command as a fault: what it did is for the judge to read from the record."""

from subprocess import DEVNULL, Popen

from recovery_lab import docker
from recovery_lab.errors import BadInputError, InconclusiveError
from recovery_lab.faults.base import CRASHED, Effects, Fault
from recovery_lab.faults.scene import Scene

LIMIT_S = 900.0  # a command that takes longer is ended: every fault is bounded
END_LIMIT_S = 30.0  # for its own clean-up


class Command(Fault):
    """Run the scene's command; whatever it leaves, the database is brought back."""

    name = "command"
    effects = Effects(
        cuts="both",
        ends_sessions=True,
        explains=(*CRASHED, "57P05"),  # idle_session_timeout
        restarts=None,
        observed=True,
    )
    hold_s = 0.0

    def inject(self, scene: Scene) -> None:
        """Run it to its end; where the runner is killed it goes on to its own."""
        running = _start(scene)
        try:
            ended = scene.wait_until(lambda: running.poll() is not None, LIMIT_S, 0.02)
        finally:
            docker.end_process_group(running, END_LIMIT_S)
        if not ended:
            raise InconclusiveError(f"{scene.command[0]} still runs after {LIMIT_S:.0f} s: ended")
        if running.returncode:
            words, status = " ".join(scene.command), running.returncode
            raise InconclusiveError(f"{words}: exit status {status}; see what it said above")

    def verify_landed(self, scene: Scene) -> str:
        """Say what is known, which is not whether there was an outage."""
        return f"{' '.join(scene.command)}: exit status 0"

    def heal(self, scene: Scene) -> None:
        """Bring the service back, also where its container is gone."""
        if scene.find():
            super().heal(scene)
        else:
            words = ("up", "--detach", "--no-build", "--no-deps")
            docker.compose(scene.stack, *words, scene.stack.target.database.service)


def _start(scene: Scene) -> Popen[bytes]:
    if not scene.command:
        raise BadInputError("the fault `command` needs a command to run")
    env, words = scene.stack.environ(), scene.command
    try:
        # A process session of its own: Ctrl-C reaches the runner alone.
        return Popen(words, stdin=DEVNULL, stdout=DEVNULL, env=env, start_new_session=True)
    except OSError as error:
        raise BadInputError(f"cannot run {scene.command[0]!r}: {error.strerror}") from error

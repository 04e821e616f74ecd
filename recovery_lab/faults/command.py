"""A user's own command as a fault: what it did is for the judge to read from the record."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
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
        if not scene.command:
            raise BadInputError("the fault `command` needs a command to run")
        wait = partial(scene.wait_until, limit_s=LIMIT_S, poll_s=0.02)
        run_command(scene.command, scene.stack.environ(), wait)

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


def run_command(
    words: Sequence[str],
    environ: Mapping[str, str] | None,
    wait: Callable[[Callable[[], bool]], bool],
) -> None:
    """Run a command to its end, as `wait` tells; BadInputError: not there, else InconclusiveError.

    Without an environment it has this process' own.
    """
    try:
        # A process session of its own: Ctrl-C reaches the runner alone.
        running = Popen(words, stdin=DEVNULL, stdout=DEVNULL, env=environ, start_new_session=True)
    except OSError as error:
        raise BadInputError(f"cannot run {words[0]!r}: {error.strerror}") from error
    try:
        ended = wait(lambda: running.poll() is not None)
    finally:
        docker.end_process_group(running, END_LIMIT_S)
    if not ended:
        raise InconclusiveError(f"{words[0]} still runs after {LIMIT_S:.0f} s: ended")
    if running.returncode:
        told = " ".join(words)
        raise InconclusiveError(f"{told}: exit status {running.returncode}; see what it said above")

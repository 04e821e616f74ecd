"""A crash: SIGKILL to the whole server, and a start, which has to recover."""

from recovery_lab.faults.base import CRASHED, Effects, Fault
from recovery_lab.faults.scene import Scene

KILLED = 137  # 128 + SIGKILL
DEAD_LIMIT_S = 10.0


class Kill(Fault):
    """Kill the container, hold, start it; Docker's restart policies do not act on a kill."""

    name = "kill"
    effects = Effects(cuts="both", ends_sessions=True, explains=CRASHED, restarts=True)
    hold_s = 3.0

    def inject(self, scene: Scene) -> None:
        """Kill, and wait until it is dead."""
        scene.act({"injected": "die"}, "kill", "--signal", "KILL")
        scene.wait_until(lambda: not scene.present()["State"]["Running"], DEAD_LIMIT_S)

    def verify_landed(self, scene: Scene) -> str:
        """Verify that a SIGKILL ended it, and not for want of memory."""
        state = scene.present()["State"]
        running, status, full = state["Running"], state["ExitCode"], state["OOMKilled"]
        return self.landed(
            is_in=not running and status == KILLED and not full,
            evidence=f"exit code {KILLED}, not out of memory, at {state['FinishedAt']}",
            instead=f"running {running}, exit {status}, out of memory {full}",
        )

"""A restart as an operator does it: a fast shutdown, then a start."""

from recovery_lab.errors import InconclusiveError
from recovery_lab.faults.base import HUNG_UP, SHUT_DOWN, Effects, Fault
from recovery_lab.faults.scene import Scene


class Restart(Fault):
    """Restart the container; with a length: stop it, hold, start it."""

    name = "restart"
    effects = Effects(
        cuts="both", ends_sessions=True, explains=(*SHUT_DOWN, *HUNG_UP), restarts=True
    )
    hold_s = 1.0

    def inject(self, scene: Scene) -> None:
        """Restart, or stop: by the signal and the grace that the container declares."""
        if scene.hold_s:
            scene.act({"injected": "die"}, "stop")
        else:
            scene.act({"injected": "die", "healed": "start"}, "restart")

    def verify_landed(self, scene: Scene) -> str:
        """Verify that the container's start moved, or that it stands stopped by itself."""
        state = scene.present()["State"]
        if scene.hold_s:
            if state["Running"] or state["ExitCode"] != 0:
                raise InconclusiveError(
                    f"restart did not land: running {state['Running']}, exit {state['ExitCode']}"
                )
            return f"stopped, exit code 0, at {state['FinishedAt']}"
        if state["StartedAt"] == scene.before.started:
            raise InconclusiveError(
                f"restart did not land: the container runs since {state['StartedAt']} as before"
            )
        return f"container start {scene.before.started} -> {state['StartedAt']}"

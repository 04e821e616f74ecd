"""A restart as an operator does it: a fast shutdown, then a start."""

from recovery_lab.faults.base import SHUT_DOWN, Effects, Fault
from recovery_lab.faults.scene import Scene


class Restart(Fault):
    """Restart the container; with a length: stop it, hold, start it."""

    name = "restart"
    effects = Effects(cuts="both", ends_sessions=True, explains=SHUT_DOWN, restarts=True)
    hold_s = 1.0

    def inject(self, scene: Scene) -> None:
        """Restart, or stop: by the signal and the grace that the container declares."""
        if scene.hold_s:
            scene.act({"injected": "die"}, "stop")
        else:
            scene.act({"injected": "die", "healed": "start"}, "restart")

    def verify_landed(self, scene: Scene) -> str:
        """Verify that the container's start moved, or that it stands stopped by itself."""
        state, before = scene.present()["State"], scene.started
        running, status, started = state["Running"], state["ExitCode"], state["StartedAt"]
        if scene.hold_s:
            return self.landed(
                is_in=not running and status == 0,
                evidence=f"stopped, exit code 0, at {state['FinishedAt']}",
                instead=f"running {running}, exit {status}",
            )
        return self.landed(
            is_in=started != before,
            evidence=f"container start {before} -> {started}",
            instead=f"the container runs since {started} as before",
        )

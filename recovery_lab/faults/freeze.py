"""A frozen server: its processes get no time, its kernel still acknowledges everything."""

from recovery_lab.faults.base import Effects, Fault
from recovery_lab.faults.scene import Scene


class Freeze(Fault):
    """Pause the container, hold, thaw it."""

    name = "freeze"
    effects = Effects(cuts="both")
    hold_s = 2.5
    min_hold_s, max_hold_s = 2.0, 120.0

    def inject(self, scene: Scene) -> None:
        """Pause it."""
        scene.act({"injected": "pause"}, "pause")

    def verify_landed(self, scene: Scene) -> str:
        """Verify that it is paused, and that a fresh session connects and then hangs."""
        paused, seen = scene.present()["State"]["Paused"], scene.seen.probe()
        return self.landed(
            is_in=paused and (seen.tcp, seen.session) == ("ok", "hangs"),
            evidence="paused; a fresh session connects and hangs",
            instead=f"paused {paused}, tcp {seen.tcp!r}, a fresh session {seen.session!r}",
        )

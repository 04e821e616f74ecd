"""A flapping server: it is restarted again and again, and works in between."""

from recovery_lab.faults.base import SHUT_DOWN, Effects, Fault
from recovery_lab.faults.scene import Scene

RESTARTS = 5
APART_S = 10.0  # five within a minute, and time for a pool to be whole again in between
UP_LIMIT_S = 10.0


class Flap(Fault):
    """Restart the container five times; each restart counts once the server has answered."""

    name = "flap"
    effects = Effects(cuts="both", ends_sessions=True, explains=SHUT_DOWN, restarts=True)
    hold_s = max_hold_s = 0.0  # as long as it takes

    def inject(self, scene: Scene) -> None:
        """Restart, wait for a fresh session, let it be used; over with the last restart."""
        scene.seen.ask("count")
        steps = [{"injected": "die"}, *[{}] * (RESTARTS - 2), {"healed": "start"}]
        for nth, step in enumerate(steps):
            if nth:
                scene.wait_until(lambda: False, APART_S)
            scene.act(step, "restart")
            scene.wait_until(lambda: scene.seen.probe().session == "ok", UP_LIMIT_S)

    def verify_landed(self, scene: Scene) -> str:
        """Verify that as many starts of the server have answered."""
        starts = scene.seen.ask("counted").starts
        return self.landed(
            is_in=starts == RESTARTS,
            evidence=f"{starts} starts of the server, each of which a fresh session read from",
            instead=f"{starts} starts of the server were read from, {RESTARTS} were due",
        )

"""A smart shutdown: the server keeps its sessions and refuses new ones, while it still runs."""

from recovery_lab.faults.base import SHUT_DOWN, Effects, Fault
from recovery_lab.faults.scene import SHUTTING_DOWN, Scene
from recovery_lab.faults.witness import Witness

REFUSED_LIMIT_S = 1.0


class Smart(Fault):
    """Send SIGTERM to the server, hold; end it fast, and start it."""

    name = "smart"
    effects = Effects(
        cuts="new", heal_cuts="established", ends_sessions=True, explains=SHUT_DOWN, restarts=True
    )
    hold_s = 6.0  # longer than the three checks within which it must be noticed

    def inject(self, scene: Scene) -> None:
        """Send the signal; a session of the witness's own keeps the server from its end."""
        scene.seen.ask("keep")
        scene.act({"injected": "kill"}, "kill", "--signal", "TERM")

    def verify_landed(self, scene: Scene) -> str:
        """Verify that it refuses fresh sessions for this, and that one from before reads on."""
        scene.wait_until(lambda: _half_shut(scene.seen), REFUSED_LIMIT_S)
        fresh, kept = scene.seen.probe().session, scene.seen.ask("kept").session
        told = f"a fresh session {fresh!r}, one from before {kept!r}"
        return self.landed(
            is_in=SHUTTING_DOWN in fresh and kept == "ok", evidence=told, instead=told
        )

    def heal(self, scene: Scene) -> None:
        """End what is half-shut by the signal that the container declares; start what has ended."""
        with scene.witnessed() as witness:
            half_shut = _half_shut(witness)
        if half_shut:
            scene.act({}, "stop")
        scene.bring_back()


def _half_shut(witness: Witness) -> bool:
    return SHUTTING_DOWN in witness.probe().session

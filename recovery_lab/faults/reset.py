"""A reset: whatever a client sends is answered with RST, on established sessions and attempts."""

from recovery_lab.faults.base import Effects
from recovery_lab.faults.drop import Drop
from recovery_lab.faults.scene import Scene


class Reset(Drop):
    """Hold rules as the drop does; these answer for the server, and let the resets out."""

    name = "reset"
    effects = Effects(cuts="both")

    def inject(self, scene: Scene) -> None:
        """Keep a session first, then start the helper."""
        scene.seen.ask("keep")
        super().inject(scene)

    def met(self, scene: Scene) -> tuple[bool, str]:
        """Tell whether a fresh connect is refused, and a session from before ended, at once."""
        fresh, kept = scene.seen.probe().session, scene.seen.ask("kept").session
        told = f"a fresh session {fresh!r}, one from before {kept!r}"
        return "refused" in fresh and kept not in ("ok", "hangs"), told

"""No fault: the template to copy, and the run that shows what the instrument itself does."""

from recovery_lab.faults.base import Effects, Fault
from recovery_lab.faults.scene import Scene


class NoFault(Fault):
    """Does nothing for a while."""

    name = "none"
    effects = Effects(cuts="none")
    hold_s = 1.0

    def inject(self, scene: Scene) -> None:
        """Change nothing."""

    def verify_landed(self, scene: Scene) -> str:
        """Verify that nothing happened: the same start, and a fresh session reads."""
        return self.landed(
            is_in=scene.seen.probe().server_started == scene.server_started,
            evidence="nothing was done; a fresh session reads",
            instead="the server is not as it was, though nothing was done",
        )

    def heal(self, scene: Scene) -> None:
        """Change nothing."""

"""No fault: the template to copy, and the run that shows what the instrument itself does."""

from recovery_lab.errors import InconclusiveError
from recovery_lab.faults import server
from recovery_lab.faults.base import Effects, Scene


class NoFault:
    """Does nothing for a while."""

    name = "none"
    effects = Effects(cuts="none")
    min_hold_s = 0.0
    max_hold_s = 600.0
    hold_s = 1.0

    def inject(self, scene: Scene) -> None:
        """Change nothing."""

    def verify_landed(self, scene: Scene) -> str:
        """Verify that nothing happened: the same start, and a fresh session reads."""
        answer = scene.seen.probe()
        if answer.server_started != scene.before.server_started:
            raise InconclusiveError("none: the server is not as it was, though nothing was done")
        return "nothing was done; a fresh session reads"

    def heal(self, scene: Scene) -> None:
        """Change nothing."""

    def verify_healed(self, scene: Scene) -> str:
        """Verify that it is back."""
        return server.verify_back(scene, self.heal)

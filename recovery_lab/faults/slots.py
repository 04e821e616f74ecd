"""No free connection: the server keeps its sessions and has no slot for another one."""

import msgspec

from recovery_lab import docker, programs
from recovery_lab.faults.base import Effects
from recovery_lab.faults.held import Held, steps
from recovery_lab.faults.scene import Scene
from recovery_lab.login import Login

MODULE = "recovery_lab.faults.crowd"
# Of a role, of a database, of the server; in its words, for no driver tells their SQLSTATE (53300).
_WORDS = ("too many connections", "too many clients", "connection slots are reserved")
FULL_LIMIT_S = 1.0  # what somebody gave back is taken by then


class Assignment(msgspec.Struct, frozen=True, kw_only=True):
    """Whose sessions, and for how long at most; handed over as the one argument, in JSON."""

    login: Login
    limit_s: float


def is_full(said: str) -> bool:
    """Tell whether a session was refused for want of a free one."""
    return any(words in said for words in _WORDS)


class Slots(Held):
    """Have a helper (crowd.py) open sessions as the clients' own role until one is refused."""

    name = "slots"
    effects = Effects(cuts="new", explains=("53300",))
    hold_s = 6.0  # longer than the three checks within which it must be noticed
    min_hold_s, max_hold_s = 1.0, 120.0

    def inject(self, scene: Scene) -> None:
        """Keep a session first, then start the helper."""
        scene.seen.ask("keep")
        super().inject(scene)

    def holding(self, scene: Scene, limit_s: float) -> list[str]:
        """Return the words for the crowd's program."""
        assigned = Assignment(login=programs.login(scene.stack), limit_s=limit_s)
        return programs.words_of(scene.stack, docker.INSTRUMENT, MODULE, assigned)

    def verify_landed(self, scene: Scene) -> str:
        """Verify that a fresh session is refused for want of a slot, and one from before reads."""
        scene.wait_until(lambda: is_full(scene.seen.probe().session), FULL_LIMIT_S)
        fresh, kept = scene.seen.probe().session, scene.seen.ask("kept").session
        held = sum(steps(helper)["injected"]["sessions"] for helper in self.helpers(scene))
        told = f"a fresh session {fresh!r}, one from before {kept!r}; {held} sessions held"
        return self.landed(is_in=is_full(fresh) and kept == "ok", evidence=told, instead=told)

"""Idle sessions forgotten: their flows alone lose every packet, and nobody is told."""

import json

import msgspec

from recovery_lab import docker, programs
from recovery_lab.faults.base import Effects
from recovery_lab.faults.drop import PYTHON, Drop, words_in_namespace
from recovery_lab.faults.scene import Scene
from recovery_lab.faults.terminate import addresses, clients
from recovery_lab.login import Login

MODULE = "recovery_lab.faults.netidle"


class Assignment(msgspec.Struct, frozen=True, kw_only=True):
    """Whose sessions, and for how long at most; handed over as the one argument, in JSON."""

    login: Login
    interface: str
    clients: list[str]
    application: list[str]  # of them; there it is the pooled sessions
    pooled: str  # whose name is this, where it is known
    proof: int  # the backend of the session that is to prove it
    limit_s: float


class IdleDrop(Drop):
    """Have a helper (netidle.py) look for what idles, and drop it, as long as it is in."""

    name = "idle-drop"
    effects = Effects(cuts="idle")
    hold_s = 12.0  # time to be asked, to idle anew, and to be asked again
    min_hold_s = 6.0

    def holding(self, scene: Scene, limit_s: float) -> list[str]:
        """Keep a session, which must idle first; return the words for what then drops such."""
        stack, pool = scene.stack, scene.stack.target.pool
        assigned = Assignment(
            login=programs.login(stack),
            interface=stack.target.database.interface,
            clients=clients(stack),
            application=addresses(stack, programs.application(stack)),
            pooled=pool.application_name if pool else "",
            proof=scene.seen.ask("keep").pid,
            limit_s=limit_s,
        )
        return words_in_namespace(scene, MODULE, assigned)

    def verify_landed(self, scene: Scene) -> str:
        """Verify that a session that idled hangs, by these rules, and that a fresh one reads."""
        kept, fresh = scene.seen.ask("kept").session, scene.seen.probe().session
        found = {"flows": 0, "packets": 0}
        for helper in self.helpers(scene):
            found = json.loads(docker.run("exec", helper, *PYTHON, "flows"))
        told = (
            f"{found['flows']} idle sessions lose every packet, {found['packets']} so far; "
            f"one of the witness's own {kept!r}, a fresh one {fresh!r}"
        )
        is_in = (kept, fresh) == ("hangs", "ok") and found["packets"] > 0
        return self.landed(is_in=is_in, evidence=told, instead=told)

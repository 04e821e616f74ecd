"""A silent drop: every packet of the server's network is lost, both ways, and nobody is told."""

import json
from pathlib import Path
from typing import Any

from recovery_lab import docker, programs
from recovery_lab.errors import InconclusiveError
from recovery_lab.faults import netfault
from recovery_lab.faults.base import Effects
from recovery_lab.faults.held import RULES_RIGHTS, STEP_LIMIT_S, Held, steps
from recovery_lab.faults.scene import Scene

PYTHON = ("python3", "-IS", "/netfault.py")
_RULES = ("--volume", f"{Path(netfault.__file__).resolve()}:{PYTHON[-1]}:ro")


class Drop(Held):
    """Have a helper (netfault.py) hold rules in the server's network namespace."""

    name = "drop"
    effects = Effects(cuts="both")
    hold_s = 3.0
    min_hold_s, max_hold_s = 2.0, 120.0

    def holding(self, scene: Scene, limit_s: float) -> list[str]:
        """Return the helper's words; a namespace's rules end with the server's container."""
        return _words(scene, "hold", self.name, f"{limit_s:.1f}")

    def verify_landed(self, scene: Scene) -> str:
        """Verify that both directions meet the rules, and that clients meet what they do."""
        found, (is_met, told) = scene.present(), self.met(scene)
        if found["State"]["StartedAt"] != scene.started:
            raise InconclusiveError(
                f"{self.name}: the server's container was started anew meanwhile"
            )
        gateway = found["NetworkSettings"]["Networks"][docker.network(scene.stack)]["Gateway"]
        packets = {"INPUT": 0, "OUTPUT": 0}
        for helper in self.helpers(scene):
            packets = json.loads(docker.run("exec", helper, *PYTHON, "counters", gateway))
        told = f"{told}; packets that met the rules {packets}"
        return self.landed(is_in=is_met and all(packets.values()), evidence=told, instead=told)

    def met(self, scene: Scene) -> tuple[bool, str]:
        """Tell whether a client meets the fault, and what it meets: no answer to a connect."""
        seen = scene.seen.probe()
        return seen.tcp == "hangs", f"a fresh session {seen.session!r}, its connect {seen.tcp!r}"

    def heal(self, scene: Scene) -> None:
        """Have the helper take its rules out; where it can't, another does."""
        super().heal(scene)
        healed = any("healed" in steps(helper) for helper in self.helpers(scene))
        found = None if healed else scene.find()
        if found and found["State"]["Running"]:  # its namespace stands, and a dead helper's rules
            docker.run("wait", self.start(scene, _words(scene, "clear")), limit_s=STEP_LIMIT_S)


def words_in_namespace(scene: Scene, module: str, assignment: Any) -> list[str]:
    """Return the words for a module of the lab's, in the server's network namespace."""
    network = f"container:{scene.present()['Id']}"
    own = programs.words_of(scene.stack, docker.INSTRUMENT, module, assignment, network)
    return [*RULES_RIGHTS, *_RULES, *own]


def _words(scene: Scene, does: str, *words: str) -> list[str]:
    """Return the words for a helper in the server's network namespace, which starts at once."""
    interface = scene.stack.target.database.interface
    options = [*RULES_RIGHTS, *_RULES, "--network", f"container:{scene.present()['Id']}"]
    options += ["--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--read-only"]
    options += ["--entrypoint", PYTHON[0]]
    return [*options, docker.INSTRUMENT, *PYTHON[1:], does, interface, *words]

"""A silent drop: every packet of the server's network is lost, both ways, and nobody is told."""

import json
from functools import partial
from pathlib import Path
from typing import Any

from recovery_lab import docker
from recovery_lab.errors import HealError, InconclusiveError
from recovery_lab.faults import netfault
from recovery_lab.faults.base import HUNG_UP, Effects, Fault
from recovery_lab.faults.scene import Scene
from recovery_lab.programs import named_as_ours

_PROGRAM = "/netfault.py"
_PYTHON = ("python3", "-IS", _PROGRAM)
OVERTIME_S = 120.0  # beyond its length: the runner heals first, then the watchdog, then the helper
STEP_LIMIT_S = 10.0


class Drop(Fault):
    """Have a helper (netfault.py) hold rules; it lets go at a signal, or when its time is up."""

    name = "drop"
    effects = Effects(cuts="both", explains=HUNG_UP)
    hold_s = 3.0
    min_hold_s, max_hold_s = 2.0, 120.0

    def inject(self, scene: Scene) -> None:
        """Start a helper with the rules; a namespace's rules end with the server's container."""
        helper = self._start(scene, "hold", self.name, f"{scene.hold_s + OVERTIME_S:.1f}")
        if not scene.wait_until(lambda: "injected" in _steps(helper), STEP_LIMIT_S):
            said = _steps(helper).get("failed", {}).get("said", "it said nothing")
            raise InconclusiveError(f"{self.name}: its helper put no rules in: {said}")
        _note(scene, helper, "injected")

    def verify_landed(self, scene: Scene) -> str:
        """Verify that both directions meet the rules, and that clients meet what they do."""
        found, (is_met, told) = scene.present(), self.met(scene)
        if found["State"]["StartedAt"] != scene.started:
            raise InconclusiveError(
                f"{self.name}: the server's container was started anew meanwhile"
            )
        gateway = found["NetworkSettings"]["Networks"][docker.network(scene.stack)]["Gateway"]
        packets = {"INPUT": 0, "OUTPUT": 0}
        for helper in self._helpers(scene):
            packets = json.loads(docker.run("exec", helper, *_PYTHON, "counters", gateway))
        told = f"{told}; packets that met the rules {packets}"
        return self.landed(is_in=is_met and all(packets.values()), evidence=told, instead=told)

    def met(self, scene: Scene) -> tuple[bool, str]:
        """Tell whether a client meets the fault, and what it meets: no answer to a connect."""
        seen = scene.seen.probe()
        return seen.tcp == "hangs", f"a fresh session {seen.session!r}, its connect {seen.tcp!r}"

    def heal(self, scene: Scene) -> None:
        """Have the helper take its rules out; where it can't, another does."""
        healed = False
        for helper in self._helpers(scene):
            if _running(helper):
                docker.run("kill", "--signal", "TERM", helper)
                scene.wait_until(partial(_over, helper), STEP_LIMIT_S)
            _note(scene, helper, "healed")
            healed = healed or "healed" in _steps(helper)
        found = None if healed else scene.find()
        if found and found["State"]["Running"]:  # its namespace stands, and a dead helper's rules
            docker.run("wait", self._start(scene, "clear"), limit_s=STEP_LIMIT_S)

    def verify_healed(self, scene: Scene) -> str:
        """Verify that it is back, and put the helpers away."""
        back = super().verify_healed(scene)
        for helper in self._helpers(scene):
            if not _over(helper):
                raise HealError(f"{scene.stack.project}: its helper still holds its rules")
            docker.run("rm", "--force", helper)
        return back

    @property
    def _label(self) -> str:
        return f"{docker.LABEL}.fault={self.name}"

    def _helpers(self, scene: Scene) -> list[str]:
        return docker.helpers(scene.stack, self._label)

    def _start(self, scene: Scene, does: str, *words: str) -> str:
        """Start a helper with NET_ADMIN in the server's network namespace alone; return its id."""
        interface = scene.stack.target.database.interface
        program = Path(netfault.__file__).resolve()
        options = ["--network", f"container:{scene.present()['Id']}"]
        options += ["--user", "0:0", "--cap-drop", "ALL", "--cap-add", "NET_ADMIN"]
        options += ["--security-opt", "no-new-privileges", "--read-only", "--tmpfs", "/run"]
        options += [*named_as_ours(scene.stack), "--label", self._label]
        options += ["--volume", f"{program}:{_PROGRAM}:ro", "--entrypoint", _PYTHON[0]]
        options += [docker.INSTRUMENT, *_PYTHON[1:], does, interface, *words]
        return docker.run("run", "--detach", *options).strip()


def _running(helper: str) -> bool:
    return docker.run("inspect", "--format", "{{.State.Running}}", helper).strip() == "true"


def _steps(helper: str) -> dict[str, dict[str, Any]]:
    said = [json.loads(line) for line in docker.run("logs", helper).splitlines()]
    return {step["step"]: step for step in said}


def _over(helper: str) -> bool:
    return "healed" in _steps(helper) or not _running(helper)


def _note(scene: Scene, helper: str, name: str) -> None:
    step = _steps(helper).get(name)
    if step and scene.witness:
        took_ms = (step["at"] - step["began_at"]) * 1000
        scene.step(name, at=step["at"], evidence=f"by the helper's clock, within {took_ms:.0f} ms")

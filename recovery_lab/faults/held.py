"""Faults that a helper container holds: it lets go at a signal, or when its time is up."""

import json
from abc import abstractmethod
from contextlib import suppress
from functools import partial
from typing import Any

from recovery_lab import docker
from recovery_lab.errors import DockerError, HealError, InconclusiveError
from recovery_lab.faults.base import Fault
from recovery_lab.faults.scene import Scene
from recovery_lab.programs import named_as_ours

# Of helpers that set packet rules, beside no other; iptables has its lock in /run.
RULES_RIGHTS = ("--user", "0:0", "--cap-add", "NET_ADMIN", "--tmpfs", "/run")
OVERTIME_S = 120.0  # beyond its length: the runner heals first, then the watchdog, then the helper
STEP_LIMIT_S = 30.0  # hundreds of sessions take a loaded machine some seconds


class Helped(Fault):
    """Its helpers say `injected` and `healed`, with their own clock, as JSON lines."""

    def heal(self, scene: Scene) -> None:
        """Have the helpers let go; one that was never started is put away before it can be."""
        for helper in self.helpers(scene):
            if _state(helper) == "created":
                docker.run("rm", "--force", helper)
        helpers = self.helpers(scene)
        scene.wait_until(partial(_let_go, helpers), STEP_LIMIT_S)
        note(scene, "healed", *helpers)

    def verify_healed(self, scene: Scene) -> str:
        """Verify that it is back, and put the helpers away."""
        back = super().verify_healed(scene)
        for helper in self.helpers(scene):
            if not _over(helper):
                raise HealError(f"{scene.stack.project}: its helper still holds {self.name}")
            docker.run("rm", "--force", helper)
        return back

    @property
    def label(self) -> str:
        """The label of its helpers, by which any process finds them."""
        return f"{docker.LABEL}.fault={self.name}"

    def helpers(self, scene: Scene) -> list[str]:
        """Return the ids of its helpers, running or not."""
        return docker.helpers(scene.stack, self.label)

    def start(self, scene: Scene, words: list[str]) -> str:
        """Start a helper; return its id."""
        named = [*named_as_ours(scene.stack), "--label", self.label]
        return docker.run("run", "--detach", *named, *words).strip()


class Held(Helped):
    """Start one helper, which begins at once."""

    @abstractmethod
    def holding(self, scene: Scene, limit_s: float) -> list[str]:
        """Return the words of `docker run` for a helper that lets go by itself after `limit_s`."""

    def inject(self, scene: Scene) -> None:
        """Start the helper; returns when it says that the fault is in."""
        helper = self.start(scene, self.holding(scene, scene.hold_s + OVERTIME_S))
        if not scene.wait_until(lambda: "injected" in steps(helper), STEP_LIMIT_S):
            said = steps(helper).get("failed", {}).get("said", "it said nothing")
            raise InconclusiveError(f"{self.name}: its helper did not get it in: {said}")
        note(scene, "injected", helper)


def steps(helper: str) -> dict[str, dict[str, Any]]:
    """Return what a helper has said, by step."""
    said = [json.loads(line) for line in docker.run("logs", helper).splitlines()]
    return {step["step"]: step for step in said}


def _state(helper: str) -> str:
    return docker.run("inspect", "--format", "{{.State.Status}}", helper).strip()


def _over(helper: str) -> bool:
    return "healed" in steps(helper) or _state(helper) != "running"


def _let_go(helpers: list[str]) -> bool:
    """Ask again and again: the first process of a container is deaf until it listens."""
    holding = [helper for helper in helpers if not _over(helper)]
    if holding:
        with suppress(DockerError):  # one has ended meanwhile
            docker.run("kill", "--signal", "TERM", *holding)
    return not holding


def note(scene: Scene, name: str, *helpers: str) -> None:
    """Note a step at the instant that the last of some helpers has told."""
    told = [step for helper in helpers if (step := steps(helper).get(name))]
    if told and scene.witness:
        at = max(step["at"] for step in told)
        took_ms = (at - min(step["began_at"] for step in told)) * 1000
        scene.step(name, at=at, evidence=f"by the helper's clock, within {took_ms:.0f} ms")

"""A failover as clients see it: the old address goes mute, the name leads to another one later."""

from functools import partial
from ipaddress import IPv4Address
from typing import Any

import msgspec

from recovery_lab import docker, programs
from recovery_lab.errors import InconclusiveError
from recovery_lab.faults.base import Effects
from recovery_lab.faults.held import OVERTIME_S, RULES_RIGHTS, STEP_LIMIT_S, Helped, note, steps
from recovery_lab.faults.scene import Scene

MODULE = "recovery_lab.faults.mutehost"
MOST = 16  # helpers, until one stands above the old address: each takes the lowest that is free
_NAMES = f"{docker.LABEL}.names"  # a helper's label: those that the database had


class Assignment(msgspec.Struct, frozen=True, kw_only=True):
    """Where to stand mute, and for how long at most; handed over as the one argument, in JSON."""

    address: str
    port: int
    limit_s: float


class Mute(Helped):
    """Disconnect the database; a helper (mutehost.py) takes its address and its names meanwhile."""

    name = "mute"
    effects = Effects(cuts="both", ends_sessions=True, moves=True)
    hold_s = 3.0
    min_hold_s, max_hold_s = 2.0, 120.0

    def inject(self, scene: Scene) -> None:
        """Disconnect the database, and have a helper get the address that is free then."""
        scene.seen.ask("keep")
        network, way = docker.network(scene.stack), _way(scene)
        if fixed := (way.get("IPAMConfig") or {}).get("IPv4Address"):
            raise InconclusiveError(f"{self.name}: the Compose file fixes the address {fixed}")
        helper, old = self._above(scene, way), way["IPAddress"]
        docker.run("network", "disconnect", network, scene.present()["Id"], pace=scene.pace)
        docker.run("network", "disconnect", network, helper, pace=scene.pace)
        _connect(scene, helper, _names(scene, way))
        got = _on(scene, *docker.inspect(helper))["IPAddress"]
        if got != old or not scene.wait_until(partial(_said, "injected", helper), STEP_LIMIT_S):
            raise InconclusiveError(
                f"{self.name}: its helper is at {got}, the database was at {old}"
            )
        note(scene, "injected", helper)

    def verify_landed(self, scene: Scene) -> str:
        """Verify that the old address accepts and says nothing, and that the server runs on."""
        found, seen, kept = scene.present(), scene.seen.probe(), scene.seen.ask("kept").session
        on, state = found["NetworkSettings"]["Networks"], found["State"]
        runs = state["Running"] and not state["Paused"] and state["StartedAt"] == scene.started
        away = docker.network(scene.stack) not in on
        told = f"connect {seen.tcp!r} and a fresh session {seen.session!r} at {scene.address}, "
        told += f"one from before {kept!r}; the server's container "
        told += f"{'runs' if runs else 'does not run'}, {'away' if away else 'reachable'}"
        met = (seen.tcp, seen.session, kept) == ("ok", "hangs", "hangs")
        return self.landed(is_in=met and runs and away, evidence=told, instead=told)

    def heal(self, scene: Scene) -> None:
        """Connect the database under its names, then take the helper away; it says nothing."""
        # In this order: while the helper holds the old address, the database is given another.
        scene.bring_back()
        network, found = docker.network(scene.stack), scene.find()
        helpers = docker.inspect(*self.helpers(scene))
        if found and network not in found["NetworkSettings"]["Networks"]:
            kept = [one["Config"]["Labels"][_NAMES] for one in helpers]
            names = (kept or [scene.stack.target.database.service])[0]
            _connect(scene, found["Id"], names.split(","))
        for one in helpers:
            if network in one["NetworkSettings"]["Networks"]:
                docker.run("network", "disconnect", network, one["Id"])
        super().heal(scene)

    def verify_healed(self, scene: Scene) -> str:
        """Tell where the name leads to now, beside the evidence that all is back."""
        return f"{super().verify_healed(scene)}; its name leads to {scene.seen.probe().address}"

    def verify_start(self, scene: Scene) -> None:
        """Verify that the server is the same, and that its name leads to another address."""
        super().verify_start(scene)
        if (now := scene.seen.probe().address) in ("", scene.address):
            where = f"at {now}, as before" if now else "not seen at any address"
            raise InconclusiveError(f"{self.name}: the database is {where}")

    def _above(self, scene: Scene, way: dict[str, Any]) -> str:
        """Start helpers until one stands above the address; return it. All lower ones are taken."""
        address, words = way["IPAddress"], _words(scene, way)
        for _ in range(MOST):
            helper = self.start(scene, words)
            if not scene.wait_until(partial(_said, "mute", helper), STEP_LIMIT_S):
                said = steps(helper).get("failed", {}).get("said", "it said nothing")
                raise InconclusiveError(f"{self.name}: its helper does not stand: {said}")
            own = _on(scene, *docker.inspect(helper))["IPAddress"]
            if IPv4Address(own) > IPv4Address(address):
                return helper
        raise InconclusiveError(f"{self.name}: {MOST} helpers stand below {address}")


def _words(scene: Scene, way: dict[str, Any]) -> list[str]:
    """Return the words for a host on the clients' network, which may set rules of its own."""
    port, limit_s = scene.stack.target.database.port, scene.hold_s + OVERTIME_S
    assigned = Assignment(address=way["IPAddress"], port=port, limit_s=limit_s)
    label = ["--label", f"{_NAMES}={','.join(_names(scene, way))}"]
    return [
        *RULES_RIGHTS,
        *label,
        *programs.words_of(scene.stack, docker.INSTRUMENT, MODULE, assigned),
    ]


def _on(scene: Scene, found: dict[str, Any]) -> dict[str, Any]:
    """Return how a container is connected to the clients' network."""
    way: dict[str, Any] = found["NetworkSettings"]["Networks"][docker.network(scene.stack)]
    return way


def _way(scene: Scene) -> dict[str, Any]:
    found, network = scene.present(), docker.network(scene.stack)
    if network not in found["NetworkSettings"]["Networks"]:
        raise InconclusiveError(f"the database's container is not on the network {network}")
    return _on(scene, found)


def _names(scene: Scene, way: dict[str, Any]) -> list[str]:
    """Return the names that the database has on that network, less the one that Docker adds."""
    own = scene.present()["Id"][:12]
    found = [name for name in way.get("Aliases") or [] if name != own]
    return found or [scene.stack.target.database.service]


def _connect(scene: Scene, container: str, names: list[str]) -> None:
    words = [word for name in names for word in ("--alias", name)]
    docker.run("network", "connect", *words, docker.network(scene.stack), container)


def _said(step: str, helper: str) -> bool:
    return step in steps(helper)

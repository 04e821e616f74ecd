"""All of the contenders' sessions ended by the server, which takes new ones as before."""

from collections.abc import Sequence

from recovery_lab import docker, programs
from recovery_lab.faults.base import Effects, Fault
from recovery_lab.faults.scene import Scene

GONE_LIMIT_S = 5.0  # a backend ends within milliseconds, a starved one later


class Terminate(Fault):
    """Call pg_terminate_backend on each session that comes from a contender's address."""

    name = "terminate"
    effects = Effects(cuts="established", ends_sessions=True, explains=("57P01",))
    hold_s = max_hold_s = 0.0  # for a moment

    def inject(self, scene: Scene) -> None:
        """End them; over as soon as the server was told. The role may: they are its own."""
        at = scene.seen.ask(f"terminate {' '.join(clients(scene.stack))}").at
        for step in ("injected", "healed"):
            scene.step(step, at=at, evidence="the server's answer to pg_terminate_backend")

    def verify_landed(self, scene: Scene) -> str:
        """Verify that each of them is gone, and that a fresh session reads."""
        scene.wait_until(lambda: scene.seen.ask("left").sessions == 0, GONE_LIMIT_S)
        seen, fresh = scene.seen.ask("left"), scene.seen.probe().session
        return self.landed(
            is_in=seen.noted > seen.sessions == 0 and fresh == "ok",
            evidence=f"all {seen.noted} sessions of the contenders are gone; a fresh one reads",
            instead=f"of {seen.noted} sessions of the contenders {seen.sessions} are there, "
            f"a fresh session {fresh!r}",
        )


def clients(stack: docker.Stack) -> list[str]:
    """Return the addresses of the contenders' containers, the application's among them."""
    return addresses(stack, programs.clients(stack))


def addresses(stack: docker.Stack, ids: Sequence[str]) -> list[str]:
    """Return the addresses of some containers on the clients' network."""
    found = docker.inspect(*ids)
    ways = [one["NetworkSettings"]["Networks"].get(docker.network(stack), {}) for one in found]
    both = [way.get(kind) for way in ways for kind in ("IPAddress", "GlobalIPv6Address")]
    return [address for address in both if address]

"""Latency: each packet to and from the server takes longer, and none is lost."""

import msgspec

from recovery_lab.errors import HealError
from recovery_lab.faults.base import Effects
from recovery_lab.faults.drop import Drop, words_in_namespace
from recovery_lab.faults.scene import Scene

MODULE = "recovery_lab.faults.netdelay"
# Each way: a round trip takes 30 to 50 ms. A read of four of them must end before its worker's next
# one is due, or what is missed would tell of the instrument.
LEAST_S, MOST_S = 0.015, 0.025


class Assignment(msgspec.Struct, frozen=True, kw_only=True):
    """How long each packet is held, and all of it; handed over as the one argument, in JSON."""

    interface: str
    least_s: float
    most_s: float
    limit_s: float


class Latency(Drop):
    """Have a helper (netdelay.py) hold each packet for a while, in the server's namespace."""

    name = "latency"
    effects = Effects(cuts="none", delays_s=0.6)
    hold_s = 5.0

    def holding(self, scene: Scene, limit_s: float) -> list[str]:
        """Return the words for the program that holds packets."""
        interface = scene.stack.target.database.interface
        assigned = Assignment(interface=interface, least_s=LEAST_S, most_s=MOST_S, limit_s=limit_s)
        return words_in_namespace(scene, MODULE, assigned)

    def met(self, scene: Scene) -> tuple[bool, str]:
        """Tell whether a bare connection, one round trip, takes as long as two packets are held."""
        took_s = scene.seen.ask("connect").took_s
        return took_s >= 2 * LEAST_S, f"the fastest connect took {took_s * 1000:.1f} ms"

    def verify_healed(self, scene: Scene) -> str:
        """Verify that a connection is as fast again as no packet that is held could be."""
        back = super().verify_healed(scene)
        took_s = scene.seen.ask("connect").took_s
        if took_s >= 2 * LEAST_S:
            raise HealError(f"{scene.stack.project}: a connect takes {took_s:.3f} s still")
        return f"{back}; the fastest connect took {took_s * 1000:.1f} ms"

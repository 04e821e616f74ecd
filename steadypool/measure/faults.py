"""Every way in which the database is taken away: what strikes, and what heals it."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from readers import Floor
from stage import Stage

import steadypool

IDLE_S = 1.0  # flows that carried nothing for so long are idle
FLAPS = 3
FLOOR_S = 0.1  # that the observer looks on before the healing

Heal = Callable[[Stage], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """`strike` takes how long it shall last, and returns when the loss began.

    Where nothing heals it, it is over when `strike` returns.
    """

    strike: Callable[[Stage, float], float]
    heal: Heal | None = None
    is_relayed: bool = False
    is_outage: bool = True  # all sessions are lost, or silent


@dataclass(frozen=True, slots=True)
class Met:
    """When an outage began, was healed, and was over for the observer."""

    lost_at: float
    healed_at: float
    ready_at: float


def play(fault: Fault, stage: Stage, hold_s: float) -> Met:
    """Play one outage of a given length, and see when the database is back."""
    port = stage.relay.port if fault.is_relayed else stage.server.port
    if fault.heal is None:
        with Floor(port) as floor:
            lost_at = fault.strike(stage, hold_s)
            healed_at = time.monotonic()
            ready_at = floor.ready_after(healed_at)
        return Met(lost_at, healed_at, ready_at if fault.is_outage else lost_at)
    lost_at = fault.strike(stage, hold_s)
    time.sleep(max(0.0, lost_at + hold_s - FLOOR_S - time.monotonic()))
    with Floor(port) as floor:
        time.sleep(FLOOR_S)
        healed_at = time.monotonic()
        fault.heal(stage)
        return Met(lost_at, healed_at, floor.ready_after(healed_at))


def _now(act: Callable[[Stage], object]) -> Callable[[Stage, float], float]:
    """Return a strike that is one act."""

    def strike(stage: Stage, _: float) -> float:
        began_at = time.monotonic()
        act(stage)
        return began_at

    return strike


def _resolver_and_server(stage: Stage) -> None:
    stage.names.hang()
    stage.server.stop()


def _flap(stage: Stage, hold_s: float) -> float:
    """Stop it three times, with starts between."""
    began_at = time.monotonic()
    for _ in range(FLAPS - 1):
        stage.server.stop()
        time.sleep(hold_s / 5)
        stage.server.start()
        time.sleep(hold_s / 5)
    stage.server.stop()
    return began_at


def _strand_idle(stage: Stage, hold_s: float) -> float:
    """Pause the readers, strand what is idle, and let them find out together."""
    stage.readers.going.clear()
    time.sleep(max(hold_s, 1.5 * IDLE_S))
    stage.relay.strand_idle(IDLE_S)
    began_at = time.monotonic()
    stage.readers.going.set()
    return began_at


def _read_slowly(stage: Stage, _: float) -> float:
    """Read for three seconds, within a declared deadline."""
    began_at = time.monotonic()
    steadypool.read(
        stage.engine,
        lambda connection: connection.exec_driver_sql("SELECT pg_sleep(3)"),
        deadline_s=8,
    )
    if time.monotonic() - began_at < 3:
        raise RuntimeError("a slow read was cut")
    return began_at


def _start(stage: Stage) -> None:
    stage.server.start()


def _pass(stage: Stage) -> None:
    stage.relay.heal()


FAULTS = {
    "restart": Fault(strike=_now(lambda stage: stage.server.stop()), heal=_start),
    "kill": Fault(strike=_now(lambda stage: stage.server.kill()), heal=_start),
    "crash": Fault(strike=lambda stage, _: stage.server.crash(stage.application)),
    "terminate": Fault(strike=lambda stage, _: stage.server.terminate(stage.application)),
    "freeze": Fault(
        strike=_now(lambda stage: stage.server.freeze()), heal=lambda stage: stage.server.thaw()
    ),
    "drop": Fault(strike=_now(lambda stage: stage.relay.drop()), heal=_pass, is_relayed=True),
    "reset": Fault(strike=_now(lambda stage: stage.relay.reset()), heal=_pass, is_relayed=True),
    "mute": Fault(strike=_now(lambda stage: stage.relay.mute()), heal=_pass, is_relayed=True),
    "idle-drop": Fault(strike=_strand_idle, is_relayed=True, is_outage=False),
    "one-flow": Fault(
        strike=_now(lambda stage: stage.relay.strand_latest()), is_relayed=True, is_outage=False
    ),
    "dead-resolver": Fault(strike=_now(_resolver_and_server), heal=_start),
    "slow": Fault(strike=_read_slowly, is_outage=False),  # nothing is taken away
    "flap": Fault(strike=_flap, heal=_start),
}

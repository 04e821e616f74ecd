"""A fault's length is checked before anything is touched."""

from dataclasses import replace

import pytest

from recovery_lab.errors import BadInputError
from recovery_lab.faults import FAULTS, checked, run_fault
from tests.unit.recovery_lab.faults.conftest import World


@pytest.mark.parametrize("name", FAULTS)
def test_length_within_range_is_taken(name: str) -> None:
    """Both ends of the range belong to it."""
    fault = FAULTS[name]
    assert fault.min_hold_s == checked(fault, fault.min_hold_s)
    assert fault.max_hold_s == checked(fault, fault.max_hold_s)


@pytest.mark.parametrize("name", FAULTS)
def test_length_out_of_range_is_named(name: str, world: World) -> None:
    """The setting, its value, the fault and its range; and Docker hears nothing of it."""
    fault = FAULTS[name]
    for hold_s in (fault.min_hold_s - 0.5, fault.max_hold_s + 1, float("nan")):
        scene = replace(world.scene, hold_s=hold_s)
        takes = "no length: leave" if fault.max_hold_s == 0.0 else "from .* to "
        with pytest.raises(BadInputError, match=rf"HOLD={hold_s:g}: {name} takes {takes}"):
            run_fault(fault, scene)
    assert [] == world.calls


def test_fault_is_not_played_alone(world: World) -> None:
    """Without a witness there is no evidence: a fault says so instead of guessing."""
    with pytest.raises(RuntimeError, match="run_fault"):
        FAULTS["none"].verify_landed(world.scene)

"""A server that moved: Compose sees the stack that it has made, and the next fault finds it."""

import pytest

from recovery_lab import docker
from recovery_lab.faults import FAULTS, Done, Scene, run_fault
from tests.integration.conftest import wait_until_up
from tests.integration.test_new_address import address
from tests.running import Running

AGAIN = ("mute", "freeze", "restart")
NAMES = ("postgres", "{}-postgres-1")  # Compose's: the service's, and the container's own


def play(stack: Running, name: str) -> Done:
    """Play a fault as short as it can be."""
    hold_s = FAULTS[name].min_hold_s
    return run_fault(FAULTS[name], Scene(stack=stack.value, hold_s=hold_s))


@pytest.fixture
def moved(stack: Running) -> tuple[str, str]:
    """Have the server moved; return its container's id and its address, from before."""
    before = stack.container(stack.database)["Id"], address(stack)
    play(stack, "mute")
    return before


def test_moved_server_is_the_same_under_all_its_names(stack: Running, moved, proves) -> None:
    """Another address, the same container, and each name that Compose gave it leads there."""
    container, before = moved
    found = stack.container(stack.database)
    assert (container, True) == (found["Id"], before != address(stack))
    for name in NAMES:
        asked = name.format(stack.project)
        words = ["--rm", "--network", docker.network(stack.value), "--entrypoint", "getent"]
        told = docker.run("run", *words, docker.INSTRUMENT, "ahostsv4", asked)
        assert {address(stack)} == {line.split()[0] for line in told.splitlines()}, told
    proves(f"{before} -> {address(stack)}, by both names")


def test_compose_leaves_a_moved_server_alone(stack: Running, moved) -> None:
    """`up` recreates and restarts nothing: to Compose the stack is as it has made it."""
    stack.heal("adopted")  # what waits at the old address waits for ever
    before = [stack.container(one) for one in (stack.database, stack.application)]
    stack.compose("up", "--detach", "--no-build", "--no-recreate")
    stack.compose("up", "--detach", "--no-build")
    after = [stack.container(one) for one in (stack.database, stack.application)]
    assert [(one["Id"], one["State"]["StartedAt"]) for one in before] == [
        (one["Id"], one["State"]["StartedAt"]) for one in after
    ]


@pytest.mark.parametrize(
    "name", ["drop", *(pytest.param(one, marks=pytest.mark.more) for one in AGAIN)]
)
def test_next_fault_finds_a_moved_server(stack: Running, moved, name: str, proves) -> None:
    """Its interface has another name by then, and it may move once more."""
    done = play(stack, name)
    stack.heal("adopted")
    wait_until_up(stack, 20.0)
    proves(f"{name} after mute: {done.landed}")

"""The matrix' stack: the integration tests' where this session has one, else one of its own."""

import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from recovery_lab import docker
from recovery_lab.plugin import left_standing
from recovery_lab.stack import Stack, private_project
from recovery_lab.target import Target, load_target

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def matrix_stack(request: pytest.FixtureRequest, matrix_lock) -> Iterator[Stack]:
    """A private stack, started; KEEP=1 and a bad cell leave it standing."""
    docker.refuse_remote()
    target, folder = load_target(ROOT / "target.toml"), Path.cwd()
    os.chdir(ROOT)
    if (shared := of_this_session(target)) is not None:
        shared.heal("adopted")
        yield shared
    else:
        keep = partial(left_standing, request.config)
        with private_project(target, "matrix", "adopted", keep) as stack:
            stack.up()
            stack.settle()
            yield stack
    os.chdir(folder)


def of_this_session(target: Target) -> Stack | None:
    """Return the stack that this process has started for the integration tests, if any."""
    project = f"recovery-lab-test-{os.getpid()}"
    mine = os.environ.get("COMPOSE_PROJECT_NAME") == project
    return Stack(target) if mine and docker.stands(project) else None

"""The matrix' own stack: beside `make up`'s, in its steady state before the first outage."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab import docker
from lab.faults import journal
from lab.faults.journal import STACK, OpenStack
from lab.plugin import left_standing
from lab.stack import Stack, private_environment
from lab.target import load_target

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def matrix_stack(request: pytest.FixtureRequest, matrix_lock) -> Iterator[Stack]:
    """A stack of its own, named in the journal before it is started; gone at the end."""
    docker.refuse_remote()
    before, folder = dict(os.environ), Path.cwd()
    target = load_target(ROOT / "target.toml")
    os.environ.update(private_environment(target, "matrix", "adopted"))
    os.chdir(ROOT)
    stack = Stack(target)
    path = journal.path_of(target, stack.project, STACK)
    with journal.held(path, OpenStack) as held:
        held.write(
            OpenStack(
                project=stack.project,
                target=target,
                docker=docker.endpoint()[1],
                pid=os.getpid(),
            )
        )
        try:
            stack.up()
            yield stack
        finally:
            if not left_standing(request.config):
                stack.down()
                held.remove()
    os.environ.clear()
    os.environ.update(before)
    os.chdir(folder)

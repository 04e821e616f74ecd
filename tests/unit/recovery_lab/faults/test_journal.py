"""The journal: on the disk before the fault, locked by the living, readable after the dead."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from recovery_lab.errors import BadInputError
from recovery_lab.faults import journal
from recovery_lab.faults.journal import FAULT, STACK, HeldError, OpenFault, OpenStack
from tests.unit.recovery_lab.faults.conftest import PROJECT, ROOT, World

HOLDER = """
import sys
from pathlib import Path
from recovery_lab.faults import journal
with journal.held(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def path(world: World) -> Path:
    """The file of the world's project."""
    return journal.path_of(world.stack, FAULT)


def entry(world: World) -> OpenFault:
    """A frozen database."""
    return OpenFault(
        fault="freeze",
        stack=replace(world.stack, environment={"PORT": "8501"}),
        server_started="",
        docker="unix:///unit",
        pid=4711,
    )


def test_entry_reads_back_as_written(world: World, path: Path) -> None:
    """The target with its paths too: a fresh process knows nothing else."""
    with journal.held(path):
        journal.write(path, entry(world))
        assert entry(world) == journal.read(path, OpenFault)
    assert entry(world) == journal.read(path, OpenFault)


def test_entry_cut_short_was_never_begun(world: World, path: Path) -> None:
    """The injection comes after the whole line is on the disk."""
    with journal.held(path):
        journal.write(path, entry(world))
    path.write_bytes(path.read_bytes()[:-1])
    assert journal.read(path, OpenFault) is None


def test_file_without_an_entry_does_not_stay(path: Path) -> None:
    """Where nothing is open, the folder shows nothing."""
    with journal.held(path):
        assert path.exists()
    assert not path.exists()


def test_entry_of_another_version_is_named(path: Path) -> None:
    """A person is told which file it is, not shown a traceback."""
    path.parent.mkdir(parents=True)
    path.write_text('{"fault": "freeze"}\n')
    with pytest.raises(BadInputError, match=f"{path}: not this version's journal"):
        journal.read(path, OpenFault)


def test_held_file_is_refused_and_its_holder_named(world: World, path: Path) -> None:
    """Also within one process: two faults at once are none."""
    with journal.held(path):
        journal.write(path, entry(world))
        named = pytest.raises(HeldError, match=r"held by a run that lives \(process 4711\)")
        with named, journal.held(path):
            pytest.fail("held twice")


def test_lock_dies_with_its_holder(path: Path) -> None:
    """SIGKILL leaves no lock behind."""
    pipe = subprocess.PIPE
    words = [sys.executable, "-c", HOLDER, str(path)]
    with subprocess.Popen(words, cwd=ROOT, stdin=pipe, stdout=pipe, text=True) as holder:
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(HeldError), journal.held(path):
            pytest.fail("held twice")
        holder.kill()
        holder.wait(10)
        with journal.held(path):
            assert journal.read(path, OpenFault) is None


@pytest.mark.parametrize("stands", [True, False])
def test_stack_is_named_while_it_may_stand(stands: bool, world: World) -> None:
    """Its name stays where its containers do."""
    path = journal.path_of(world.stack, STACK)
    with journal.named_stack(world.stack):
        assert world.stack == journal.read(path, OpenStack).stack
        world.stacks = {PROJECT} if stands else set()
    assert stands == path.exists()

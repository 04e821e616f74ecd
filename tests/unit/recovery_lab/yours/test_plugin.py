"""The fixture: what it takes and refuses, and that the plugin costs nobody anything."""

import subprocess
import sys
from pathlib import Path

import pytest

from recovery_lab.errors import BadInputError, InconclusiveError
from recovery_lab.yours.lab import RecoveryLab, _Act
from tests.running import ROOT


def test_fixture_keeps_its_records_in_the_tests_own_folder(recovery_lab, tmp_path: Path) -> None:
    """It comes with the package, as pytest finds it."""
    assert isinstance(recovery_lab, RecoveryLab)
    assert tmp_path in recovery_lab._folder.parents


def test_plugin_brings_in_nothing_before_a_test_asks() -> None:
    """It is loaded into every run of pytest in its environment."""
    code = (
        "import sys; import pytest; before = set(sys.modules); import recovery_lab.yours.plugin;"
        "print(sorted({name.partition('.')[0] for name in set(sys.modules) - before}))"
    )
    words = [sys.executable, "-c", code]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True, timeout=20)
    assert "['recovery_lab']\n" == done.stdout


@pytest.mark.parametrize("command", ["docker compose restart db", b"x", [], ["-"], ()])
def test_command_that_is_none_is_refused(command: object, recovery_lab) -> None:
    """A line for a shell is split by its writer, and nobody is there to do it by hand."""
    told = r"recovery_lab: command .*: expected a list of words, as for subprocess\.run, or a fun"
    with pytest.raises(pytest.fail.Exception, match=told):
        recovery_lab.outage(None, command)


@pytest.mark.parametrize("engine", [5, "nope:engine"], ids=["here", "named"])
def test_what_cannot_be_played_fails_the_test_in_one_line(engine: object, recovery_lab) -> None:
    """Before anything is taken away; no traceback through the lab."""
    ran = []
    told = r"recovery_lab: (the engine is a int|--engine 'nope:engine': no module 'nope')"
    with pytest.raises(pytest.fail.Exception, match=told) as raised:
        recovery_lab.outage(engine, lambda: ran.append(1))
    assert "\n" not in str(raised.value)
    assert raised.value.__cause__ is None
    assert raised.value.__context__ is None
    assert [] == ran


def test_function_is_called_and_called_by_its_name() -> None:
    """In the place of a person's hand."""
    ran: list[int] = []

    def restart() -> None:
        ran.append(1)

    act = _Act(restart)
    act(None)
    assert [1] == ran
    assert ("-", True) == (act.words[0], act.words[1].endswith("restart"))


def test_functions_own_error_is_kept_for_its_test() -> None:
    """The outage is broken off by it; the test is to see its own error, not ours."""

    def restart() -> None:
        raise FileNotFoundError("no such container")

    act = _Act(restart)
    with pytest.raises(InconclusiveError, match="restart raised FileNotFoundError"):
        act(None)
    assert isinstance(act.raised, FileNotFoundError)


def test_words_are_kept_as_they_are() -> None:
    """A path is a word too."""
    assert ["sh", "/tmp/restart"] == _Act(["sh", Path("/tmp/restart")]).words
    with pytest.raises(BadInputError):
        _Act("sh")

"""What the wheel holds and needs, and what its command and its fixture say where they are new."""

import subprocess
from email.parser import Parser
from zipfile import ZipFile

import pytest

from tests.running import ROOT

ENVIRONMENTS = ("older", "newer", "bare")
DRIVERS = ("asyncpg", "psycopg", "psycopg2", "sqlalchemy")


def test_wheel_holds_all_of_the_package(wheel) -> None:
    """Templates, Compose file and the rest of the data as well, and nothing of the dashboard."""
    words = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "recovery_lab"]
    tracked = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True, timeout=9)
    held = [name for name in ZipFile(wheel).namelist() if ".dist-info/" not in name]
    assert {name for name in held if not name.endswith("/")} == set(tracked.stdout.split())


def test_wheel_pins_nothing_that_users_have(wheel) -> None:
    """Neither SQLAlchemy nor a driver nor pytest: they are the users' own."""
    archive = ZipFile(wheel)
    [metadata] = [name for name in archive.namelist() if name.endswith("dist-info/METADATA")]
    needs = Parser().parsestr(archive.read(metadata).decode()).get_all("Requires-Dist")
    assert "msgspec" in needs
    assert [] == [one for one in needs if one.lower().startswith((*DRIVERS, "pytest"))]


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_command_says_what_it_can(name, request, proves) -> None:
    """And refuses a module that is not there in one line, with the status of bad usage."""
    one = request.getfixturevalue(name)
    done = one.tried("recovery-lab", "--help")
    assert 0 == done.returncode, done.stderr
    assert "try" in done.stdout
    bad = one.tried("recovery-lab", "try", "--engine", "nope:x", "--", "true")
    assert 64 == bad.returncode, bad.stderr
    [line] = bad.stderr.splitlines()
    assert line.startswith("error: --engine 'nope:x': no module 'nope' from ")
    proves(f"{name}: {line}")


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_lab_is_imported_without_a_driver(name, request) -> None:
    """Neither the command line nor the fixture brings one in: the user's engine does."""
    code = (
        "import sys, recovery_lab.cli, recovery_lab.yours.lab\n"
        f"print([name for name in {DRIVERS} if name in sys.modules])"
    )
    done = request.getfixturevalue(name).tried("python", "-c", code)
    assert "[]\n" == done.stdout, done.stderr


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_fixture_is_found(name, request) -> None:
    """With what it does, and without bringing the lab in before a test asks for it."""
    one = request.getfixturevalue(name)
    found = one.tried("pytest", "--fixtures", "-p", "no:cacheprovider")
    assert "recovery_lab -- " in found.stdout, found.stderr
    assert "see how your engine comes back" in found.stdout
    code = "import sys, recovery_lab.yours.plugin; print('msgspec' in sys.modules)"
    assert "False\n" == one.tried("python", "-c", code).stdout

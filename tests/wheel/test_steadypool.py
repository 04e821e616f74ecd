"""The wheel of steadypool/: built, installed and tested where nothing of the lab is."""

import re
import shutil
from pathlib import Path
from zipfile import ZipFile

import pytest

from tests.running import ROOT
from tests.wheel.environments import Environment, built, installed

THE_LABS = ("recovery_lab", "dashboard", "streamlit", "psycopg2", "msgspec")


@pytest.fixture(scope="module")
def copied(tmp_path_factory) -> Path:
    """The package's folder, where no lab is above it."""
    folder = tmp_path_factory.mktemp("steadypool") / "copied"
    left = shutil.ignore_patterns("__pycache__", ".*")
    shutil.copytree(ROOT / "steadypool", folder, ignore=left)
    return folder


@pytest.fixture(scope="module")
def pools_wheel(copied: Path) -> Path:
    """Built there."""
    return built(copied.parent / "dist", copied)


@pytest.fixture(scope="module")
def alone(copied: Path, pools_wheel: Path) -> Environment:
    """The wheel, what it needs, the group `test`, and the tests without their sources."""
    shutil.rmtree(copied / "src")
    words = (str(pools_wheel), "--group", f"{copied}/pyproject.toml:test")
    return Environment(installed(copied.parent, *words, locked=("host",)), copied)


def test_wheel_holds_all_of_the_package(pools_wheel: Path) -> None:
    """And nothing else."""
    source = ROOT / "steadypool/src"
    expected = {str(one.relative_to(source)) for one in source.rglob("*.*") if one.suffix != ".pyc"}
    held = {name for name in ZipFile(pools_wheel).namelist() if ".dist-info/" not in name}
    assert expected == {name for name in held if not name.endswith("/")}


def test_nothing_of_the_lab_is_there(alone: Environment) -> None:
    """The control of the next test: it proves nothing where the lab could help."""
    code = (
        "import steadypool; from importlib.util import find_spec\n"
        f"print(steadypool.__file__, [one for one in {THE_LABS} if find_spec(one)])"
    )
    done = alone.tried("python", "-c", code)
    assert re.search(r"/site-packages/steadypool/__init__.py \[\]$", done.stdout), done


def test_its_tests_pass_without_the_lab(alone: Environment, proves) -> None:
    """With the packages of its own group alone."""
    own = ("python", "-m", "pytest", "-q", "-p", "no:cacheprovider")
    done = alone.tried(*own, limit_s=380.0)
    assert 0 == done.returncode, done.stdout + done.stderr
    last = done.stdout.splitlines()[-1]
    assert re.fullmatch(r"\d+ passed in .*", last), last
    proves(f"steadypool's own tests, without the lab: {last}")

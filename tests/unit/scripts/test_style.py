"""Every script runs on bash 3.2 with BSD tools, and tells how it is used."""

import os
import re
from pathlib import Path

import pytest

from tests.unit.scripts.conftest import ROOT

SCRIPTS = sorted([*ROOT.glob("scripts/*.sh"), ROOT / ".ci/run", *ROOT.glob("postgres/*.sh")])
PROGRAMS = [path for path in SCRIPTS if os.access(path, os.X_OK)]  # the others are sourced
NEWER = {
    r"\b(mapfile|readarray)\b": "bash 4",
    r"\b(declare|local|typeset) -[a-zA-Z]*[An]": "bash 4",
    r"\$\{\w+(,,|\^\^|,|\^)\}": "bash 4",
    r"\binherit_errexit\b": "bash 4.4",
    r"\$\{\w+@[A-Z]\}": "bash 4.4",
    r"\bwait -n\b": "bash 4.3",
    r"&>>": "bash 4",
    r"\breadlink -f\b": "GNU readlink",
    r"\bdate \S*%N": "GNU date",
    r"\bsed -[a-z]*[ir]\b": "GNU sed",
    r"(^|[;|&(] *)timeout \d": "GNU timeout",
    r"\bsort -V\b": "GNU sort",
    r"\bxargs -r\b": "GNU xargs",
    r"docker-compose (up|down|build|ps|config)": "Compose v1",
}


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", SCRIPTS, ids=_name)
def test_script_runs_on_bash_3_and_bsd_tools(path: Path) -> None:
    """A laptop with macOS has nothing newer."""
    lines = [line for line in path.read_text().splitlines() if not line.lstrip().startswith("#")]
    found = [
        f"{line.strip()}: {what}"
        for line in lines
        for pattern, what in NEWER.items()
        if re.search(pattern, line)
    ]
    assert [] == found


@pytest.mark.parametrize("path", PROGRAMS, ids=_name)
def test_script_opens_with_what_it_does_and_how_it_is_used(path: Path) -> None:
    """The head names the use and an example, and turns every trouble into a stop."""
    text = path.read_text()
    assert text.startswith("#!/usr/bin/env bash\n# ")
    assert re.search(r"^# usage: ", text, re.MULTILINE)
    assert re.search(r"^#    ie: ", text, re.MULTILINE)
    assert "\nset -Eeuo pipefail\n" in text


@pytest.mark.parametrize("path", SCRIPTS, ids=_name)
def test_script_stays_short(path: Path) -> None:
    """What grows past this becomes Python."""
    assert len(path.read_text().splitlines()) <= 90


def test_every_make_target_is_listed_or_private() -> None:
    """`make help` lists every public verb, and each is declared phony."""
    text = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z][a-z-]*):", text, re.MULTILINE))
    listed = set(re.findall(r"^([a-z][a-z-]*):.*## \S", text, re.MULTILINE))
    assert targets == set(re.findall(r"^\.PHONY: (\S+)$", text, re.MULTILINE))
    unlisted = {"images", "browser-image", "versions-image"}
    unlisted |= {"certificates", "environment", "strangers"}
    assert unlisted == targets - listed

"""docs/faults.md says of every fault what the code does."""

import re
from pathlib import Path

from recovery_lab.docker import INSTRUMENT
from recovery_lab.faults import FAULTS, command, runner
from recovery_lab.faults import scene as scenes
from recovery_lab.faults.altered import Altered
from recovery_lab.faults.fresh import SLEEPER
from recovery_lab.faults.held import OVERTIME_S
from recovery_lab.faults.recovery import HOLD, MARK
from recovery_lab.target import load_target

ROOT = Path(__file__).parents[4]
PAGE = (ROOT / "docs/faults.md").read_text()


def _rows(after: str) -> dict[str, list[str]]:
    """Return the first table after a text, by its first column."""
    lines = PAGE.split(after, 1)[1].split("\n| ---", 1)[1].splitlines()[1:]
    rows = {}
    for line in lines:
        if not line.startswith("|"):
            break
        first, *rest = (cell.strip() for cell in line.strip("|").split("|"))
        rows[first.strip("`")] = rest
    return rows


def test_docs_tell_what_each_fault_does_and_how_it_lands() -> None:
    """Every fault has its paragraph, which names its evidence."""
    paragraphs = {m[1]: m[0] for m in re.finditer(r"\*\*`([\w-]+)`\*\* (?:.+\n)+", PAGE)}
    assert list(FAULTS) == list(paragraphs)
    assert [] == [name for name, text in paragraphs.items() if "Landed: " not in text]


def test_docs_tell_how_to_heal_each_fault_by_hand() -> None:
    """Every fault has its row, with the labels and names that the code gives."""
    rows = _rows("## By hand")
    assert list(FAULTS) == list(rows)
    for name in (
        "slots",
        "drop",
        "reset",
        "idle-drop",
        "latency",
        "lock",
        "mute",
        "name",
        "name-hangs",
    ):
        assert f"label={FAULTS[name].label}" in rows[name][0]
    assert f"application_name = '{SLEEPER}'" in rows["slow"][0]
    for name, fault in FAULTS.items():
        if isinstance(fault, Altered):
            assert fault.undo.format(role='"dashboard_reader"', database='"lab"') in rows[name][0]
    assert all(word in rows["recovery"][0] for word in (HOLD, MARK))


def test_docs_name_what_the_target_file_says() -> None:
    """The interface is that of this repository's target; the helper's image is the instrument's."""
    assert f"`{INSTRUMENT}`" in PAGE
    assert f"`{load_target(ROOT / 'target.toml').database.interface}`" in PAGE


def test_docs_name_the_bounds_of_the_watch() -> None:
    """How long a run may overstay, and the drop's helper."""
    assert f"lives {runner.GRACE_S:.0f} s after" in PAGE
    assert f"{OVERTIME_S:.0f} s after the fault's length" in PAGE
    assert f"at most {command.LIMIT_S:.0f} s" in PAGE
    assert f"works for {scenes.AGAIN_S:.0f} s" in PAGE
    assert f"for {scenes.HALF_SHUT_S:.0f} s is\nhalf-shut" in PAGE
    assert f"After {scenes.BACK_LIMIT_S:.0f} s nothing goes on" in PAGE

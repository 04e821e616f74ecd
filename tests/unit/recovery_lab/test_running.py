"""A run while it goes on, and how it is found again."""

from pathlib import Path

import msgspec
import pytest

from recovery_lab import runs
from recovery_lab.asked import Asked, same_plan
from recovery_lab.running import GUESS_S, Running
from recovery_lab.runs import all_runs, find_run, outage_folders, point_latest, save, set_aside
from tests.unit.recovery_lab.golden import Golden
from tests.unit.recovery_lab.test_verdict import RUN, keep

INFO = msgspec.structs.replace(RUN, repeats=3, hold_s=2.0, solo=True, limit_s=120.0)


def test_complete_outages_stand_and_broken_off_ones_do_not(tmp_path: Path) -> None:
    """What RESUME plays again is what was not recorded to its end."""
    keep(tmp_path, Golden(), repeat=1)
    keep(tmp_path, Golden(complete=False), repeat=2)
    planned = [msgspec.structs.replace(Golden().info(), repeat=n) for n in (1, 2, 3)]
    running = Running(tmp_path, None, planned)
    assert [True, False, False] == [running.has(info) for info in planned]
    running.begin()
    assert running.progress().startswith("1 of 2, ")


def test_late_outages_are_set_aside_and_kept(tmp_path: Path) -> None:
    """Neither is judged; the second does not take the first one's place."""
    for _ in range(2):
        keep(tmp_path, Golden(), repeat=1)
        set_aside(tmp_path / "outages/restart-1")
    assert [] == outage_folders(tmp_path)
    assert ["restart-1.1", "restart-1.2"] == sorted(p.name for p in tmp_path.glob("late/*"))


def test_resumed_run_keeps_its_plan_and_its_seed() -> None:
    """Options given beside RESUME do not change what the run is."""
    resumed = same_plan(INFO, Asked(faults=("kill",), seed=1, keep=True, resume="latest"))
    assert (("restart",), 3, 7, True) == (
        resumed.faults,
        resumed.repeats,
        resumed.seed,
        resumed.solo,
    )
    assert resumed.keep


def test_progress_tells_the_time_left() -> None:
    """By the outages so far; before the first by a guess."""
    running = Running(Path("nowhere"), None, [Golden().info()] * 4)
    running.begin()
    assert f"1 of 4, about {4 * GUESS_S:.0f} s left" == running.progress()
    running.end()
    running.begin()
    assert "2 of 4, about 0 s left" == running.progress()


def test_outages_are_read_in_the_order_of_their_repeats(tmp_path: Path) -> None:
    """The tenth comes after the second."""
    for repeat in (10, 2, 1):
        keep(tmp_path, Golden(), repeat=repeat)
    assert ["restart-1", "restart-2", "restart-10"] == [p.name for p in outage_folders(tmp_path)]


def test_run_is_found_by_path_name_or_latest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And listed once, whatever points at it."""
    monkeypatch.chdir(tmp_path)
    folder = runs.ROOT / "2026-01-01T000000Z-restart"
    save(folder / "run.json", INFO)
    point_latest(folder)
    point_latest(folder)
    found = {find_run(word) for word in (str(folder), folder.name, "latest")}
    assert {folder.resolve()} == found
    assert [folder] == list(all_runs())

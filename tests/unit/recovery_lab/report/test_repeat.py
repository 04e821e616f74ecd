"""The command that repeats a cell, and who mended it."""

import shlex
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from recovery_lab import cli, plan
from recovery_lab.judge.doubt import Doubt
from recovery_lab.judge.verdict import Cell, Failure, OutageVerdict
from recovery_lab.outage import OutageInfo
from recovery_lab.report.repeat import Mended, command, menders
from recovery_lab.report.rows import Key, Met
from recovery_lab.target import load_target
from tests.unit.recovery_lab.report.shared import info_of, repeated, script

ROOT = Path(__file__).parents[4]
TARGET = load_target(ROOT / "target.toml")
RED: Key = ("restart", "naive", "idle")


def parsed(line: str, monkeypatch: pytest.MonkeyPatch) -> list[OutageInfo]:
    """Return the outages that a command line plans, by the lab's own parser."""
    words = shlex.split(line)
    monkeypatch.delenv("LAB_LIMIT_S", raising=False)
    for name, value in (word.split("=") for word in words if word.startswith("LAB_LIMIT_S=")):
        monkeypatch.setenv(name, value)
    found: list[OutageInfo] = []

    def run(file: Path, asked: plan.Asked, *_: object, **__: object) -> int:
        found.extend(plan.outages(load_target(file), asked))
        return 0

    def watch(file: Path, asked: plan.Watched, *_: object) -> int:
        found.extend(plan.watched(load_target(file), asked))
        return 0

    monkeypatch.setattr(cli.verbs, "run", run)
    monkeypatch.setattr(cli.verbs, "watch", watch)
    monkeypatch.setattr(sys, "argv", words[words.index("recovery-lab") :])
    monkeypatch.chdir(ROOT)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert 0 == ended.value.code
    return found


@pytest.mark.parametrize(
    "asked",
    [
        {"faults": ("restart",)},
        {"faults": ("restart", "freeze"), "repeats": 3},
        {"faults": ("kill",), "holds_s": (4.25,), "repeats": 2},
        {"faults": ("restart",), "holds_s": (600.0,)},
        {"faults": ("kill",), "holds_s": (2.0, 4.0, 2.0), "repeats": 2},
        {"faults": ("freeze",), "solo": True, "repeats": 2, "limit_s": 45.0},
        {"faults": ("freeze",), "jobs": ("crowd",), "repeats": 2},
        {"faults": ("freeze",), "jobs": ("cold",), "solo": True, "repeats": 2},
        {"faults": ("drop",), "waived": ("no relapse", "nothing restarts")},
    ],
)
def test_command_plays_the_same_outages_again(asked: dict, monkeypatch) -> None:
    """Parsed as typed, it plans them with their lengths, bounds and roles, to the millisecond."""
    planned = plan.outages(TARGET, plan.Asked(seed=4711, contenders=("adopted", "naive"), **asked))
    same = [info for info in planned if info.fault == asked["faults"][0]]
    same = [info for info in same if info.solo in ("", "adopted")]
    run = info_of(planned, seed=4711)
    lines = {command(run, info, "adopted", "steady") for info in same}
    assert 1 == len(lines), "each repeat of a cell has the same command"
    again = parsed(lines.pop(), monkeypatch)
    assert [told(info) for info in same] == [told(info) for info in again]


def told(info: OutageInfo) -> tuple[object, ...]:
    """Return what makes an outage the same: all but who else is there."""
    own = [one for one in info.cast if one.contender == "adopted"]
    return info.name, info.hold_s, info.seed, info.limit_s, info.waived, info.reads_per_s, own


def test_length_of_another_seed_is_another() -> None:
    """Control: the jitter that is taken off is this seed's, or --hold would be told."""
    planned = plan.outages(TARGET, plan.Asked(faults=("restart",), seed=1))
    line = command(info_of(planned, seed=1), planned[0], "adopted", "steady")
    other = msgspec.structs.replace(planned[0], seed=2)
    assert "--hold" not in line
    assert "--hold" in command(info_of([other], seed=2), other, "adopted", "steady")


def test_command_of_a_watched_outage_is_the_users_own(monkeypatch) -> None:
    """With its words as he typed them, quoted."""
    asked = plan.Watched(
        command=["sh", "-c", "docker restart 'it'"], title="restart", job="idle", repeats=3
    )
    planned = plan.watched(TARGET, asked)
    line = command(info_of(planned), planned[0], "dashboard", "idle")
    assert planned == parsed(line, monkeypatch)


def test_command_of_the_demo_is_the_demo() -> None:
    """Two policies in one run are its alone."""
    asked = plan.Watched(command=["true"], title="demo", job="idle", policy="naive", limit_s=15.0)
    planned = plan.watched(TARGET, asked)
    assert "recovery-lab demo -- true" == command(info_of(planned), planned[0], "dashboard", "idle")


def test_command_names_another_target() -> None:
    """A run of anyone's stack is not repeated on ours."""
    planned = plan.outages(TARGET, plan.Asked(faults=("restart",)))
    line = command(info_of(planned, target="their own.toml"), planned[0], "adopted", "steady")
    assert line.endswith("--target 'their own.toml'")


def met(*names: str, outages: int = 3) -> dict[Key, Met]:
    """Return what the idle pools of some contenders met."""
    judged: list[OutageVerdict] = [
        repeated(script(*names), number)[1] for number in range(1, outages + 1)
    ]
    cells: dict[Key, Met] = {}
    for outage in judged:
        for cell in outage.cells:
            cells.setdefault(("restart", cell.contender, cell.job), []).append((outage, cell))
    return cells


def test_subject_that_kept_the_same_rule_in_the_same_outages_mends() -> None:
    """Told with how many outages, and in how many of them the other broke it."""
    assert [Mended("adopted", ["first reads"], 3, 3)] == menders(met("naive", "adopted"), RED)


def changed(cells: dict[Key, Met], number: int, **values: object) -> dict[Key, Met]:
    """Return the same with adopted's cell of one outage changed."""
    outage, cell = cells["restart", "adopted", "idle"][number]
    cells["restart", "adopted", "idle"][number] = (outage, msgspec.structs.replace(cell, **values))
    return cells


BROKE = {"verdict": "failed", "failures": [Failure(rule="no relapse", said="1 read")]}
DOUBT = {"verdict": "inconclusive", "doubts": [Doubt(kind="unsure", said="blind")]}


@pytest.mark.parametrize(
    "spoil",
    [
        lambda cells: changed(cells, 1, **BROKE),
        lambda cells: changed(cells, 1, **DOUBT),
        lambda cells: changed(cells, 1, role="reference"),
        lambda cells: changed(cells, 1, rules=["no relapse"]),
        lambda cells: {**cells, RED: cells[RED][:2]},
        lambda cells: {**cells, RED: [(o, whole(c)) for o, c in cells[RED]]},
    ],
    ids=["broke", "in doubt", "reference", "not held to it", "two outages", "nothing broke"],
)
def test_nobody_mends_who_was_not_seen_to(spoil: Callable) -> None:
    """One failure, one outage too few, or a rule that it was not held to: nothing is said."""
    assert [] == menders(spoil(met("naive", "adopted")), RED)


def whole(cell: Cell) -> Cell:
    """Return a cell that broke nothing."""
    return msgspec.structs.replace(cell, failures=[])


def test_other_outages_are_no_comparison() -> None:
    """Alone in its outage nobody mends another."""
    cells = met("naive", "adopted")
    others = met("adopted", outages=6)["restart", "adopted", "idle"][3:]
    assert [] == menders({**cells, ("restart", "adopted", "idle"): others}, RED)

"""What to do about a cell that broke its rule: the command that repeats it, and who mended it."""

import shlex
from collections.abc import Mapping
from operator import attrgetter
from typing import NamedTuple

from recovery_lab.faults import FAULTS
from recovery_lab.folder import RunInfo
from recovery_lab.judge.verdict import Cell
from recovery_lab.outage import OutageInfo
from recovery_lab.plan import jitter_s
from recovery_lab.report.rows import Key, Met, in_doubt

LEAST = 3  # outages in which both must count, or nothing is said of who mends
LIMIT_S = 120.0  # without LAB_LIMIT_S


def command(run: RunInfo, info: OutageInfo, contender: str, job: str) -> str:
    """Return the command that plays these outages of a run again, lengths and all."""
    words = ["recovery-lab"]
    if info.policy:  # a plan of two policies is the demo's alone
        words += ["demo"]
    elif info.command:
        repeats = max(one.repeat for one in run.planned)
        words += ["watch", "--name", info.title, "--repeat", str(repeats), "--job", job]
    else:
        words += ["run", "--faults", info.fault, "--contenders", contender]
        words += ["--jobs", info.job] if info.job else []
        words += [*_lengths(run, info), "--seed", str(run.seed)]
        words += ["--solo", "1"] if info.solo else []
    words += [word for rule in info.waived for word in ("--waive", rule)]
    words += ["--target", run.target] if run.target != "target.toml" else []
    words += ["--", *info.command] if info.command else []
    limit = "" if info.limit_s == LIMIT_S or info.policy else f"LAB_LIMIT_S={info.limit_s:g} "
    return limit + shlex.join(words)


def _lengths(run: RunInfo, info: OutageInfo) -> list[str]:
    """Return the options of how often and how long: lengths, where they are not the fault's own."""
    which = attrgetter("fault", "solo", "job")
    same = [one for one in run.planned if which(one) == which(info)]
    asked = [_asked_s(one) for one in sorted(same, key=attrgetter("repeat"))]
    # Several lengths come one after another, each so often.
    often = next(n for n in range(len(asked), 0, -1) if asked == asked[: len(asked) // n] * n)
    lengths = asked[: len(asked) // often]
    usual = info.fault in FAULTS and lengths == [FAULTS[info.fault].hold_s]
    told = [] if usual else ["--hold", ",".join(f"{length_s:g}" for length_s in lengths)]
    return ["--repeats", str(often), *told]


def _asked_s(info: OutageInfo) -> float:
    return round(info.hold_s - jitter_s(info.seed, info.fault, info.repeat, info.solo), 3)


class Mended(NamedTuple):
    """Who kept, in all of some outages, the rules that another broke in `broken` of them."""

    contender: str
    rules: list[str]
    broken: int
    outages: int


def menders(cells: Mapping[Key, Met], red: Key) -> list[Mended]:
    """Return who mended a cell: a subject held to the same rules in the same outages."""
    fault, contender, job = red
    own, found = _counting(cells[red]), []
    for (other_fault, other, other_job), met in cells.items():
        if (other_fault, other_job) != (fault, job) or other == contender:
            continue
        theirs = _counting(met)
        same = own.keys() & theirs.keys()
        broken = [own[name] for name in same if own[name].failures]
        rules = {failure.rule for cell in broken for failure in cell.failures}
        kept = all(_keeps(theirs[name], rules) for name in same)
        if broken and kept and len(same) >= LEAST:
            found.append(Mended(other, sorted(rules), len(broken), len(same)))
    return found


def _counting(met: Met) -> dict[str, Cell]:
    return {outage.name: cell for outage, cell in met if not in_doubt(cell)}


def _keeps(cell: Cell, rules: set[str]) -> bool:
    """Tell whether it was held to some rules, and kept all of its own: a reference is not."""
    held = cell.role == "subject" and rules <= set(cell.rules)
    return held and cell.verdict == "passed"

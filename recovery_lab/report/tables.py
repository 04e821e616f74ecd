"""Tables in Markdown, and those that documents repeat from the lab's registries."""

import inspect
import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from recovery_lab.faults import FAULTS, Fault
from recovery_lab.judge import thresholds
from recovery_lab.judge.roles import part_of
from recovery_lab.judge.rules import RULES
from recovery_lab.outage import Cast, JobName
from recovery_lab.target import Traits

_MARKED = re.compile(r"(<!-- table: (.+?) -->\n).*?(<!-- end -->)", re.DOTALL)
Jobs = Mapping[str, tuple[Traits, Sequence[JobName]]]  # of each contender


def table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table in Markdown."""
    lines = [heads, ["---"] * len(heads), *([str(cell) for cell in row] for row in rows)]
    # An empty cell has one space, a bar inside a cell would end it.
    told = (" | ".join(cell.replace("|", "\\|") for cell in line) for line in lines)
    return "\n".join(f"| {line} |".replace("|  |", "| |").replace("|  |", "| |") for line in told)


def rewritten(text: str, make: Callable[[str], str]) -> str:
    """Return a document with each table between its marks made anew; `make` gets its name."""
    return _MARKED.sub(lambda found: f"{found[1]}{make(found[2])}\n{found[3]}", text)


def faults(contenders: Jobs) -> str:
    """Return the faults, with what they do and who fails under each as a control."""
    heads = "fault|cuts|ends sessions|length in s|in the matrix, s|the server restarts"
    heads += "|FATAL lines it explains|controls"
    return table(
        heads.split("|"),
        [
            (
                f"`{name}`",
                "as seen" if fault.effects.observed else fault.effects.cuts,
                _yes(None if fault.effects.observed else fault.effects.ends_sessions),
                f"{fault.min_hold_s:g} to {fault.max_hold_s:g}",
                "not played" if fault.effects.observed else f"{fault.hold_s:g}",
                _yes(fault.effects.restarts),
                " ".join(fault.effects.explains) or "none",
                ", ".join(_controls(fault, contenders)) or "none",
            )
            for name, fault in FAULTS.items()
        ],
    )


def contenders(known: Jobs) -> str:
    """Return the contenders with their traits."""
    heads = "contender|jobs|pools|pings|cleared by a monitor|reconnects|deadline, s|workers"
    return table(
        heads.split("|"),
        [
            (
                f"`{name}`",
                ", ".join(jobs),
                _yes(traits.pools),
                _yes(traits.pings),
                _yes(traits.monitored),
                _yes(traits.reconnects),
                "none" if traits.deadline_s is None else f"{traits.deadline_s:g}",
                traits.workers,
            )
            for name, (traits, jobs) in known.items()
        ],
    )


def rules() -> str:
    """Return the rules of the verdict."""
    return table(
        ["rule", "holds when", "bound", "needs"],
        [(f"`{r.name}`", r.says, r.bound, r.needs or "nothing") for r in RULES.values()],
    )


def bounds() -> str:
    """Return the thresholds; what each is for stands beside it in the code."""
    text = inspect.getsource(thresholds.Thresholds)
    said = re.findall(r"^    (\w+): \w+ = \S+  # (.+)$", text, re.MULTILINE)
    return table(
        ["name", "value", "what"],
        [(f"`{name}`", f"{getattr(thresholds.THRESHOLDS, name):g}", what) for name, what in said],
    )


def _controls(fault: Fault, known: Jobs) -> list[str]:
    effects = fault.effects
    if effects.observed:
        return []
    return [
        f"`{name}` {job}"
        for name, (traits, jobs) in known.items()
        for job in jobs
        for cast in [Cast(contender=name, traits=traits, jobs=list(jobs))]
        if (part := part_of(cast, job, effects, fault.hold_s)).breaks
    ]


def _yes(holds: bool | None) -> str:  # its one argument is what it says
    return {True: "yes", False: "no", None: "as seen"}[holds]

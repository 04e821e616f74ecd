"""Who must do what in which cell, as data: fault by contender by job.

Roles do not change with the policies that a run is asked for. What stands nowhere here is a
reference: shown, and decides nothing.
"""

from collections.abc import Iterable, Mapping
from typing import Literal

import msgspec

Role = Literal["subject", "control", "reference"]
JobName = Literal["steady", "idle"]
Assertion = Literal[
    "recovers", "no error after ready", "nothing hung after recovery", "no error at all"
]

JOBS: tuple[JobName, ...] = ("steady", "idle")

# What a contender reads through. Only a pool of its own can be left idle beside steady reads.
JOBS_OF: Mapping[str, tuple[JobName, ...]] = {
    "adopted": JOBS,
    "naive": JOBS,
    "dispose": JOBS,
    "pinned": ("steady",),
    "quitter": ("steady",),
    "dashboard": ("steady",),
    "canary": ("steady",),
}

CANARY = "canary"  # in every outage: it shows the fault to be real
AT_MOST = 8  # contenders in one outage: more would measure the machine

Where = tuple[str, str, JobName]  # fault, contender, job


def _both(fault: str, *contenders: str) -> Iterable[Where]:
    return [(fault, contender, job) for contender in contenders for job in JOBS]


SUBJECTS: frozenset[Where] = frozenset(
    [
        *_both("none", "adopted", "naive"),
        *_both("slow", "adopted", "naive"),
        *_both("restart", "adopted"),
        *_both("kill", "adopted"),
        *_both("freeze", "adopted"),
        *_both("drop", "adopted"),
    ]
)

ALWAYS_SUBJECTS: frozenset[str] = frozenset({"dashboard"})

# A control must fail just this assertion, or its cell proves nothing.
CONTROLS: Mapping[Where, Assertion] = {
    ("restart", "naive", "idle"): "no error after ready",
    ("restart", "pinned", "steady"): "recovers",
    ("kill", "naive", "idle"): "no error after ready",
    ("kill", "pinned", "steady"): "recovers",
    ("freeze", "quitter", "steady"): "recovers",
    ("drop", "quitter", "steady"): "recovers",
}


# How long after ready a control is watched that must not recover, in s: `pinned` might come back
# at any retry; `quitter` has closed for good.
WATCHED_S: Mapping[str, float] = {"pinned": 15.0, "quitter": 5.0}


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """One contender's part in one cell: its role, and what it must keep or, a control, break."""

    role: Role
    assertions: tuple[Assertion, ...]


def part_of(fault: str, contender: str, job: JobName, cuts: str) -> Part:
    """Return the part that a contender plays."""
    where = (fault, contender, job)
    if where in CONTROLS:
        return Part(role="control", assertions=(CONTROLS[where],))
    if where in SUBJECTS or contender in ALWAYS_SUBJECTS:
        return Part(role="subject", assertions=_promises(job, cuts))
    return Part(role="reference", assertions=())


def watched_s(fault: str) -> float:
    """Return how long after ready a fault's outage lasts for the sake of its controls."""
    never_back = [name for name in controls_of(fault) if name in WATCHED_S]
    return max((WATCHED_S[name] for name in never_back), default=0.0)


def controls_of(fault: str) -> tuple[str, ...]:
    """Return the contenders that a fault's outage has whatever was asked for."""
    return tuple(sorted({contender for name, contender, _ in CONTROLS if name == fault}))


def _promises(job: JobName, cuts: str) -> tuple[Assertion, ...]:
    kept: tuple[Assertion, ...] = ("recovers", "nothing hung after recovery")
    if job == "idle":
        kept = ("no error after ready",)
    return (*kept, "no error at all") if cuts == "none" else kept

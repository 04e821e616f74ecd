"""Who must do what in which cell: by its `parts`, else by the fault's effects and its traits."""

from collections.abc import Collection, Mapping
from typing import Literal

import msgspec

from recovery_lab.errors import BadInputError
from recovery_lab.faults.base import Effects
from recovery_lab.judge.thresholds import THRESHOLDS
from recovery_lab.outage import Cast, JobName
from recovery_lab.target import Traits

Role = Literal["subject", "control", "reference"]


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """A cell's role; `breaks` is the rule that a control must break."""

    role: Role
    breaks: str = ""


SUBJECT, REFERENCE = Part(role="subject"), Part(role="reference")
NOT_RECOVERS = Part(role="control", breaks="recovers")
NOT_FIRST = Part(role="control", breaks="first reads")


def part_of(cast: Cast, job: JobName, effects: Effects, hold_s: float) -> Part:
    """Return the part that a contender plays in a job."""
    traits = cast.traits
    if cast.deciding and job in cast.parts:
        role, _, rule = cast.parts[job].partition(": ")
        return msgspec.convert({"role": role, "breaks": rule}, Part)
    if not cast.deciding or spared(traits, job, effects):
        return REFERENCE
    match job:
        case "idle":
            return _idle(traits, effects)
        case "fresh" | "cold":
            return _anew(traits, effects, hold_s)
        case "steady" | "crowd":
            return _steady(traits, effects, hold_s)


def spared(traits: Traits, job: JobName, effects: Effects) -> bool:
    """Tell whether a cell can meet nothing of a fault: its sessions outlive it, or begin in it."""
    if "names" in effects.denies and not traits.resolves:
        return True
    if job == "idle":
        return effects.cuts not in ("none", "idle") and not effects.ends_sessions
    if job in ("fresh", "cold"):
        return effects.cuts in ("established", "idle")
    if not traits.pools and traits.reconnects:
        return False  # of an application, which holds no pool of its own here, it is not known
    new_alone = (effects.cuts, effects.heal_cuts) == ("new", "none")
    return effects.cuts == "idle" or new_alone


def verify_roles(
    roles: Mapping[str, str],
    faults: Collection[str],
    jobs: Mapping[str, Collection[str]],
    rules: Collection[str],
) -> None:
    """Raise BadInputError where a target's [roles] name what there is not; `jobs` by contender."""
    for where, role in roles.items():
        fault, contender, job = where.split("/")
        for kind, name, known in (
            ("fault", fault, faults),
            ("contender", contender, jobs),
            ("rule", role.partition(": ")[2] or None, rules),
            (f"job of {contender}", job, jobs.get(contender, ())),
        ):
            if name is not None and name not in known:
                told = f"no {kind} {name!r}; known: {', '.join(known)}"
                raise BadInputError(f"[roles] {where!r}: {told}; mend or remove the line")


def watched_s(cast: Cast) -> float:
    """Return how long after ready a control is watched that must not recover."""
    keeps = cast.traits.deadline_s is None  # its connection, for ever
    return THRESHOLDS.never_back_s if keeps else THRESHOLDS.given_up_s


def _moved(traits: Traits) -> Part:
    """Return what a contender is where the server moves: what waits for the old one never ends."""
    if traits.silent_s is not None and traits.reconnects and traits.resolves:
        return SUBJECT if traits.pings else REFERENCE
    return REFERENCE if traits.monitored else _stranded(traits, NOT_RECOVERS)


def _stranded(traits: Traits, control: Part) -> Part:
    # Of an application it is not known whether something bounds its waits.
    is_application = traits.reconnects and not traits.pools and not traits.fresh
    return REFERENCE if is_application else control


def _idle(traits: Traits, effects: Effects) -> Part:
    if effects.leaves_idle_silent:  # a ping hangs as a read does
        unbounded = NOT_FIRST if traits.pools else REFERENCE
        return unbounded if traits.silent_s is None else SUBJECT
    if effects.moves:  # a ping hangs as a read does, and a bound is longer than a read may take
        return REFERENCE if traits.monitored or traits.silent_s else _stranded(traits, NOT_FIRST)
    if traits.pings or effects.cuts == "none":
        return SUBJECT
    return REFERENCE if traits.monitored else NOT_FIRST


def _uncut(traits: Traits, effects: Effects) -> Part:
    """Everyone must read on, but who gives up for good sooner than the fault delays."""
    leaves = not traits.reconnects and _gives_up(traits, effects.delays_s)
    return NOT_RECOVERS if leaves else SUBJECT


def _anew(traits: Traits, effects: Effects, hold_s: float) -> Part:
    """Each of its sessions begins in the fault or after it: there is none that it could check."""
    if effects.cuts == effects.heal_cuts == "none":
        return _uncut(traits, effects)
    if effects.moves:
        return _moved(traits)
    if traits.reconnects:
        return SUBJECT
    refused = effects.cuts in ("new", "both") and (effects.restarts or _gives_up(traits, hold_s))
    return NOT_RECOVERS if refused and traits.deadline_s is not None else REFERENCE


def _gives_up(traits: Traits, wait_s: float) -> bool:
    return traits.deadline_s is not None and wait_s > traits.deadline_s


def _steady(traits: Traits, effects: Effects, hold_s: float) -> Part:
    if effects.cuts == effects.heal_cuts == "none":
        return _uncut(traits, effects)
    if effects.moves:
        return _moved(traits)
    cut = {"established", "both"} & {effects.cuts, effects.heal_cuts}
    if not cut or traits.reconnects:
        return SUBJECT if traits.pings else REFERENCE
    return NOT_RECOVERS if effects.ends_sessions or _gives_up(traits, hold_s) else REFERENCE

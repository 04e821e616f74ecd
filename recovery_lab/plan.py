"""What a run is asked for, and the outages that come of it: faults x contenders x repeats."""

import random
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace

import msgspec

from recovery_lab.contenders.registry import CANARY, JOBS, Entry, entries, jobs_of
from recovery_lab.errors import BadInputError
from recovery_lab.faults import FAULTS, checked
from recovery_lab.judge.roles import part_of
from recovery_lab.outage import Cast, JobName, OutageInfo
from recovery_lab.target import Target

QUICK = ("none", "restart", "freeze")  # at most 90 s together: part of `make verify`
JITTER_S = 0.3  # added at random, or probes meet each heal in the same phase of their raster
SHARED_READS_PER_S, SOLO_READS_PER_S = 5.0, 20.0  # for each of a contender's readers
AT_MOST = 8  # contenders in one outage, canary and twin apart: more would measure the machine
TWIN = "twin"  # the reference once more under another name: A against A


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """The options of a run, checked.

    `contenders` empty means all that the target has. Alone in their outages (`solo`) the first of
    several stands in a second time as `twin`; `hold_s` None means each fault's own length.
    """

    faults: tuple[str, ...] = QUICK
    contenders: tuple[str, ...] = ()
    repeats: int = 1
    hold_s: float | None = None
    solo: bool = False
    seed: int = 0
    limit_s: float = 120.0


def names(option: str, text: str, known: Sequence[str]) -> tuple[str, ...]:
    """Read a list `a,b`, or `all`: exact names, so that one never also means something longer.

    Raises BadInputError naming the option, the unknown name and what there is.
    """
    if text == "all":
        return tuple(known)
    found = tuple(dict.fromkeys(word.strip() for word in text.split(",") if word.strip()))
    for name in found:
        if name not in known:
            raise BadInputError(f"{option}={text!r}: {name!r} is none of {', '.join(known)}")
    if not found:
        raise BadInputError(f"{option}={text!r}: expected some of {', '.join(known)}")
    return found


def new_seed() -> int:
    """Return a seed; it is in the run, so that its lengths can be had again."""
    return secrets.randbelow(2**31)


def matrix_faults() -> list[str]:
    """Return the faults that a matrix may play: all but a user's own command."""
    return [name for name, fault in FAULTS.items() if not fault.effects.observed]


def contender_names(target: Target) -> list[str]:
    """Return who may be asked for."""
    return [name for name in entries(target) if name != CANARY]


def outages(target: Target, asked: Asked) -> list[OutageInfo]:
    """Return the outages of a run; a run's seed makes the same lengths again.

    Raises BadInputError where a fault cannot have the length asked for.
    """
    all_of_them = tuple(contender_names(target))
    asked = msgspec.structs.replace(asked, contenders=asked.contenders or all_of_them)
    solos = [*asked.contenders, *([TWIN] if twin_of(asked) else [])] if asked.solo else [""]
    return [
        _outage(target, asked, fault, repeat, solo)
        for repeat in range(1, asked.repeats + 1)
        for fault in asked.faults
        for solo in solos
    ]


class Watched(msgspec.Struct, frozen=True, kw_only=True):
    """A command that the application alone is to meet; `part` as in a Cast's `parts`."""

    command: list[str]
    title: str = "outage"
    job: JobName = "steady"
    repeats: int = 1
    limit_s: float = 120.0
    part: str = ""
    policy: str = ""


def watched(target: Target, asked: Watched) -> list[OutageInfo]:
    """Return the outages of a user's own command."""
    if target.application is None:
        raise BadInputError("this target declares no application; there is nobody to watch")
    entry = entries(target)[target.application.service]
    parts: dict[str, str] = {asked.job: asked.part} if asked.part else {}
    cast = [Cast(contender=entry.name, traits=entry.traits, jobs=[asked.job], parts=parts)]
    return [
        msgspec.structs.replace(
            _info(target, "command", repeat, cast, asked.limit_s),
            title=asked.title,
            policy=asked.policy,
            command=asked.command,
        )
        for repeat in range(1, asked.repeats + 1)
    ]


def twin_of(asked: Asked) -> str:
    """Return the contender that others are compared with, and that has a twin."""
    return asked.contenders[0] if asked.solo and len(asked.contenders) > 1 else ""


def all_entries(target: Target, twin: str = "") -> Mapping[str, Entry]:
    """Return every contender by name, a twin of one of them among them."""
    found = dict(entries(target))
    if twin:
        found[TWIN] = replace(found[twin], name=TWIN, plays=twin)
    return found


def _outage(target: Target, asked: Asked, fault: str, repeat: int, solo: str) -> OutageInfo:
    known = all_entries(target, twin_of(asked))
    own_s = FAULTS[fault].hold_s
    seed = f"{asked.seed}/{fault}/{repeat}/{solo}"
    jitter_s = random.Random(seed).uniform(0.0, JITTER_S)  # noqa: S311 # no secret: a run's seed
    hold_s = own_s if asked.hold_s is None else asked.hold_s
    length_s = max(hold_s, min(hold_s + jitter_s, FAULTS[fault].max_hold_s))
    hold_s = round(checked(FAULTS[fault], length_s), 3)
    who = [solo] if solo else _with_controls(target, fault, hold_s, asked.contenders)
    if len(who) > AT_MOST:
        raise BadInputError(f"{len(who)} contenders in one outage, at most {AT_MOST}")
    cast = [cast_of(target, known[name], fault) for name in who]
    cast.append(cast_of(target, known[CANARY], fault))
    rate = SOLO_READS_PER_S if solo else SHARED_READS_PER_S
    return msgspec.structs.replace(
        _info(target, fault, repeat, cast, asked.limit_s),
        hold_s=hold_s,
        seed=asked.seed,
        solo=solo,
        reads_per_s=rate,
    )


def cast_of(target: Target, entry: Entry, fault: str) -> Cast:
    """Return a contender's place in an outage of a fault, with what the target says of it."""
    said: dict[str, str] = {
        job: target.roles[f"{fault}/{entry.name}/{job}"]
        for job in jobs_of(entry, JOBS)
        if f"{fault}/{entry.name}/{job}" in target.roles
    }
    shown = entry.name in (CANARY, TWIN)
    return Cast(
        contender=entry.name,
        traits=entry.traits,
        jobs=jobs_of(entry, JOBS),
        parts=said,
        deciding=not shown,
    )


def _with_controls(target: Target, fault: str, hold_s: float, wanted: Sequence[str]) -> list[str]:
    """Return who was asked for, and for each of their jobs one control where there is one."""
    known = entries(target)
    effects = FAULTS[fault].effects
    jobs = {job for name in wanted for job in jobs_of(known[name], JOBS)}
    controls = {
        job: name
        for name, entry in reversed(list(known.items()))
        for job in jobs_of(entry, JOBS)
        if part_of(cast_of(target, entry, fault), job, effects, hold_s).breaks
    }
    chosen = {name for job, name in controls.items() if job in jobs}
    return [name for name in known if name in {*wanted, *chosen} and name != CANARY]


def _info(target: Target, fault: str, repeat: int, cast: list[Cast], limit_s: float) -> OutageInfo:
    return OutageInfo(
        fault=fault,
        effects=FAULTS[fault].effects,
        repeat=repeat,
        cast=cast,
        reads_per_s=SHARED_READS_PER_S,
        hold_s=0.0,
        seed=0,
        limit_s=limit_s,
        application=target.application.service if target.application else "",
        capabilities=sorted(target.capabilities),
        health=target.health,
    )

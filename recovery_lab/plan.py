"""What a run is asked for, and the outages that come of it: faults x contenders x repeats."""

import random
import re
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import msgspec

from recovery_lab.contenders.registry import CANARY, Entry, entries, jobs_of
from recovery_lab.errors import BadInputError
from recovery_lab.faults import FAULTS, checked
from recovery_lab.judge.roles import part_of, verify_roles
from recovery_lab.judge.rules import RULES
from recovery_lab.outage import JOBS, TOGETHER, Cast, JobName, OutageInfo
from recovery_lab.target import Target

QUICK = ("none", "restart", "freeze")  # at most 90 s together: part of `make verify`
WHOLE: Mapping[str, tuple[JobName, ...]] = {  # jobs that only a matrix of all faults adds
    "restart": ("cold", "crowd"),
    "freeze": ("cold", "crowd"),
}
IN_MATRIX = [name for name, fault in FAULTS.items() if not fault.effects.observed]  # no command
JITTER_S = 0.3  # added at random, or probes meet each heal in the same phase of their raster
SHARED_READS_PER_S, SOLO_READS_PER_S = 5.0, 20.0  # for each of a contender's readers
FRESH_READS_PER_S = 2.0  # a login for each: five contenders' at the usual rate fill two cores
AT_MOST = 8  # contenders in one outage, canary and twin apart: more would measure the machine
TWIN = "twin"  # the reference once more under another name: A against A


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What a matrix is asked for; no names mean all that there are."""

    faults: Sequence[str] = QUICK
    contenders: Sequence[str] = ()
    jobs: Sequence[str] = ()  # none: those that each fault is usually met in
    repeats: int = 1
    holds_s: Sequence[float] = ()  # one after another; none: each fault's own length
    solo: bool = False  # alone in their outages, the first of several a second time, as `twin`
    seed: int = 0
    limit_s: float = 120.0
    waived: Sequence[str] = ()  # rules


class Watched(msgspec.Struct, frozen=True, kw_only=True):
    """A command that the application alone is to meet; `part` as in a Cast's `parts`."""

    command: list[str]
    title: str = "outage"
    job: JobName = "steady"
    repeats: int = 1
    limit_s: float = 120.0
    part: str = ""
    policy: str = ""
    waived: Sequence[str] = ()


def names(option: str, words: Iterable[str], known: Iterable[str]) -> tuple[str, ...]:
    """Return exact names, each once; BadInputError: the option, the name and what there is."""
    for word in words:
        if word not in known:
            raise BadInputError(f"{option}: {word!r} is none of {', '.join(known)}")
    return tuple(dict.fromkeys(words))


def new_seed() -> int:
    """Return a seed; it is in the run, so that its lengths can be had again."""
    return secrets.randbelow(2**31)


def left_out(target: Target, asked: Asked) -> dict[str, str]:
    """Return what all faults would have meant and a target cannot have: each with what it lacks.

    Raises BadInputError where such a fault is asked for by its name.
    """
    lacks = {name: {*FAULTS[name].needs} - target.capabilities for name in IN_MATRIX}
    missing = {name: " and no ".join(sorted(needed)) for name, needed in lacks.items() if needed}
    for name in asked.faults:
        if name in missing:
            told = f"the target declares no {missing[name]} (docs/configuration.md)"
            raise BadInputError(f"FAULTS: {name!r} is not available: {told}; leave it out")
    return {} if asked.faults else missing


def outages(target: Target, asked: Asked) -> list[OutageInfo]:
    """Return a run's outages, by its seed; BadInputError: a name or a length cannot be had."""
    known = {name: entry for name, entry in entries(target).items() if name != CANARY}
    everyone = [name for name, entry in known.items() if not entry.when_asked]
    available = [name for name in IN_MATRIX if name not in left_out(target, asked)]
    faults = names("FAULTS", asked.faults or available, IN_MATRIX)
    contenders = names("CONTENDERS", asked.contenders or everyone, known)
    asked = msgspec.structs.replace(asked, contenders=contenders)
    names("JOBS", asked.jobs, JOBS)
    solos = [*contenders, *([TWIN] if len(contenders) > 1 else [])] if asked.solo else [""]
    # An outage of another length is another repeat: each has its own name.
    repeats = asked.repeats * max(1, len(asked.holds_s))
    planned = [
        _outage(target, msgspec.structs.replace(asked, jobs=jobs), fault, repeat, solo)
        for repeat in range(1, repeats + 1)
        for fault in faults
        for jobs in _jobs_of(fault, asked)
        for solo in solos
        if _playing([solo] if solo else contenders, all_entries(target, contenders[0]), jobs)
    ]
    if not planned:
        met, who = ", ".join(faults), ", ".join(contenders)
        raise BadInputError(f"JOBS={','.join(asked.jobs)}: none is played in {met} by {who}")
    return planned


def watched(target: Target, asked: Watched) -> list[OutageInfo]:
    """Return the outages of a user's own command, called by the first word of their title."""
    if target.application is None:
        raise BadInputError("this target declares no application; there is nobody to watch")
    entry = entries(target)[target.application.service]
    parts: dict[str, str] = {asked.job: asked.part} if asked.part else {}
    cast = [Cast(contender=entry.name, traits=entry.traits, jobs=[asked.job], parts=parts)]
    own = {"title": title_of(asked.title), "policy": asked.policy, "command": asked.command}
    return [
        msgspec.structs.replace(_info(target, asked, "command", repeat, cast), **own)
        for repeat in range(1, asked.repeats + 1)
    ]


def title_of(words: str) -> str:
    """Return what an outage is called: the first word; BadInputError: no name of a folder."""
    title = (words.split() or [""])[0]
    if not re.fullmatch(r"[\w.-]+", title):
        told = "expected a first word of letters, digits, . _ -"
        raise BadInputError(f"--name {words!r}: {told}")
    return title


def twin_of(planned: Sequence[OutageInfo]) -> str:
    """Return the contender that others are compared with, and that has a twin; empty: none."""
    solos = [info.solo for info in planned]
    return solos[0] if TWIN in solos else ""


def jitter_s(seed: int, fault: str, repeat: int, solo: str) -> float:
    """Return what is added to the length of one outage, by its run's seed."""
    own = random.Random(f"{seed}/{fault}/{repeat}/{solo}")  # noqa: S311 # no secret: a run's seed
    return own.uniform(0.0, JITTER_S)


def all_entries(target: Target, twin: str = "") -> Mapping[str, Entry]:
    """Return every contender by name, a twin of one of them among them."""
    found = dict(entries(target))
    if twin:
        found[TWIN] = replace(found[twin], name=TWIN, plays=twin)
    return found


def _jobs_of(fault: str, asked: Asked) -> list[Sequence[JobName]]:
    """Return the jobs of each of a fault's outages: some together, each of the others alone."""
    usual = (*TOGETHER, *(() if asked.faults else WHOLE.get(fault, ())))
    if FAULTS[fault].effects.cuts == "new":
        usual = (*usual, "fresh")  # who holds a session meets nothing
    if asked.solo:
        usual = TOGETHER[:1]  # alone for its waits and lags: an idle job has none
    chosen = [job for job in JOBS if job in (asked.jobs or usual) and can_meet(job, fault)]
    together = [job for job in chosen if job in TOGETHER]
    alone = [[job] for job in chosen if job not in TOGETHER]
    return [together, *alone] if together else [*alone]


def can_meet(job: JobName, fault: str) -> bool:
    """Tell whether a job can be played in a fault: none starts in what is over as it is in."""
    return job != "cold" or FAULTS[fault].max_hold_s > 0.0


def _playing(
    contenders: Iterable[str], known: Mapping[str, Entry], jobs: Sequence[str]
) -> list[str]:
    return [name for name in contenders if {*known[name].jobs} & {*jobs}]


def _outage(target: Target, asked: Asked, fault: str, repeat: int, solo: str) -> OutageInfo:
    known = all_entries(target, asked.contenders[0])
    lengths = asked.holds_s or [FAULTS[fault].hold_s]
    hold_s = lengths[(repeat - 1) % len(lengths)]
    added_s = jitter_s(asked.seed, fault, repeat, solo)
    length_s = max(hold_s, min(hold_s + added_s, FAULTS[fault].max_hold_s))
    hold_s = round(checked(FAULTS[fault], length_s), 3)
    who = [solo] if solo else _with_controls(target, fault, hold_s, asked)
    if len(who) > AT_MOST:
        raise BadInputError(f"{len(who)} contenders in one outage, at most {AT_MOST}")
    cast = [_cast_of(target, known[name], fault, asked.jobs) for name in who]
    cast.append(_cast_of(target, known[CANARY], fault, TOGETHER[:1]))
    shared = FRESH_READS_PER_S if "fresh" in asked.jobs else SHARED_READS_PER_S
    return msgspec.structs.replace(
        _info(target, asked, fault, repeat, cast),
        effects=FAULTS[fault].effects_of(hold_s),
        hold_s=hold_s,
        seed=asked.seed,
        solo=solo,
        reads_per_s=SOLO_READS_PER_S if solo else shared,
    )


def _cast_of(target: Target, entry: Entry, fault: str, asked: Sequence[str]) -> Cast:
    """Return a contender's place in an outage of a fault, with what the target says of it."""
    jobs = jobs_of(entry, asked)
    said = {job: target.roles.get(f"{fault}/{entry.name}/{job}") for job in jobs}
    return Cast(
        contender=entry.name,
        traits=entry.traits,
        jobs=jobs,
        parts={job: role for job, role in said.items() if role},
        deciding=entry.traits.decides and entry.name not in (CANARY, TWIN),
    )


def _with_controls(target: Target, fault: str, hold_s: float, asked: Asked) -> list[str]:
    """Return who plays of those asked for, and for each of their jobs one control if there is."""
    known, effects = entries(target), FAULTS[fault].effects
    playing = _playing(asked.contenders, known, asked.jobs)
    jobs = {job for name in playing for job in jobs_of(known[name], asked.jobs)}
    controls = {
        job: name
        for name, entry in reversed(list(known.items()))
        for job in (jobs_of(entry, asked.jobs) if entry.joins else [])
        if part_of(_cast_of(target, entry, fault, asked.jobs), job, effects, hold_s).breaks
    }
    chosen = {name for job, name in controls.items() if job in jobs}
    return [name for name in known if name in {*playing, *chosen} and name != CANARY]


def _info(
    target: Target, asked: Asked | Watched, fault: str, repeat: int, cast: list[Cast]
) -> OutageInfo:
    jobs = {name: one.jobs for name, one in entries(target).items() if name != CANARY}
    verify_roles(target.roles, IN_MATRIX, jobs, RULES)
    return OutageInfo(
        fault=fault,
        effects=FAULTS[fault].effects,
        repeat=repeat,
        cast=cast,
        reads_per_s=SHARED_READS_PER_S,
        hold_s=0.0,
        seed=0,
        limit_s=asked.limit_s,
        application=target.application.service if target.application else "",
        capabilities=sorted(target.capabilities),
        health=target.health,
        waived=list(names("--waive", asked.waived, RULES)),
        metered=True,
    )

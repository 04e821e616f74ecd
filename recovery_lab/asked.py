"""What a run of the matrix is asked for, and the outages that come of it."""

import random
import secrets
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from recovery_lab.errors import BadInputError
from recovery_lab.faults import FAULTS, checked
from recovery_lab.roles import AT_MOST, CANARY, JOBS_OF, JobName, controls_of
from recovery_lab.runs import OutageInfo, RunInfo, find_run, read_run
from recovery_lab.target import limit_s

QUICK = ("none", "restart", "freeze")  # at most 90 s together: part of `make verify`
HOLD_S = {"none": 1.0, "restart": 1.0, "freeze": 2.5}  # a fault's length unless HOLD says so
OTHERS_HOLD_S = 3.0
JITTER_S = 0.3  # added at random, or probes meet each heal in the same phase of their raster
SHARED_READS_PER_S, SOLO_READS_PER_S = 5.0, 20.0  # for each of a contender's readers


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """The options of one run, checked."""

    faults: tuple[str, ...] = QUICK
    policies: tuple[str, ...] = tuple(name for name in JOBS_OF if name != CANARY)
    repeats: int = 1
    hold_s: float | None = None
    solo: bool = False
    keep: bool = False
    resume: str = ""
    seed: int = 0
    limit_s: float = 120.0


def names(
    option: str, text: str, known: Sequence[str], default: tuple[str, ...]
) -> tuple[str, ...]:
    """Read a list `a,b`: exact names, so that one never also means something longer.

    Raises BadInputError naming the option, the unknown name and what there is.
    """
    if not text:
        return default
    if text == "all":
        return tuple(known)
    found = tuple(dict.fromkeys(word.strip() for word in text.split(",") if word.strip()))
    for name in found:
        if name not in known:
            raise BadInputError(f"{option}={text!r}: {name!r} is none of {', '.join(known)}")
    if not found:
        raise BadInputError(f"{option}={text!r}: expected some of {', '.join(known)}")
    return found


def parse(options: Mapping[str, str]) -> Asked:
    """Check a run's options, as text; empty means the default. Raises BadInputError."""
    asked = Asked(
        faults=names("FAULTS", options["faults"], tuple(FAULTS), QUICK),
        policies=names("POLICIES", options["policies"], Asked().policies, Asked().policies),
        repeats=int(_number("REPEATS", options["repeats"] or "1", 1, 100)),
        hold_s=_number("HOLD", options["hold"], 0, 600) if options["hold"] else None,
        solo=_flag("SOLO", options["solo"]),
        keep=_flag("KEEP", options["keep"]),
        resume=options["resume"],
        seed=int(_number("SEED", options["seed"] or str(new_seed()), 0, 2**31)),
        limit_s=limit_s(),
    )
    return same_plan(read_run(find_run(asked.resume)), asked) if asked.resume else asked


def same_plan(info: RunInfo, asked: Asked) -> Asked:
    """Return what a run to resume was asked for."""
    return msgspec.structs.replace(
        asked,
        faults=tuple(info.faults),
        policies=tuple(info.policies),
        repeats=info.repeats,
        hold_s=info.hold_s,
        solo=info.solo,
        seed=info.seed,
        limit_s=info.limit_s,
    )


def new_seed() -> int:
    """Return a seed; it is in the run, so that its lengths can be had again."""
    return secrets.randbelow(2**31)


def outages(asked: Asked) -> Iterator[OutageInfo]:
    """Yield the outages of a run; a run's seed makes the same lengths again.

    Raises BadInputError where a fault cannot have the length asked for.
    """
    for repeat in range(1, asked.repeats + 1):
        for fault in asked.faults:
            for solo in asked.policies if asked.solo else ("",):
                yield _outage(asked, fault, repeat, solo)


def cells_of(info: OutageInfo) -> list[tuple[str, JobName]]:
    """Return the cells of an outage: each contender's jobs."""
    return [(contender, job) for contender in info.contenders for job in JOBS_OF[contender]]


def _outage(asked: Asked, fault: str, repeat: int, solo: str) -> OutageInfo:
    contenders = [solo, CANARY] if solo else _contenders(asked.policies, fault)
    if len(contenders) > AT_MOST:
        raise BadInputError(f"{len(contenders)} contenders in one outage, at most {AT_MOST}")
    hold_s = HOLD_S.get(fault, OTHERS_HOLD_S) if asked.hold_s is None else asked.hold_s
    seed = f"{asked.seed}/{fault}/{repeat}/{solo}"
    jitter_s = random.Random(seed).uniform(0.0, JITTER_S)  # noqa: S311 # no secret: a run's seed
    length_s = min(hold_s + jitter_s, FAULTS[fault].max_hold_s)
    return OutageInfo(
        fault=fault,
        cuts=FAULTS[fault].cuts,
        repeat=repeat,
        contenders=contenders,
        reads_per_s=SOLO_READS_PER_S if solo else SHARED_READS_PER_S,
        hold_s=round(checked(FAULTS[fault], max(hold_s, length_s)), 3),
        seed=asked.seed,
        limit_s=asked.limit_s,
        solo=solo,
    )


def _contenders(policies: Sequence[str], fault: str) -> list[str]:
    """Return who was asked for, and the fault's controls and the canary whatever was asked for."""
    wanted = {*policies, *controls_of(fault), CANARY}
    return [name for name in JOBS_OF if name in wanted]


def _number(option: str, text: str, least: float, most: float) -> float:
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not least <= value <= most:
        raise BadInputError(f"{option}={text!r}: expected a number from {least:g} to {most:g}")
    return value


def _flag(option: str, text: str) -> bool:
    if text not in ("", "0", "1"):
        raise BadInputError(f"{option}={text!r}: expected 1, or leave it out")
    return text == "1"

"""What is tried: an engine of one's own and a command, as outages of the one engine."""

import subprocess
import sys
from collections.abc import Sequence
from ipaddress import ip_address
from os import environ
from urllib.parse import urlsplit

import msgspec

from recovery_lab.errors import BadInputError, InconclusiveError
from recovery_lab.faults import FAULTS
from recovery_lab.judge.rules import RULES
from recovery_lab.outage import Cast, JobName, OutageInfo
from recovery_lab.plan import names, title_of
from recovery_lab.target import Traits
from recovery_lab.yours.compose import is_containers
from recovery_lab.yours.look import Asked, Found, surroundings

IDLE = 5  # connections of an idle pool, where it keeps so many
READS_PER_S, MOST_READERS = 20.0, 4  # in all, by how many; no more than a pool keeps
MOST_IDLE = 10  # requests at once, however many sessions an application holds
LOOK_LIMIT_S = 60.0
LEAST_LIMIT_S, MOST_LIMIT_S, TIMES = 0.3, 5.0, 4.0  # of a fresh session, by what it usually takes


class Tried(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked for."""

    asked: Asked
    command: list[str]  # `-`: a person does it
    title: str = "try"
    repeats: int = 1
    limit_s: float = 120.0
    waived: Sequence[str] = ()


def look(asked: Asked) -> Found:
    """Have it looked at in a process of its own; InconclusiveError: the server is away."""
    for option, url in (("--url", asked.url), ("--health", asked.health)):
        refuse_remote(urlsplit(url).hostname or "", option)  # before anything is asked there
    words, env = [sys.executable, "-m", "recovery_lab.yours.look"], surroundings(asked)
    try:
        done = subprocess.run(
            words, capture_output=True, timeout=LOOK_LIMIT_S, check=False, env=env
        )
    except subprocess.TimeoutExpired:
        said = f"no answer after {LOOK_LIMIT_S:.0f} s: does importing it wait for something?"
        raise InconclusiveError(f"{asked.subject}: {said}") from None
    try:
        found = msgspec.json.decode(done.stdout, type=Found)
    except msgspec.MsgspecError:
        last = (done.stderr.decode(errors="replace").strip().splitlines() or ["nothing"])[-1]
        raise BadInputError(f"--engine {asked.engine!r}: importing it ended with: {last}") from None
    if found.bad:
        raise BadInputError(found.bad)
    if found.away:
        raise InconclusiveError(f"{asked.subject}: {found.away}")
    refuse_remote(found.host)
    return found


def limit_s(found: Found) -> float:
    """Return how long a fresh session may take before it counts as unanswered."""
    return min(MOST_LIMIT_S, max(LEAST_LIMIT_S, TIMES * found.fresh_s))


def outages(tried: Tried, found: Found) -> list[OutageInfo]:
    """Return the outages of the command; BadInputError: a title or a rule that cannot be had."""
    names("--waive", tried.waived, RULES)
    played = _jobs(tried, found) * tried.repeats
    return [_outage(tried, found, number, jobs) for number, jobs in enumerate(played, start=1)]


def _jobs(tried: Tried, found: Found) -> list[list[JobName]]:
    """Return the jobs of each outage: an application has one pool, which cannot idle and be used.

    Without a login nobody tells whether an idle one met anything.
    """
    if not tried.asked.url:
        return [["steady", "idle"] if found.pool_size and found.login else ["steady"]]
    return [["steady"], ["idle"]] if found.login else [["steady"]]


def _outage(tried: Tried, found: Found, number: int, jobs: list[JobName]) -> OutageInfo:
    subject, held = tried.asked.subject, found.pool_size or sum(found.sessions.values()) or IDLE
    pools = "idle" in jobs and bool(found.pool_size)
    workers = min(MOST_READERS, found.pool_size or MOST_READERS)
    traits = Traits(pools=pools, pings=True, workers=workers)
    return OutageInfo(
        fault="command",
        effects=FAULTS["command"].effects,
        repeat=number,
        cast=[Cast(contender=subject, traits=traits, jobs=jobs)],
        reads_per_s=READS_PER_S / workers,
        hold_s=0.0,
        seed=0,
        limit_s=tried.limit_s,
        command=tried.command,
        title=title_of(tried.title),
        application=subject,
        capabilities=["pool"] if pools else [],
        waived=list(tried.waived),
        daemon=False,
        login=found.login,
        idle=min(MOST_IDLE if tried.asked.url else IDLE, held),
    )


def refuse_remote(host: str, what: str = "the database") -> None:
    """Refuse what is elsewhere: an outage takes it from others as well."""
    if environ.get("LAB_ALLOW_REMOTE") == "1" or is_local(host) or is_containers(host):
        return
    raise BadInputError(
        f"{what} is at {host}, which is not this machine: an outage there is others' "
        "as well; to mean it: LAB_ALLOW_REMOTE=1"
    )


def is_local(host: str) -> bool:
    """Tell whether a name, an address or a socket's folder means this machine."""
    if host in ("", "localhost") or host.endswith(".localhost") or host.startswith(("/", "@")):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False

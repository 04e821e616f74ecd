"""All contenders of a target: the instrument's own, its application, and those it declares."""

import importlib
import pkgutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from recovery_lab import contenders
from recovery_lab.docker import INSTRUMENT
from recovery_lab.errors import BadInputError
from recovery_lab.outage import JOBS, TOGETHER, JobName
from recovery_lab.target import Target, Traits

CANARY = "canary"  # in every outage: what happens to its one session is the fault


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One contender: what it does, and how it is made in which image."""

    name: str
    traits: Traits
    image: str
    factory: str
    jobs: tuple[JobName, ...] = ("steady",)
    when_asked: bool = False  # in no outage that does not name it ...
    joins: bool = True  # ... or that lacks a control
    plays: str = ""  # whom a twin stands in for a second time; its factory hears this name


def entries(target: Target) -> dict[str, Entry]:
    """Return every contender of a target; raises BadInputError when two of them have one name."""
    found: dict[str, Entry] = {}
    for entry in (*_own(), *_of(target)):
        if entry.name in found:
            raise BadInputError(f"two contenders are called {entry.name!r}; rename the target's")
        found[entry.name] = entry
    return found


def jobs_of(entry: Entry, asked: Sequence[str]) -> list[JobName]:
    """Return which of the asked jobs, played together, a contender plays, else its first."""
    played = [job for job in asked if job in entry.jobs] or list(entry.jobs[:1])
    # Without a pool for each job it plays one alone: the others would use what is to idle.
    return played if entry.traits.pools else played[:1]


def _jobs(traits: Traits) -> tuple[JobName, ...]:
    """Return the jobs of whoever runs in a program of the lab's own."""
    cannot = {"idle": not traits.pools, "fresh": not traits.fresh}
    return tuple(job for job in JOBS if not cannot.get(job))


def _own() -> Iterator[Entry]:
    """Yield the instrument's own: each module of this folder that has traits."""
    for module in pkgutil.iter_modules(contenders.__path__, f"{contenders.__name__}."):
        code = importlib.import_module(module.name)
        if traits := getattr(code, "TRAITS", None):
            yield Entry(
                name=module.name.rpartition(".")[2],
                traits=traits,
                image=INSTRUMENT,
                factory=f"{module.name}:make",
                jobs=_jobs(traits),
                when_asked=getattr(code, "WHEN_ASKED", False),
            )


def _of(target: Target) -> Iterator[Entry]:
    """Yield the application, whose one pool serves either job, and what the target declares."""
    if (application := target.application) is not None:
        name, factory = application.service, "recovery_lab.contenders.application:make"
        traits = Traits(pings=True, deadline_s=application.deadline_s)
        yield Entry(name=name, traits=traits, image=INSTRUMENT, factory=factory, jobs=TOGETHER)
    if (declared := target.contenders) is not None:
        for name, traits in (*declared.entries.items(), *declared.when_asked.items()):
            yield Entry(
                name=name,
                traits=traits,
                image=declared.image,
                factory=declared.factory,
                jobs=_jobs(traits),
                when_asked=name in declared.when_asked,
                joins=name not in declared.when_asked,
            )

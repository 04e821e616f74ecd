"""How a connection dies: the errors that a run's readers met, equal ones together (corpus.json)."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from recovery_lab.contenders.deaths import INNOCENT
from recovery_lab.folder import save
from recovery_lab.judge.case import Seen
from recovery_lab.outage import OutageInfo
from recovery_lab.record.history import Began, Ended, History

PHASES = ("connect", "checkout", "execute", "fetch", "commit", "rollback", "http")
# What differs between two errors of one cause, and is nobody else's business.
MASKS = (
    (re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"), "UUID"),
    (re.compile(r"\b\d{1,3}(?:\.\d{1,3}){3}\b"), "ADDRESS"),
    (re.compile(r"\((?:[0-9a-f]*:){2,}[0-9a-f.]*\)"), "(ADDRESS)"),
    (re.compile(r"\b(port) \d+"), r"\1 PORT"),
    (re.compile(r"\b(PID|pid|process) \d+"), r"\1 PID"),
    (re.compile(r"\b(server at|host name|certificate for) \"[^\"]*\""), r'\1 "HOST"'),
)
Met = tuple[Seen, str, float, Ended]


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One error: where it was met, in which words, how often, and when those reads were due."""

    fault: str
    phase: str
    driver: str  # empty where the contender does not tell it
    error_class: str
    sqlstate: str
    text: str
    said: str  # by the server before, where the driver's error leaves it out
    innocent: bool
    count: int
    outages: int  # in how many it was met
    contenders: list[str]
    before: int
    in_outage: int
    after_ready: int  # of a session from before where the phase is not connect


class Corpus(msgspec.Struct, frozen=True, kw_only=True):
    """The errors of a run, and in how many outages of each fault they were looked for."""

    outages: dict[str, int]
    errors: list[Entry]


def masked(text: str) -> str:
    """Return an error's text without what differs from one to the next."""
    for pattern, word in MASKS:
        text = pattern.sub(word, text)
    return text


def corpus_of(outages: Iterable[tuple[OutageInfo, History]]) -> Corpus:
    """Gather the errors of all readers, canary and twin among them, where the fault came."""
    faults: Counter[str] = Counter()
    found: dict[tuple[object, ...], list[Met]] = {}
    for info, history in outages:
        seen = Seen(info, history)
        if "injected" not in seen.steps:
            continue  # whatever its readers met, this fault it was not
        faults[_fault(info)] += 1
        for met in _errors(seen):
            found.setdefault(_key(met), []).append(met)
    entries = [_entry(met) for _, met in sorted(found.items())]
    return Corpus(outages=dict(sorted(faults.items())), errors=entries)


def write(run: Path, outages: Iterable[tuple[OutageInfo, History]]) -> None:
    """Write a run's corpus.json."""
    save(run / "corpus.json", corpus_of(outages))


def _errors(seen: Seen) -> Iterator[Met]:
    for cast, job in seen.info.cells:
        records = seen.history.cell(cast.contender, job)
        due = {one.op: one.due_at for one in records if isinstance(one, Began)}
        for one in records:
            # An end without a begin is of a read that hung since the outage before.
            if isinstance(one, Ended) and one.outcome == "error" and one.op in due:
                yield seen, cast.contender, due[one.op], one


def _key(met: Met) -> tuple[object, ...]:
    seen, _, _, one = met
    place = PHASES.index(one.phase) if one.phase in PHASES else len(PHASES)
    words = (one.error_class, one.sqlstate, masked(one.message), masked(one.said))
    return _fault(seen.info), place, one.phase, one.driver, *words, one.kind == INNOCENT


def _entry(found: list[Met]) -> Entry:
    seen, _, _, one = found[0]
    when = Counter(_when(seen, due_at) for seen, _, due_at, _ in found)
    return Entry(
        fault=_fault(seen.info),
        phase=one.phase,
        driver=one.driver,
        error_class=one.error_class,
        sqlstate=one.sqlstate,
        text=masked(one.message),
        said=masked(one.said),
        innocent=one.kind == INNOCENT,
        count=len(found),
        outages=len({id(seen) for seen, *_ in found}),
        contenders=sorted({contender for _, contender, _, _ in found}),
        before=when["before"],
        in_outage=when["in_outage"],
        after_ready=when["after_ready"],
    )


def _when(seen: Seen, due_at: float) -> str:
    if due_at < seen.origin:
        return "before"
    return "after_ready" if seen.ready and due_at >= seen.ready.late_at else "in_outage"


def _fault(info: OutageInfo) -> str:
    return info.title or info.fault

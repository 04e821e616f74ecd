"""Each text that a user would search for: what happened, what cures it, where it was met."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import msgspec

from recovery_lab.judge.account import Figures
from recovery_lab.judge.verdict import RunVerdict
from recovery_lab.report.corpus import Corpus, Entry
from recovery_lab.report.words import table

# Where it connects is in every such text, and none of its words.
_AT = re.compile(r"^(connection failed: )?connection to server at .+? failed: ")
MEANINGS = Path(__file__).with_name("meanings.toml")
# Of docs/runs, by what they are called; of the starved run no verdict is kept.
CORPORA = {
    "plain": "corpus/corpus.json",
    "plain, starved": "corpus-starved.json",
    "over TLS": "corpus-tls/corpus.json",
    "psycopg 3": "corpus-psycopg3/corpus.json",
}


class Proof(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a recorded run tells of a cure: who was spared in how many outages of some faults."""

    run: str
    faults: list[str]
    measure: str  # of MEASURES
    contenders: list[str]


class Meaning(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Texts of one cause and one cure, as patterns; what is met of the first is the heading."""

    texts: list[str]
    happened: str
    cures: str
    phases: list[str] = []  # in which they mean this; empty: in all
    proofs: list[str] = []


class Meanings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The file; the first meaning that fits an error is the one it has."""

    proofs: dict[str, Proof]
    meanings: list[Meaning]


def _spared(bad: Callable[[Figures], int]) -> Callable[[Sequence[Figures]], str]:
    return lambda own: f"{sum(not bad(each) for each in own)} of {len(own)}"


def _longest(own: Sequence[Figures]) -> str:
    waits = [each.waits_in_outage.longest_s for each in own]
    return "never" if None in waits else f"{max(filter(None, waits)):.1f} s"


# Of which job, what is told of a contender's outages, and what that is called.
MEASURES: Mapping[str, tuple[str, Callable[[Sequence[Figures]], str], str]] = {
    "first reads": (
        "idle",
        _spared(lambda each: each.first_reads.bad),
        "Outages after which no first read of an idle pool failed",
    ),
    "during": (
        "steady",
        _spared(lambda each: each.in_outage.bad),
        "Outages in which no read failed",
    ),
    "after": (
        "steady",
        _spared(lambda each: each.after_ready.bad),
        "Outages after which no read failed",
    ),
    "waits": ("steady", _longest, "The longest wait of a read"),
}


def read_meanings() -> Meanings:
    """Return what is known of the texts."""
    return msgspec.toml.decode(MEANINGS.read_bytes(), type=Meanings)


def read_corpora(runs: Path) -> list[Corpus]:
    """Return the committed corpora."""
    paths = [runs / name for name in CORPORA.values()]
    return [msgspec.json.decode(path.read_bytes(), type=Corpus) for path in paths]


def of_drivers(corpora: Iterable[Corpus]) -> list[Entry]:
    """Return those of drivers: an application's words are its own, a deadline's are the lab's."""
    found = [one for corpus in corpora for one in corpus.errors]
    return [one for one in found if one.driver and one.error_class != "DeadlineError"]


def by_meaning(
    errors: Iterable[Entry], meanings: Sequence[Meaning]
) -> list[tuple[Meaning | None, list[Entry]]]:
    """Return each meaning with its errors; those that nobody has explained come last."""
    found: dict[int, list[Entry]] = {number: [] for number in range(len(meanings))}
    unknown: list[Entry] = []
    for one in errors:
        fits = (number for number, meaning in enumerate(meanings) if _fits(meaning, one))
        found.get(next(fits, -1), unknown).append(one)
    told: list[tuple[Meaning | None, list[Entry]]] = [
        (meanings[n], met) for n, met in found.items()
    ]
    return [*told, (None, unknown)] if unknown else told


def errors(runs: Path) -> str:
    """Return a section for each meaning."""
    known, met = read_meanings(), of_drivers(read_corpora(runs))
    guilty = by_meaning([one for one in met if not one.innocent], known.meanings)
    return "\n\n".join(_section(meaning, own, known, runs) for meaning, own in guilty if meaning)


def innocents(runs: Path) -> str:
    """Return the table of what sounds alike, and after which the session went on."""
    met = [one for one in of_drivers(read_corpora(runs)) if one.innocent]
    rows = {(one.text, one.error_class, one.sqlstate) for one in met}
    told = [(f"`{text}`", f"`{kind}`", state or "none") for text, kind, state in sorted(rows)]
    return table(["text", "class", "SQLSTATE"], told)


def outages(runs: Path) -> str:
    """Return the table of the outages in which errors were looked for."""
    corpora = read_corpora(runs)
    faults = sorted({fault for corpus in corpora for fault in corpus.outages})
    rows = [(fault, *(corpus.outages.get(fault, 0) for corpus in corpora)) for fault in faults]
    total = ("all", *(sum(corpus.outages.values()) for corpus in corpora))
    return table(["fault", *CORPORA], [*rows, total])


def proven(proof: Proof, runs: Path) -> str:
    """Return a proof in words, its figures from the run."""
    job, tell, words = MEASURES[proof.measure]
    verdict = msgspec.json.decode((runs / proof.run / "verdict.json").read_bytes(), type=RunVerdict)
    told = []
    for name in proof.contenders:
        own = [
            cell.figures
            for outage in verdict.outages
            for cell in outage.cells
            if outage.info.fault in proof.faults and (cell.contender, cell.job) == (name, job)
        ]
        told.append(f"`{name}` {tell(own)}")
    return f"{words}: {', '.join(told)} ({', '.join(proof.faults)})."


def heading(meaning: Meaning, met: Sequence[Entry]) -> str:
    """Return the text that stands for all: the shortest that was met of the first pattern."""
    first = [text for text in _texts(met) if re.search(meaning.texts[0], text)]
    return min(first, key=len)


def _fits(meaning: Meaning, one: Entry) -> bool:
    here = not meaning.phases or one.phase in meaning.phases
    return here and any(re.search(text, one.text) for text in meaning.texts)


def _section(meaning: Meaning, met: list[Entry], known: Meanings, runs: Path) -> str:
    title = heading(meaning, met)
    others = [f"`{text}`" for text in _texts(met) if text != title]
    proofs = [proven(known.proofs[name], runs) for name in meaning.proofs]
    lines = [
        f"### `{title}`" + ", while connecting" * (meaning.phases == ["connect"]),
        *([f"Or: {' · '.join(others)}"] if others else []),
        f"**What happened.** {meaning.happened}",
        f"**What cures it.** {' '.join([meaning.cures, *proofs])}",
        f"**Met here.** {_where(met)}",
    ]
    return "\n\n".join(lines)


def _where(met: Sequence[Entry]) -> str:
    kinds = [one.error_class + f" ({one.sqlstate})" * bool(one.sqlstate) for one in met]
    said = [f"`{one.said}`" for one in met if one.said and one.said != one.text]
    told = [
        f"In {_each(one.fault for one in met)}; while it was in {_each(one.phase for one in met)}",
        f"with {_each(one.driver for one in met)}",
        f"as {_each(kinds)}",
        *([f"the server had said before {_each(said)}"] if said else []),
    ]
    return "; ".join(told) + "."


def _each(words: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(words))


def _texts(met: Iterable[Entry]) -> list[str]:
    return list(dict.fromkeys(_AT.sub("", one.text) for one in met))
